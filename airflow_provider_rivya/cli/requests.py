"""``validate``, ``generate`` and ``fetch``."""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.catalog.spec import category_of, estimate_credits, load_catalog
from airflow_provider_rivya.catalog.summary import price_in_words
from airflow_provider_rivya.catalog.validation import Verdict, check_request
from airflow_provider_rivya.cli.connection import connect
from airflow_provider_rivya.exceptions import (
    Fault,
    GatewayError,
    GenerationError,
    GenerationFailedError,
    InvalidRequestError,
)
from airflow_provider_rivya.generation.result import whole
from airflow_provider_rivya.operators.preparing import Prepared, prepare
from airflow_provider_rivya.operators.pricing import Budget, surprise
from airflow_provider_rivya.operators.references import Reference, read_references, upload

if TYPE_CHECKING:
    from argparse import Namespace

    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.cli.output import Output
    from airflow_provider_rivya.hooks.rivya import RivyaHook

_SUBJECT = "The request"


def validate(arguments: Namespace, output: Output) -> int:
    """``rivya validate``."""
    from airflow_provider_rivya.cli.main import BAD_INPUT, OK

    prompt, params, faults = _given(arguments)
    with TemporaryDirectory(prefix="rivya-") as folder:
        if any(_is_url(source) for source in arguments.reference):
            with connect(arguments.conn_id) as hook:
                found = _references(arguments.reference, hook, folder)
        else:
            found = _references(arguments.reference, None, folder)
        usable = [entry for entry in found if not isinstance(entry, Fault)]
        verdict = check_request(
            load_catalog(),
            model=arguments.model,
            prompt=prompt,
            model_params=params,
            references=[reference.facts for reference in usable],
        )
    faults += [entry for entry in found if isinstance(entry, Fault)]
    faults += verdict.faults
    if faults:
        raise InvalidRequestError(faults, subject=_SUBJECT, fate="")
    for warning in verdict.warnings:
        output.warn(warning)
    output.result(_accepted(verdict), *_accepted_line(verdict))
    return OK if verdict.ok else BAD_INPUT


def generate(arguments: Namespace, output: Output) -> int:
    """``rivya generate``."""
    from airflow_provider_rivya.cli.landing import place_of

    prompt, params, faults = _given(arguments)
    budget = Budget(max_credits=arguments.max_credits, allow_estimates=arguments.allow_estimates)
    with connect(arguments.conn_id) as hook, TemporaryDirectory(prefix="rivya-") as folder:
        found: list[Reference | Fault] = [*faults, *_references(arguments.reference, hook, folder)]
        prepared = prepare(
            gateway=hook.api.NAME,
            model=arguments.model,
            prompt=prompt,
            model_params=params,
            references=found,
            client_request_id=None,
            output_path=place_of(arguments.output),
            output_conn_id=None,
            if_exists="overwrite",
            mapped=False,
            subject=_SUBJECT,
            budget=budget,
        )
        generation = _submitted(hook, prepared, arguments, output)
        reserved = whole(generation.credits_reserved)
        output.say(f"Generation {generation.id} is submitted, {reserved} credits are reserved.")
        if said := surprise(generation.credits_reserved, prepared.spec, budget):
            output.warn(said)
        return _finish(hook, generation, prepared.request.model, arguments, output)


def fetch(arguments: Namespace, output: Output) -> int:
    """``rivya fetch``."""
    from airflow_provider_rivya.cli.landing import checked_place

    checked_place(arguments.output)
    with connect(arguments.conn_id) as hook:
        generation = hook.get_generation(arguments.generation_id)
        return _finish(hook, generation, generation.model or "unknown", arguments, output)


def _finish(
    hook: RivyaHook,
    generation: Generation,
    model: str,
    arguments: Namespace,
    output: Output,
) -> int:
    """From a submitted generation to files, whatever happens in between told with the way back."""
    from airflow_provider_rivya.cli.following import follow
    from airflow_provider_rivya.cli.landing import land

    category = category_of(hook.api.NAME, model)
    with _recoverable(generation.id, arguments, output):
        finished = follow(hook, generation, category, arguments.timeout, output)
        return land(hook, finished, model, arguments.output, output)


def _submitted(hook: RivyaHook, prepared: Prepared, arguments: Namespace, output: Output) -> Generation:
    request = prepared.request
    if prepared.references:
        output.say(f"Uploading {len(prepared.references)} reference file(s).")
    items = upload(hook, prepared.references, request.model)
    body = hook.api.request_body(request.model, request.prompt, request.params, items)
    key = arguments.idempotency_key or f"cli-{uuid.uuid4().hex}"
    again = (
        "Whether the gateway took the request in is not known. To be charged once, run the same command "
        f"with --idempotency-key {key}"
    )
    try:
        return hook.create_generation(body, key)
    except KeyboardInterrupt:
        output.say(f"{again}.")
        raise
    except GatewayError as error:
        error.fate = f"{again}." if error.maybe_taken_in else "Nothing was submitted and nothing was charged."
        raise


@contextmanager
def _recoverable(generation_id: str, arguments: Namespace, output: Output) -> Iterator[None]:
    place = arguments.output if " " not in arguments.output else f"'{arguments.output}'"
    connection = "" if arguments.conn_id == "rivya_default" else f" --conn-id {arguments.conn_id}"
    way_back = f"rivya fetch {generation_id} --output {place}{connection}"
    try:
        yield
    except KeyboardInterrupt:
        output.say(
            f"Generation {generation_id} goes on at the gateway and is paid for. Fetch it later: {way_back}"
        )
        raise
    except GenerationFailedError:
        raise
    except GenerationError as error:
        error.generation_id = error.generation_id or generation_id
        error.fate = f"The generation is paid for and not lost. Fetch it later: {way_back}"
        raise


def _given(arguments: Namespace) -> tuple[str | None, Any, list[Fault]]:
    """Read prompt and parameters from the arguments, or from the files that they name."""
    faults: list[Fault] = []
    prompt = _text(arguments.prompt, "prompt", faults)
    text = _text(arguments.params, "params", faults)
    params: Any = None
    if text is not None and text.strip():
        try:
            params = json.loads(text)
        except ValueError as error:
            faults.append(
                Fault("params", f"it is not JSON ({error})", 'an object such as {"resolution": "2K"}')
            )
        else:
            if not isinstance(params, dict):
                kind = type(params).__name__
                faults.append(Fault("params", f"a JSON object is needed, not {kind}", '{"key": "value"}'))
                params = None
    return prompt, params, faults


def _text(value: str | None, name: str, faults: list[Fault]) -> str | None:
    if value is None or not value.startswith("@"):
        return value
    try:
        return sys.stdin.read() if value == "@-" else Path(value[1:]).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        faults.append(Fault(name, f"the file {value[1:]!r} cannot be read: {reason}"))
        return None


def _references(sources: Sequence[str], hook: RivyaHook | None, folder: str) -> list[Reference | Fault]:
    """Open the references. Without a hook there must be no URL among them."""
    if not sources:
        return []

    def open_url(url: str) -> Any:
        if hook is None:
            raise ValueError("a URL needs a connection")
        return hook.downloader().open(url)

    limit = hook.settings.max_output_bytes if hook is not None else 0
    # A task has no folder of its own to be relative to; a person has.
    files = [text if "://" in text else os.path.abspath(os.path.expanduser(text)) for text in sources if text]
    return read_references(files, open_url=open_url, folder=lambda: folder, max_bytes=limit)


def _is_url(source: str) -> bool:
    return source.lower().startswith(("http://", "https://"))


def _accepted(verdict: Verdict) -> dict[str, Any]:
    request = verdict.normalised
    return {
        "valid": True,
        "request": {"model": request.model, "prompt": request.prompt, "model_params": request.params},
        "warnings": list(verdict.warnings),
        "price": estimate_credits(verdict.spec)._asdict() if verdict.spec else None,
    }


def _accepted_line(verdict: Verdict) -> list[str]:
    spec = verdict.spec
    return [f"Valid for {spec.id}: {price_in_words(spec)}."] if spec else []

"""``validate``, ``generate`` and ``fetch``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.catalog.price import estimate_credits
from airflow_provider_rivya.catalog.spec import category_of, load_catalog
from airflow_provider_rivya.catalog.summary import price_in_words
from airflow_provider_rivya.catalog.validation import Verdict, check_request
from airflow_provider_rivya.cli.commands import GATEWAYS
from airflow_provider_rivya.cli.connection import connect
from airflow_provider_rivya.cli.given import is_url, open_references, read_dialect, read_request
from airflow_provider_rivya.exceptions import (
    Fault,
    GenerationError,
    GenerationFailedError,
    InvalidRequestError,
    NotFoundError,
)
from airflow_provider_rivya.request.budget import Budget, surprise
from airflow_provider_rivya.request.dialect import spelled
from airflow_provider_rivya.request.prepare import prepare
from airflow_provider_rivya.request.references import Reference

if TYPE_CHECKING:
    from argparse import Namespace

    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.cli.output import Output
    from airflow_provider_rivya.hooks.base import GatewayHook

_SUBJECT = "The request"


def validate(arguments: Namespace, output: Output) -> int:
    """``rivya validate``."""
    from airflow_provider_rivya.cli.main import BAD_INPUT, OK

    prompt, params, faults = read_request(arguments)
    with _connected(arguments) as (gateway, hook), TemporaryDirectory(prefix="rivya-") as folder:
        dialect = read_dialect(arguments.dialect, gateway, faults)
        found = open_references(arguments.reference, hook, folder)
        usable = [entry for entry in found if not isinstance(entry, Fault)]
        verdict = check_request(
            load_catalog(gateway),
            model=arguments.model,
            prompt=prompt,
            model_params=params,
            references=[reference.facts for reference in usable],
        )
    faults += [entry for entry in found if isinstance(entry, Fault)]
    faults += verdict.faults
    spelled(dialect, verdict.spec.dialect if verdict.spec else None, faults)
    if faults:
        raise InvalidRequestError(faults, subject=_SUBJECT, fate="")
    for warning in verdict.warnings:
        output.warn(warning)
    output.result(_accepted(gateway, verdict), *_accepted_line(verdict))
    return OK if verdict.ok else BAD_INPUT


def generate(arguments: Namespace, output: Output) -> int:
    """``rivya generate``."""
    from airflow_provider_rivya.cli.landing import place_of
    from airflow_provider_rivya.cli.submitting import submit

    prompt, params, faults = read_request(arguments)
    budget = Budget(max_credits=arguments.max_credits, allow_estimates=arguments.allow_estimates)
    with connect(arguments.conn_id) as hook, TemporaryDirectory(prefix="rivya-") as folder:
        dialect = read_dialect(arguments.dialect, hook.api.NAME, faults)
        found: list[Reference | Fault] = [*faults, *open_references(arguments.reference, hook, folder)]
        prepared = prepare(
            gateway=hook.api.NAME,
            model=arguments.model,
            prompt=prompt,
            model_params=params,
            references=found,
            client_request_id=None,
            output_path=place_of(arguments.output),
            output_conn_id=None,
            mapped=False,
            subject=_SUBJECT,
            dialect=dialect,
            budget=budget,
        )
        generation = submit(hook, prepared, arguments, output)
        if said := surprise(generation.credits_reserved, prepared.spec, budget):
            output.warn(said)
        request = prepared.request
        return _finish(hook, generation, request.model, request.category, arguments, output)


def fetch(arguments: Namespace, output: Output) -> int:
    """``rivya fetch``."""
    from airflow_provider_rivya.cli.landing import checked_place

    checked_place(arguments.output)
    with connect(arguments.conn_id) as hook:
        generation, category = _read(hook, arguments.generation_id, arguments.category)
        model = generation.model or "unknown"
        return _finish(
            hook, generation, model, category or category_of(hook.api.NAME, model), arguments, output
        )


def _read(hook: GatewayHook, generation_id: str, category: str | None) -> tuple[Generation, str | None]:
    """
    Read a generation, wherever the gateway may have it.

    :param category: where that is; if not given, all its places are looked at.
    :return: with where it was found; ``None`` at a gateway that has one place for all.
    """
    one, other = (hook.api.get_generation(generation_id, name) for name in ("image", "video"))
    if category is None and one.path == other.path:
        return hook.get_generation(generation_id), None
    if category is None:
        with suppress(NotFoundError):
            return hook.get_generation(generation_id, category="image"), "image"
    try:
        return hook.get_generation(generation_id, category=category or "video"), category or "video"
    except NotFoundError as error:
        if category is None:
            error.advice = (
                "Its images were looked at as well as its videos: look whether the id is right, and whether "
                "the key is of the account that submitted it."
            )
        raise


def _finish(
    hook: GatewayHook,
    generation: Generation,
    model: str,
    category: str,
    arguments: Namespace,
    output: Output,
) -> int:
    """From a submitted generation to files, whatever happens in between told with the way back."""
    from airflow_provider_rivya.cli.following import follow
    from airflow_provider_rivya.cli.landing import land

    with _recoverable(generation.id, arguments, output):
        finished = follow(hook, generation, category, arguments.timeout, output)
        return land(hook, finished, model, arguments.output, output)


@contextmanager
def _recoverable(generation_id: str, arguments: Namespace, output: Output) -> Iterator[None]:
    from airflow_provider_rivya.cli.landing import way_back

    command = way_back(generation_id, arguments)
    try:
        yield
    except KeyboardInterrupt:
        output.say(
            f"Generation {generation_id} goes on at the gateway and is paid for. Fetch it later:\n  {command}"
        )
        raise
    except GenerationFailedError:
        raise
    except GenerationError as error:
        error.generation_id = error.generation_id or generation_id
        error.fate = f"The generation is paid for and not lost. Fetch it later:\n  {command}\n"
        raise


@contextmanager
def _connected(arguments: Namespace) -> Iterator[tuple[str, GatewayHook | None]]:
    """
    Yield the gateway that a request is checked for, and a hook where one is needed.

    :raises InvalidRequestError: the gateway that is named is not that of the connection that is named.
    """
    named = arguments.gateway or GATEWAYS[0]
    if arguments.conn_id is None and not any(map(is_url, arguments.reference)):
        yield named, None
        return
    with connect(arguments.conn_id or f"{named}_default") as hook:
        gateway = hook.api.NAME
        if arguments.gateway not in (None, gateway):
            problem = f"the connection {hook.conn_id!r} is of type {gateway!r}"
            fault = Fault("gateway", problem, gateway)
            raise InvalidRequestError([fault], subject=_SUBJECT, fate="")
        yield gateway, hook


def _accepted(gateway: str, verdict: Verdict) -> dict[str, Any]:
    request = verdict.normalised
    return {
        "valid": True,
        "gateway": gateway,
        "request": {"model": request.model, "prompt": request.prompt, "model_params": request.params},
        "warnings": list(verdict.warnings),
        "price": estimate_credits(verdict.spec, request.params)._asdict() if verdict.spec else None,
    }


def _accepted_line(verdict: Verdict) -> list[str]:
    spec = verdict.spec
    if spec is None:
        return []
    price = price_in_words(spec)
    return [f"Valid for {spec.id}: {'its price is ' if spec.credits is None else ''}{price}."]

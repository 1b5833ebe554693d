"""``validate``, ``generate`` and ``fetch``."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.catalog.bundled import category_of, load_catalog
from airflow_provider_rivya.catalog.check import Verdict, check_request
from airflow_provider_rivya.catalog.price import estimate_credits
from airflow_provider_rivya.catalog.summary import price_in_words
from airflow_provider_rivya.cli.arguments import is_url, open_references, read_dialect, read_request
from airflow_provider_rivya.cli.connection import checked_for, connect
from airflow_provider_rivya.credits import whole
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError, NotFoundError
from airflow_provider_rivya.generation.caller import Call, CallerWords, call_of
from airflow_provider_rivya.landing.checks import Checks
from airflow_provider_rivya.request.budget import Budget
from airflow_provider_rivya.request.dialect import spelled
from airflow_provider_rivya.request.prepare import RequestArguments, prepare
from airflow_provider_rivya.request.references import Reference
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.context import Submission

if TYPE_CHECKING:
    from argparse import Namespace

    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.cli.output import Output
    from airflow_provider_rivya.generation.job import GenerationJob
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.result import GenerationResult

_SUBJECT = "The request"


def validate(arguments: Namespace, output: Output) -> int:
    """``rivya validate``."""
    from airflow_provider_rivya.cli.main import BAD_INPUT, OK

    prompt, params, faults = read_request(arguments)
    needed = any(map(is_url, arguments.reference))
    with (
        checked_for(arguments.gateway, arguments.conn_id, needed=needed, subject=_SUBJECT) as (gateway, hook),
        TemporaryDirectory(prefix="rivya-") as folder,
    ):
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
    for warning in verdict.warnings:
        output.warn(warning)
    if faults:
        raise InvalidRequestError(faults, subject=_SUBJECT, fate="")
    output.result(_accepted(gateway, verdict), *_accepted_line(verdict))
    return OK if verdict.ok else BAD_INPUT


def generate(arguments: Namespace, output: Output) -> int:
    """``rivya generate``."""
    from airflow_provider_rivya.cli.landing import place_of

    prompt, params, faults = read_request(arguments)
    with connect(arguments.conn_id) as hook, TemporaryDirectory(prefix="rivya-") as folder:
        dialect = read_dialect(arguments.dialect, hook.api.name, faults)
        found: list[Reference | Fault] = [*faults, *open_references(arguments.reference, hook, folder)]
        wanted = RequestArguments(
            model=arguments.model,
            prompt=prompt,
            model_params=params,
            output_path=place_of(arguments.output),
            budget=Budget(max_credits=arguments.max_credits, allow_estimates=arguments.allow_estimates),
            convert_reference_images=True,  # there is no option that advice could name
            verify=arguments.verify,
            dialect=dialect,
            subject=_SUBJECT,
        )
        prepared = prepare(wanted, found, gateway=hook.api.name, own_key=hook.settings.api_key)
        with _call(hook, arguments, output, prepared.place, key=arguments.idempotency_key) as call:
            if prepared.references:
                output.say(f"{len(prepared.references)} reference file(s) are uploaded.")
            submission = call.submit(prepared)
            reserved = whole(submission.record.credits)
            told = "" if reserved is None else f", {reserved} credits are reserved"
            if submission.answer is None:
                output.say(f"Nothing is sent: something was submitted under the key {call.key} before.")
            output.say(f"Generation {submission.generation_id} is submitted{told}.")
            result = _land(call.job, submission, arguments, prepared.request.params)
        return _shown(result, output)


def fetch(arguments: Namespace, output: Output) -> int:
    """``rivya fetch``."""
    from airflow_provider_rivya.cli.landing import checked_place

    place = checked_place(arguments.output)
    with connect(arguments.conn_id) as hook:
        generation, category = _read(hook, arguments.generation_id, arguments.category)
        model = generation.model or "unknown"
        with _call(hook, arguments, output, place) as call:
            known = call.job.resume(generation.id, model).record
            begun = generation.created_at.timestamp() if generation.created_at else None
            record = replace(
                known, category=category or category_of(hook.api.name, model), submitted_at=begun
            )
            result = _land(call.job, Submission(record, generation), arguments)
        return _shown(result, output)


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
            advice = (
                "Its images were looked at as well as its videos: look whether the id is right, and whether "
                "the key is of the account that submitted it."
            )
            raise error.replace(advice=advice) from None
        raise


@contextmanager
def _call(
    hook: GatewayHook, arguments: Namespace, output: Output, place: OutputPlace | None, key: str | None = None
) -> Iterator[Call]:
    """Lend a call; an interruption says what was submitted, and how to land it."""
    from airflow_provider_rivya.cli.landing import way_back
    from airflow_provider_rivya.cli.progress import followed

    def words(key: str) -> CallerWords:
        return CallerWords(
            f"run the same command with\n  --idempotency-key {key}\nAnother request needs another key.\n",
            lambda known_as: f"\n  {way_back(known_as, arguments)}\n",
            hook.api.capabilities.replays_keys,
        )

    with followed(output) as narrator:
        call = call_of(hook, key, place, words, narrator=narrator)
        try:
            yield call
        except KeyboardInterrupt:
            record = call.job.context.records.current
            if record is not None and record.generation_id is not None:
                output.say(
                    f"Generation {record.generation_id} goes on at the gateway and is paid for. "
                    "Fetch it later:"
                    f"\n  {way_back(record.generation_id, arguments)}"
                )
            else:
                output.say(
                    call.job.context.words.fate("uncertain" if record else "not_submitted", record).rstrip()
                )
            raise


def _land(
    job: GenerationJob,
    submission: Submission,
    arguments: Namespace,
    params: Mapping[str, Any] | None = None,
) -> GenerationResult:
    """From a submitted generation to files."""
    from airflow_provider_rivya.cli.landing import place_of

    job.context.records.current = submission.record
    finished = job.wait_here(submission, deadline=time.time() + arguments.timeout)
    checks = Checks.of(arguments.verify, params)
    return job.land(submission, finished, OutputPlace(place_of(arguments.output)), checks=checks)


def _shown(result: GenerationResult, output: Output) -> int:
    """Print the result: behind the bar, which owns the terminal's last line as long as it is there."""
    from airflow_provider_rivya.cli.landing import show

    show(result, output)
    return 0


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

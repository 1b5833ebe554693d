"""Asks a gateway that replays no keys what became of a request without an answer."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.submission.decide import Finding
from airflow_provider_rivya.submission.errors import interrupted

if TYPE_CHECKING:
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.submission.context import SubmissionContext
    from airflow_provider_rivya.submission.record import Record

log = logging.getLogger(__name__)


def look_up(context: SubmissionContext, record: Record, *, patiently: bool) -> Finding:
    """
    Ask the gateway for the generation of a record's key, until it knows one or the patience ends.

    :param patiently: whether the gateway may still come to know it; else one look is enough.
    :raises GatewayError: it could not be asked, which is never taken for "not there"; or the task was asked
        to stop.
    """
    client, clock = context.client, context.clock
    begun = clock.monotonic()
    pauses = context.policy.look_up_pauses if patiently else ()
    for times, pause in enumerate((*pauses, None), start=1):
        found = client.find_generation(record.key, category=record.category or "image")
        seconds = clock.monotonic() - begun
        if found is not None:
            reason = _why_foreign(found, record, context)
            log.info(
                "Look-up %d: the gateway has generation %s (%s) under the id %s%s.",
                times,
                found.id,
                found.status,
                record.key,
                f", which {reason}" if reason else "",
            )
            return Finding(found, reason, times, seconds)
        if pause is None:
            log.info("Look-up %d: the gateway knows no generation under the id %s.", times, record.key)
            return Finding(None, "", times, seconds)
        log.info(
            "Look-up %d: the gateway knows no generation under the id %s yet; asking again in %.0f s.",
            times,
            record.key,
            pause,
        )
        clock.sleep(pause)  # which a task that is asked to stop ends
        if context.stopped():
            raise interrupted(record, client.conn_id, context.words)
    raise AssertionError("the last pause is none")


def _why_foreign(answer: Generation, record: Record, context: SubmissionContext) -> str:
    """Say what shows that a generation was not made by the recorded request; empty if nothing does."""
    client = context.client
    if older_by := older_than_request(answer, record, client, context.policy.foreign_tolerance):
        return f"was created {older_by:.0f} s before this request was made"
    return of_another_request(answer, record, client)


def of_another_request(answer: Generation, record: Record, client: GatewayClient) -> str:
    """Say what an answer repeats of another request than the recorded one; empty if nothing."""
    body = _sent(record)
    sent = body.get("model") or record.model
    if answer.model not in (None, sent, record.model) and _known_apart(
        client.api.name, str(answer.model), record.model
    ):
        return f"is of the model {answer.model!r}, not {record.model!r}"
    own = body.get("client_request_id")
    if own is not None and answer.trace_id not in (None, own):
        return f"has the client_request_id {answer.trace_id!r}, not {own!r}"
    return ""


def older_than_request(
    answer: Generation, record: Record, client: GatewayClient, tolerance: float, *, own: bool = False
) -> float:
    """
    Return by how many seconds a generation is older than its request; 0 if it is not.

    An earlier try's request was noted by another worker's clock. In its place counts when that try was made,
    by the clock of Airflow's servers, which all tries read alike.

    :param client: knows how far the gateway's clock is ahead of ours.
    :param tolerance: seconds by which it may be older, as clocks are never the same.
    :param own: this very process has noted the request, so that its clock is the one that is known.
    """
    if answer.created_at is None:
        return 0.0
    begun = record.begun_at + client.clock_skew
    if record.not_before is not None and not (own and client.clock_skew):
        begun = record.not_before
    older_by = begun - answer.created_at.timestamp()
    return older_by if older_by > tolerance else 0.0


def _sent(record: Record) -> dict[str, str]:
    """Return the texts of the recorded body."""
    document: Any = None
    with suppress(ValueError):
        document = json.loads(record.body or "")
    fields = document if isinstance(document, dict) else {}
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def _known_apart(gateway: str, one: str, other: str) -> bool:
    """Whether two ids are models that the catalogue tells apart; gateways spell one model in several ways."""
    from airflow_provider_rivya.catalog.bundled import load_catalog

    catalog = load_catalog(gateway)
    first, second = catalog.get(one), catalog.get(other)
    return first is not None and second is not None and first.id != second.id

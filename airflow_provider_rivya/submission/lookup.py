"""Looks up, at a gateway that replays no keys, what became of a request without an answer."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from airflow_provider_rivya.submission.pauses import pauses

if TYPE_CHECKING:
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.submission.decide import LookedUp
    from airflow_provider_rivya.submission.record import Record

log = logging.getLogger(__name__)

FOREIGN_TOLERANCE: Final = 300.0
"""Seconds by which an answer's generation may be older than its request, as clocks are never the same."""


class Clock(Protocol):
    """The module ``time``, as far as submitting needs it."""

    def time(self) -> float: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float, /) -> None: ...


class InterruptedLookUpError(Exception):
    """The task was asked to stop before the look-up had come to its end."""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    How a look-up ended.

    :param found: the generation that the gateway has under the request's key.
    :param foreign: why it is not this request's, or an empty string.
    :param times: how often the gateway was asked.
    :param seconds: from the first time to the last.
    """

    found: Generation | None
    foreign: str
    times: int
    seconds: float

    @property
    def ours(self) -> Generation | None:
        return None if self.foreign else self.found

    @property
    def outcome(self) -> LookedUp | None:
        """``None``: the request's generation was found."""
        if self.found is None:
            return "absent"
        return "foreign" if self.foreign else None

    @property
    def in_words(self) -> str:
        """For how long the gateway was asked."""
        if self.times == 1:
            return "asked once"
        return f"asked {self.times} times in {self.seconds:.0f} s"


def look_up(
    hook: GatewayClient,
    record: Record,
    *,
    patiently: bool,
    clock: Clock,
    killed: Callable[[], bool],
) -> Finding:
    """
    Ask the gateway for the generation of a record's key, until it knows one or the patience ends.

    :raises GatewayError: it could not be asked, which is never taken for "not there".
    :raises InterruptedLookUpError: ``killed`` said so.
    """
    begun = clock.monotonic()
    for times, pause in enumerate((*pauses(patiently=patiently), None), start=1):
        found = hook.find_generation(record.key, category=record.category or "image")
        seconds = clock.monotonic() - begun
        if found is not None:
            reason = why_foreign(found, record, hook)
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
        if killed():
            raise InterruptedLookUpError
        clock.sleep(pause)
    raise AssertionError("the last pause is none")


def why_foreign(answer: Generation, record: Record, hook: GatewayClient) -> str:
    """Say what shows that a generation was not made by the recorded request; empty if nothing does."""
    if older_by := older_than_request(answer, record, hook.clock_skew):
        return f"was created {older_by:.0f} s before this request was made"
    sent = _model_of(record.body) or record.model
    if answer.model not in (None, sent, record.model) and _known_apart(
        hook.api.NAME, str(answer.model), record.model
    ):
        return f"is of the model {answer.model!r}, not {record.model!r}"
    return ""


def older_than_request(answer: Generation, record: Record, clock_skew: float) -> float:
    """
    Return by how many seconds a generation is older than its request; 0 if it is not.

    :param clock_skew: seconds that the gateway's clock is ahead of ours.
    """
    if answer.created_at is None:
        return 0.0
    older_by = record.begun_at + clock_skew - answer.created_at.timestamp()
    return older_by if older_by > FOREIGN_TOLERANCE else 0.0


def _model_of(body: str | None) -> str | None:
    document: Any = None
    with suppress(ValueError):
        document = json.loads(body or "")
    model = document.get("model") if isinstance(document, dict) else None
    return model if isinstance(model, str) else None


def _known_apart(gateway: str, one: str, other: str) -> bool:
    """Whether two ids are models that the catalogue tells apart; gateways spell one model in several ways."""
    from airflow_provider_rivya.catalog.spec import load_catalog

    catalog = load_catalog(gateway)
    first, second = catalog.get(one), catalog.get(other)
    return first is not None and second is not None and first.id != second.id

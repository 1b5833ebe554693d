"""
Metrics and spans, through what the running Airflow has set up for its own.

Where Airflow ships none, or has them switched off, nothing happens. A fault in here never reaches the
task, as what is measured has been paid for: it is logged (debug). No name, tag or attribute carries a
prompt, a key or a URL.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import timedelta
    from types import ModuleType

log = logging.getLogger(__name__)

PREFIX: Final = "rivya.generation"
INSTRUMENTATION: Final = "airflow_provider_rivya"


@dataclass(frozen=True, slots=True)
class Labels:
    """
    What every metric and span is labelled with.

    :param gateway: ``rivya``, ...
    :param model: public model id; ``None`` when it is not known (yet), then there is no such tag.
    """

    gateway: str
    model: str | None

    @property
    def tags(self) -> dict[str, str]:
        return {"gateway": self.gateway, **({"model": self.model} if self.model else {})}


# -- metrics ---------------------------------------------------------------------------------------


def submitted(labels: Labels) -> None:
    """Count ``rivya.generation.submitted``: the gateway took a generation in."""
    _count("stats_in_worker", "submitted", 1, labels)


def reattached(labels: Labels) -> None:
    """Count ``rivya.generation.reattached``: a try went on with what an earlier one had submitted."""
    _count("stats_in_worker", "reattached", 1, labels)


def failed(labels: Labels, credits: float | None) -> None:
    """
    Count ``rivya.generation.failed``: the gateway's own verdict.

    :param credits: what it cost although it failed; ``None`` when the gateway does not say.
    """
    _count("stats_in_worker", "failed", 1, labels)
    _spent(labels, credits)


def delivered(labels: Labels, credits: float | None, duration: timedelta | None) -> None:
    """
    Count what a delivered generation cost, and how long it took.

    :param credits: final credits; ``rivya.generation.credits.spent``.
    :param duration: from taking it in to its end; ``rivya.generation.duration``.
    """
    _spent(labels, credits)
    if duration is not None:
        _emit("stats_in_worker", "timing", f"{PREFIX}.duration", duration, tags=labels.tags)


def polled(labels: Labels, *, triggerer: bool) -> None:
    """
    Count ``rivya.generation.polls``: a waiting asked for the state of a generation.

    :param triggerer: whether this process is a triggerer, which has metrics of its own.
    """
    _count("stats_in_triggerer" if triggerer else "stats_in_worker", "polls", 1, labels)


def _spent(labels: Labels, credits: float | None) -> None:
    if credits:
        amount = int(credits) if float(credits).is_integer() else credits
        _count("stats_in_worker", "credits.spent", amount, labels)


def _count(source: str, name: str, amount: float, labels: Labels) -> None:
    _emit(source, "incr", f"{PREFIX}.{name}", amount, tags=labels.tags)


def _emit(source: str, method: str, *arguments: Any, **more: Any) -> None:
    with _harmless(f"The metric {arguments[0]} could not be sent."):
        stats = getattr(_airflow(), source)()
        if stats is not None:
            getattr(stats, method)(*arguments, **more)


# -- spans -----------------------------------------------------------------------------------------


@contextmanager
def span(name: str, labels: Labels, **attributes: str | int | float | None) -> Iterator[Any | None]:
    """
    Make the block a span ``rivya.<name>``, a child of the span that Airflow has open for the task.

    An exception marks it as failed by its class alone: texts may be long, and are logged anyway.

    :param attributes: become ``rivya.<attribute>``; ``None`` leaves one out.
    :return: the span, for :func:`annotate`; ``None`` where there are none.
    """
    opened = current = None
    with _harmless(f"The span rivya.{name} could not be made."):
        opened = _open(name, labels, attributes)
        current = opened.__enter__() if opened is not None else None
    if opened is None or current is None:
        yield None
        return
    try:
        yield current
    except BaseException as error:
        _mark_failed(current, type(error).__name__)
        raise
    finally:
        # Never with the exception: it is marked already, and a tracer is not to see its text.
        with _harmless(f"The span rivya.{name} could not be ended."):
            opened.__exit__(None, None, None)


def annotate(current: Any | None, **attributes: str | int | float | None) -> None:
    """Add what has become known inside a :func:`span`."""
    if current is not None:
        with _harmless("A span could not be annotated."):
            current.set_attributes(_named(attributes))


def waited(labels: Labels, generation_id: str, since: float, outcome: str) -> None:
    """
    Leave a span ``rivya.wait`` that ends now.

    It spans the time on the worker and in the triggerer alike, which no open span could.

    :param since: seconds since the epoch.
    :param outcome: how the waiting ended; all but ``succeeded`` mark the span as failed.
    """
    with _harmless("The span rivya.wait could not be made."):
        tracer = _airflow().tracer(INSTRUMENTATION)
        if tracer is None:
            return
        attributes = {**labels.tags, "generation_id": generation_id, "outcome": outcome}
        one = tracer.start_span("rivya.wait", start_time=int(since * 1e9), attributes=_named(attributes))
        if outcome != "succeeded":
            _mark_failed(one, outcome)
        one.end()


def _open(
    name: str, labels: Labels, attributes: dict[str, str | int | float | None]
) -> AbstractContextManager[Any] | None:
    tracer = _airflow().tracer(INSTRUMENTATION)
    if tracer is None:
        return None
    opened: AbstractContextManager[Any] = tracer.start_as_current_span(
        f"rivya.{name}",
        attributes=_named({**labels.tags, **attributes}),
        record_exception=False,
        set_status_on_exception=False,
    )
    return opened


def _named(attributes: dict[str, Any]) -> dict[str, Any]:
    return {f"rivya.{name}": value for name, value in attributes.items() if value is not None}


def _mark_failed(current: Any, why: str) -> None:
    with _harmless("A span could not be marked as failed."):
        from opentelemetry.trace import Status, StatusCode

        current.set_attribute("error.type", why)
        current.set_status(Status(StatusCode.ERROR, why))


def _airflow() -> ModuleType:
    """Imported when something is measured: the rooms that measure stand without Airflow."""
    from airflow_provider_rivya import _compat

    return _compat


@contextmanager
def _harmless(told: str) -> Iterator[None]:
    """Log what fails in the block, and go on behind it."""
    try:
        yield
    except Exception:
        log.debug(told, exc_info=True)

"""
Metrics and spans, through what the running Airflow has set up for its own.

Where Airflow ships none, or has them switched off, nothing happens. A metric that cannot be sent never fails
the task, as what is measured has been paid for: it is logged (debug). No name, tag or attribute carries a
prompt, a key or a URL.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import timedelta

    from opentelemetry.trace import Span, Tracer

log = logging.getLogger(__name__)

PREFIX: Final = "rivya.generation"


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


def webhook_came(gateway: str, outcome: str) -> None:
    """
    Count ``rivya.webhook.deliveries``: a webhook has come to the API server.

    :param outcome: ``taken``, ``refused``, or ``later``: it could not be taken, and is to come again.
    """
    tags = {"gateway": gateway, "outcome": outcome}
    _emit("stats_in_triggerer", "incr", "rivya.webhook.deliveries", 1, tags=tags)


def _spent(labels: Labels, credits: float | None) -> None:
    if credits:
        amount = int(credits) if float(credits).is_integer() else credits
        _count("stats_in_worker", "credits.spent", amount, labels)


def _count(source: str, name: str, amount: float, labels: Labels) -> None:
    _emit(source, "incr", f"{PREFIX}.{name}", amount, tags=labels.tags)


def _emit(source: str, method: str, *arguments: Any, **more: Any) -> None:
    # Imported when something is measured: the rooms that measure stand without Airflow.
    from airflow_provider_rivya import _compat

    try:
        if (stats := getattr(_compat, source)()) is not None:
            getattr(stats, method)(*arguments, **more)
    except Exception:
        log.debug("The metric %s could not be sent.", arguments[0], exc_info=True)


# -- spans -----------------------------------------------------------------------------------------


@contextmanager
def span(name: str, labels: Labels, **attributes: str | int | float | None) -> Iterator[Span]:
    """
    Make the block a span ``rivya.<name>``, a child of the span that Airflow has open for the task.

    An exception marks it as failed by its class alone: texts may be long, and are logged anyway.

    :param attributes: become ``rivya.<attribute>``; ``None`` leaves one out.
    """
    with _tracer().start_as_current_span(
        f"rivya.{name}",
        attributes=_named({**labels.tags, **attributes}),
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except BaseException as error:
            _mark_failed(current, type(error).__name__)
            raise


def annotate(current: Span, **attributes: str | int | float | None) -> None:
    """Add what has become known inside a :func:`span`."""
    current.set_attributes(_named(attributes))


def waited(labels: Labels, generation_id: str, since: float, outcome: str) -> None:
    """
    Leave a span ``rivya.wait`` that ends now.

    It spans the time on the worker and in the triggerer alike, which no open span could.

    :param since: seconds since the epoch.
    :param outcome: how the waiting ended; all but ``succeeded`` mark the span as failed.
    """
    attributes = {**labels.tags, "generation_id": generation_id, "outcome": outcome}
    one = _tracer().start_span("rivya.wait", start_time=int(since * 1e9), attributes=_named(attributes))
    if outcome != "succeeded":
        _mark_failed(one, outcome)
    one.end()


def _tracer() -> Tracer:
    """Return the tracer of whoever has set spans up, Airflow from 3.2 on; else its spans go nowhere."""
    from opentelemetry import trace

    return trace.get_tracer("airflow_provider_rivya")


def _named(attributes: dict[str, Any]) -> dict[str, Any]:
    return {f"rivya.{name}": value for name, value in attributes.items() if value is not None}


def _mark_failed(current: Span, why: str) -> None:
    from opentelemetry.trace import Status, StatusCode

    current.set_attribute("error.type", why)
    current.set_status(Status(StatusCode.ERROR, why))

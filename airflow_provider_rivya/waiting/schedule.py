"""When to ask the gateway next: a pure function of elapsed time, the gateway's guidance and hints."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.api.gateway import PollGuidance, Polling
from airflow_provider_rivya.waiting.progress import FRESH_FOR

if TYPE_CHECKING:
    from airflow_provider_rivya.waiting.durations import Likely

GROWTH: Final = 1 / 6
"""An interval is this share of the time that has passed, within the schedule's bounds."""

JITTER: Final = 0.1
"""Share by which waits differ between tasks, so that a thousand do not ask in step."""

FEW: Final = 0.03
MOST: Final = 0.9
NEARLY_ALL: Final = 0.99
"""
Shares of a model's generations. Looks begin an interval after ``FEW`` have likely ended, or when ``MOST``
have, if that is earlier; they come at the shortest interval until ``NEARLY_ALL`` have.
"""


@dataclass(frozen=True, slots=True)
class Schedule(PollGuidance):
    """
    When to poll.

    :param own_first: the connection says when the first look is; what was learnt does not change it.
    :param patience: the longest interval that the connection allows.
    """

    own_first: bool = field(default=False, compare=False)
    patience: float = field(default=math.inf, compare=False)

    def delay(
        self,
        elapsed: float,
        *,
        seed: str = "",
        hint: float | None = None,
        queued: bool = False,
        likely: Likely | None = None,
    ) -> float:
        """
        Return the seconds to wait before the next poll.

        A function of the elapsed time alone, so that a restarted triggerer neither begins with
        short intervals again nor needs a counter.

        :param elapsed: seconds since submission.
        :param seed: spreads the tasks; the same seed gives the same delay.
        :param hint: seconds the gateway asked to wait (``Retry-After``): never below it.
        :param queued: the last answer was that it is queued.
        :param likely: when generations of its model end, where that is known.
        """
        own_pace = self.queued if queued else None
        interval, maximum = own_pace or (self.interval, self.maximum)
        phase = JITTER * interval * share(seed, 0.0)
        if elapsed < self.first:
            wait = self.first + phase - max(elapsed, 0.0)  # clocks of two machines differ
        elif likely is not None and own_pace is None and elapsed < likely.ended_by(NEARLY_ALL):
            wait = interval  # a task keeps its phase: a longer one would only tell the end later
        else:
            # Where neither bound leaves room, ``interval`` wins: it may be the gateway's guidance.
            wait = max(interval, min(maximum, elapsed * GROWTH) * (1.0 + JITTER * share(seed, elapsed)))
        if likely is not None and not self.own_first:
            # Nothing is missed before then; an explicit longest interval holds.
            wait = max(wait, min(self.early(likely) + phase - elapsed, self.patience))
        return max(wait, hint or 0.0)

    def early(self, likely: Likely) -> float:
        """Return the seconds from submission before which no look is worth it."""
        return min(likely.ended_by(FEW) + self.interval, likely.ended_by(MOST))

    def after_restart(self, elapsed: float, *, seed: str) -> float:
        """Return the wait before the first look of a watcher that goes on: many begin at the same moment."""
        return self.interval * share(seed, elapsed) if elapsed >= max(self.first, FRESH_FOR) else 0.0


def schedule_for(
    category: str,
    polling: Polling,
    *,
    first: float | None = None,
    interval: float | None = None,
    maximum: float | None = None,
    loopback: bool = False,
) -> Schedule:
    """
    Combine a gateway's guidance for a category with the explicit values of a connection.

    Explicit intervals hold in every status.

    :param category: ``image``, ``audio`` or ``video``; anything else is polled as slowly as video.
    :param polling: the gateway's guidance.
    :param loopback: the gateway is a sandbox on this machine, which nobody's guidance protects.
    """
    base, floor = _of(polling.guidance, category), _of(polling.floors, category)
    if loopback:
        floor = PollGuidance(0.0, 0.05, 0.05)
    shortest = max(interval if interval is not None else base.interval, floor.interval)
    longest = maximum if maximum is not None else max(base.maximum, shortest)
    return Schedule(
        first=max(first if first is not None else base.first, floor.first),
        interval=min(shortest, max(longest, floor.interval)),
        maximum=max(longest, floor.maximum),
        queued=base.queued if interval is None and maximum is None else None,
        own_first=first is not None,
        patience=math.inf if maximum is None else maximum,
    )


def _of(table: Mapping[str, PollGuidance], category: str) -> PollGuidance:
    return table.get(category, table["video"])


def share(seed: str, elapsed: float) -> float:
    """Return a number in [0, 1] that is the same for the same task and second; 0 without a seed."""
    digest = hashlib.blake2b(f"{seed}:{int(elapsed)}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 0xFFFFFFFF if seed else 0.0

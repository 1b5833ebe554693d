"""
When to ask the gateway next: a pure function of elapsed time, category and hints.

Rivya's guidance (https://rivya.ai/docs/api-generation-status): wait 2-3 s after submission, then
every 5-10 s for normal jobs, slower for long video and audio jobs, with growing intervals.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

GROWTH: Final = 1 / 6
"""An interval is this share of the time that has passed, within the schedule's bounds."""

JITTER: Final = 0.1
"""Share by which intervals differ between tasks, so that a thousand do not ask in step."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    When to poll.

    :param first: seconds from submission to the first poll.
    :param interval: shortest interval after that, in seconds.
    :param maximum: longest interval, in seconds.
    """

    first: float
    interval: float
    maximum: float

    def delay(self, elapsed: float, *, seed: str = "", hint: float | None = None) -> float:
        """
        Return the seconds to wait before the next poll.

        A function of the elapsed time alone, so that a restarted triggerer neither begins with
        short intervals again nor needs a counter.

        :param elapsed: seconds since submission.
        :param seed: spreads the tasks; the same seed gives the same delay.
        :param hint: seconds the gateway asked to wait (``Retry-After``): never below it.
        """
        if elapsed < self.first:
            wait = self.first - max(elapsed, 0.0)  # clocks of two machines differ
        else:
            # Where neither bound leaves room, ``interval`` wins: it may be the gateway's guidance.
            wait = max(self.interval, min(self.maximum, elapsed * GROWTH)) * _spread(seed, elapsed)
        return max(wait, hint or 0.0)


GUIDANCE: Final[dict[str, Schedule]] = {
    "image": Schedule(first=2.5, interval=5.0, maximum=10.0),
    "audio": Schedule(first=3.0, interval=7.5, maximum=20.0),
    "video": Schedule(first=3.0, interval=10.0, maximum=30.0),
}
"""Per category of model. "Slower for long video and audio" is stated; these numbers for it are ours."""

FLOOR: Final = Schedule(first=2.0, interval=5.0, maximum=5.0)
"""What explicit values cannot go below, except against a gateway on loopback."""


def schedule_for(
    category: str,
    *,
    first: float | None = None,
    interval: float | None = None,
    maximum: float | None = None,
    loopback: bool = False,
) -> Schedule:
    """
    Combine the guidance for a category with the explicit values of a connection.

    :param category: ``image``, ``audio`` or ``video``; anything else is polled as slowly as video.
    :param loopback: the gateway is a sandbox on this machine, which nobody's guidance protects.
    """
    base = GUIDANCE.get(category, GUIDANCE["video"])
    floor = Schedule(0.0, 0.05, 0.05) if loopback else FLOOR
    shortest = max(interval if interval is not None else base.interval, floor.interval)
    longest = maximum if maximum is not None else max(base.maximum, shortest)
    return Schedule(
        first=max(first if first is not None else base.first, floor.first),
        interval=min(shortest, max(longest, floor.interval)),
        maximum=max(longest, floor.maximum),
    )


def _spread(seed: str, elapsed: float) -> float:
    """Return a factor in [1, 1 + JITTER]: never below the guidance."""
    if not seed:
        return 1.0
    digest = hashlib.blake2b(f"{seed}:{int(elapsed)}".encode(), digest_size=4).digest()
    return 1.0 + JITTER * (int.from_bytes(digest, "big") / 0xFFFFFFFF)

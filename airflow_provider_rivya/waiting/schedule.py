"""
When to ask the gateway next: a pure function of elapsed time, gateway, category and hints.

Rivya's guidance (https://rivya.ai/docs/api-generation-status): wait 2-3 s after submission, then
every 5-10 s for normal jobs, slower for long video and audio jobs, with growing intervals.

ToAPIs' guidance goes by the status (https://docs.toapis.com/docs/en/api-reference/tasks/image-status and
.../video-status): images 2-3 s while queued and 3-5 s in progress, videos 5-10 s and 10-15 s.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, NamedTuple

GROWTH: Final = 1 / 6
"""An interval is this share of the time that has passed, within the schedule's bounds."""

JITTER: Final = 0.1
"""Share by which intervals differ between tasks, so that a thousand do not ask in step."""


class Pace(NamedTuple):
    """The shortest and the longest interval between two polls, in seconds."""

    interval: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    When to poll.

    :param first: seconds from submission to the first poll.
    :param interval: shortest interval after that, in seconds.
    :param maximum: longest interval, in seconds.
    :param queued: another pace while the generation is known to be queued.
    """

    first: float
    interval: float
    maximum: float
    queued: Pace | None = None

    def delay(
        self, elapsed: float, *, seed: str = "", hint: float | None = None, queued: bool = False
    ) -> float:
        """
        Return the seconds to wait before the next poll.

        A function of the elapsed time alone, so that a restarted triggerer neither begins with
        short intervals again nor needs a counter.

        :param elapsed: seconds since submission.
        :param seed: spreads the tasks; the same seed gives the same delay.
        :param hint: seconds the gateway asked to wait (``Retry-After``): never below it.
        :param queued: the last answer was that it is queued.
        """
        interval, maximum = self.queued if queued and self.queued else (self.interval, self.maximum)
        if elapsed < self.first:
            wait = self.first - max(elapsed, 0.0)  # clocks of two machines differ
        else:
            # Where neither bound leaves room, ``interval`` wins: it may be the gateway's guidance.
            wait = max(interval, min(maximum, elapsed * GROWTH)) * _spread(seed, elapsed)
        return max(wait, hint or 0.0)


GUIDANCE: Final[dict[str, dict[str, Schedule]]] = {
    "rivya": {
        "image": Schedule(first=2.5, interval=5.0, maximum=10.0),
        "audio": Schedule(first=3.0, interval=7.5, maximum=20.0),
        "video": Schedule(first=3.0, interval=10.0, maximum=30.0),
    },
    "toapis": {
        "image": Schedule(first=2.0, interval=3.0, maximum=5.0, queued=Pace(2.0, 3.0)),
        "video": Schedule(first=5.0, interval=10.0, maximum=15.0, queued=Pace(5.0, 10.0)),
    },
}
"""
Per gateway and category of model.

Of Rivya "slower for long video and audio" is stated; these numbers for it are ours.
"""

FLOORS: Final[dict[str, dict[str, Schedule]]] = {
    "rivya": {"video": Schedule(first=2.0, interval=5.0, maximum=5.0)},
    "toapis": {
        "image": Schedule(first=2.0, interval=3.0, maximum=3.0),
        "video": Schedule(first=5.0, interval=10.0, maximum=10.0),
    },
}
"""
What explicit values cannot go below, except against a gateway on loopback.

Rivya's guidance has one lower bound for all categories.
"""


def schedule_for(
    category: str,
    *,
    gateway: str = "rivya",
    first: float | None = None,
    interval: float | None = None,
    maximum: float | None = None,
    loopback: bool = False,
) -> Schedule:
    """
    Combine the guidance for a category with the explicit values of a connection.

    Explicit intervals hold in every status.

    :param category: ``image``, ``audio`` or ``video``; anything else is polled as slowly as video.
    :param gateway: ``rivya`` or ``toapis``.
    :param loopback: the gateway is a sandbox on this machine, which nobody's guidance protects.
    """
    base, floor = _of(GUIDANCE[gateway], category), _of(FLOORS[gateway], category)
    if loopback:
        floor = Schedule(0.0, 0.05, 0.05)
    shortest = max(interval if interval is not None else base.interval, floor.interval)
    longest = maximum if maximum is not None else max(base.maximum, shortest)
    return Schedule(
        first=max(first if first is not None else base.first, floor.first),
        interval=min(shortest, max(longest, floor.interval)),
        maximum=max(longest, floor.maximum),
        queued=base.queued if interval is None and maximum is None else None,
    )


def _of(table: dict[str, Schedule], category: str) -> Schedule:
    return table.get(category, table["video"])


def _spread(seed: str, elapsed: float) -> float:
    """Return a factor in [1, 1 + JITTER]: never below the guidance."""
    if not seed:
        return 1.0
    digest = hashlib.blake2b(f"{seed}:{int(elapsed)}".encode(), digest_size=4).digest()
    return 1.0 + JITTER * (int.from_bytes(digest, "big") / 0xFFFFFFFF)

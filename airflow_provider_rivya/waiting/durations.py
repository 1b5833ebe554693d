"""How long generations have taken in this process, by model, and when the next one is likely to end. Pure."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation

ENOUGH: Final = 5
"""Ends that have to be seen before anything is concluded from them."""
_REMEMBERED: Final = 64
_MODELS: Final = 200
_LONGEST: Final = 7 * 24 * 3600.0
_NARROWEST: Final = 0.15
_FINE: Final = 6.0
"""Seconds between two looks in whose middle an end may be put, however short the generation was."""
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Likely:
    """
    A log-normal distribution: most take about as long as usual, some take several times that.

    :param mean: of the logarithms of seconds.
    :param deviation: of these.
    """

    mean: float
    deviation: float

    @classmethod
    def of(cls, seconds: list[float]) -> Likely:
        logs = [math.log(value) for value in seconds]
        mean = math.fsum(logs) / len(logs)
        deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in logs) / len(logs))
        # Few of them tell less of how far apart they are.
        return cls(mean, max(_NARROWEST, deviation * (1 + 2 / len(logs))))

    @property
    def usual(self) -> float:
        """Seconds after which half of them have ended."""
        return math.exp(self.mean)

    def ended_by(self, share: float, elapsed: float = 0.0) -> float:
        """
        Return the seconds since submission by which a share has ended of those that still run now.

        :param elapsed: seconds since submission.
        """
        return self.ended_between(elapsed, math.inf, share)

    def ended_between(self, begin: float, end: float, share: float) -> float:
        """Return the seconds by which a share has ended of those that end between two moments."""
        gone, by = self._gone(begin), self._gone(end)
        target = min(max(gone + (by - gone) * share, 1e-9), 1.0 - 1e-9)
        return min(max(begin, math.exp(self.mean + self.deviation * _NORMAL.inv_cdf(target))), end)

    def _gone(self, elapsed: float) -> float:
        if elapsed <= 0:
            return 0.0
        return _NORMAL.cdf((math.log(elapsed) - self.mean) / self.deviation)


class Durations:
    """What has been seen in this process. Thread-safe; bounded in models and in ends of each."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._seen: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._known: dict[tuple[str, str], Likely] = {}

    def note(self, gateway: str, model: str, category: str, seconds: float) -> None:
        """
        Note how long one has taken.

        :param gateway: its address.
        """
        if 0.0 < seconds < _LONGEST:
            with self._guard:
                self._note((gateway, model), seconds)
                self._note((gateway, _any_of(category)), seconds)

    def clear(self) -> None:
        """Forget all of it."""
        with self._guard:
            self._seen.clear()
            self._known.clear()

    def known(self) -> list[list[object]]:
        """Return all of it as plain JSON: gateway, model, and the seconds of its last ends."""
        with self._guard:
            return [[*key, [round(value, 2) for value in seen]] for key, seen in self._seen.items()]

    def restore(self, document: object) -> None:
        """Put what :meth:`known` has returned before what is known here; anything else is passed over."""
        with self._guard:
            for entry in document[-_MODELS:] if isinstance(document, list) else ():
                match entry:
                    case [str(gateway), str(model), list(seconds)] if len(gateway) + len(model) < 1000:
                        here = self._seen.pop((gateway, model), ())
                        for value in (*seconds[-_REMEMBERED:], *here):
                            if isinstance(value, int | float) and 0.0 < value < _LONGEST:
                                self._note((gateway, model), float(value))

    def _note(self, key: tuple[str, str], seconds: float) -> None:
        self._seen.setdefault(key, deque(maxlen=_REMEMBERED)).append(seconds)
        self._seen.move_to_end(key)
        self._known.pop(key, None)
        if len(self._seen) > _MODELS:
            self._known.pop(self._seen.popitem(last=False)[0], None)

    def likely(self, gateway: str, model: str | None, category: str) -> Likely | None:
        """Return what to expect of a model, or of any of a category; ``None``: too little is known."""
        key = (gateway, model or _any_of(category))
        with self._guard:
            if key not in self._known and len(seen := self._seen.get(key, ())) >= ENOUGH:
                self._known[key] = Likely.of(list(seen))
            return self._known.get(key)


def _any_of(category: str) -> str:
    return f"any {category}"  # no model's id has a space


DURATIONS: Final = Durations()
"""Of this process."""


def took(
    generation: Generation, elapsed: float, interval: float, likely: Likely | None, share: float
) -> float | None:
    """
    Return how long a generation that has ended took, in seconds; ``None``: nobody can tell.

    By the gateway's times, if they can be right. Else it has ended some time in the last interval; when, is
    drawn from what is known of its model: to pass over coarse intervals would lose the early ends.

    :param elapsed: from its submission to the look that saw the end.
    :param interval: between that look and the one before.
    :param likely: what is known of its model.
    :param share: a number in [0, 1], another one for each generation.
    """
    if generation.created_at is not None and generation.updated_at is not None:
        told = (generation.updated_at - generation.created_at).total_seconds()
        if 0.0 < told <= elapsed + 1.0:
            return told
    if likely is not None:
        return likely.ended_between(max(0.0, elapsed - interval), elapsed, share)
    return elapsed - interval / 2 if interval < max(elapsed / 2, _FINE) else None

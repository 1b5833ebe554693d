"""
How fast a process may call a gateway: a rate that gives way to refusals. Pure: time is passed in.

Processes of one account do not know of each other. Each begins at the limit that it knows of, halves its rate
when the gateway refuses, and goes up again step by step: so they come to share what there is.
"""

from __future__ import annotations

import hashlib
import random
import threading
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from airflow_provider_rivya.api.call import Kind, Quota
    from airflow_provider_rivya.api.connection import ConnectionSettings
    from airflow_provider_rivya.api.gateway import GatewayApi, RateLimit

SLOWER: Final = 0.5
"""The rate after a refusal is this share of what it was."""
FASTER: Final = 1 / 40
"""In a second without a refusal the rate grows by this share of what it was at the last one."""
LEAST: Final = 0.2
"""Requests a second that are left after any number of refusals."""
FIRST_PAUSE: Final = 1.0
"""Seconds of a pause after a refusal that names none; twice as many after the next one, up to a minute."""
_DOUBLED: Final = 6
_SEEN: Final = 64
_ACCOUNTS: Final = 200
_TEMPO_OF_SANDBOX: Final = 50.0


@dataclass(slots=True)
class Lane:
    """
    Calls that a gateway counts together.

    :param limit: requests a second at most; ``None``: none is known.
    :param burst: requests that may go at once after a quiet time.
    :param spread: 0 to 1; what tells processes apart that the same pause would else bring back in step.
    :param tempo: how many times faster than at a gateway all of it goes: at a sandbox on this machine.
    """

    limit: float | None = None
    burst: float = 1.0
    spread: float = 0.0
    tempo: float = 1.0
    _rate: float | None = None
    _peak: float = 1.0
    _tokens: float = 0.0
    _at: float = 0.0
    _paused_until: float = float("-inf")
    _slowed_at: float = float("-inf")
    _refusals: int = 0
    _gone: deque[float] = field(default_factory=lambda: deque(maxlen=_SEEN))

    def acquire(self, now: float) -> float:
        """
        Take a turn.

        :param now: seconds, by a clock that never goes back.
        :return: 0: go; else the seconds after which to ask again, and no turn was taken.
        """
        if now < self._paused_until:
            return self._paused_until - now
        if self._rate is None and self.limit is not None:
            self._rate, self._tokens, self._at = self.limit, self.burst, now
        if self._rate is not None:
            since = max(0.0, now - self._at)
            self._at += since
            self._tokens = min(self.burst, self._tokens + since * self._rate)
            self._rate += self._peak * FASTER * self.tempo * since
            if self.limit is not None:
                self._rate = min(self.limit, self._rate)
            if self._tokens < 1.0 - 1e-9:
                return (1.0 - self._tokens) / self._rate
            self._tokens -= 1.0
        self._gone.append(now)
        return 0.0

    def heard(self, now: float, quota: Quota) -> None:
        """Note what an answer says of what is left."""
        self._refusals = 0
        if quota.remaining is None:
            return
        if self._rate is not None:
            self._tokens = min(self._tokens, quota.remaining)
        if quota.remaining == 0 and quota.reset is not None:
            self.pause(now, quota.reset)

    def refused(self, now: float, retry_after: float | None) -> float:
        """
        Note a refusal over too many calls.

        :param retry_after: seconds the gateway asked to wait.
        :return: seconds for which no call is made.
        """
        first = FIRST_PAUSE / self.tempo
        # What was on its way when the first one was refused says nothing new.
        if now >= max(self._slowed_at + first, self._paused_until):
            self._refusals += 1
            self._slow_down(now)
        own = first * 2.0 ** min(_DOUBLED, self._refusals - 1)
        self.pause(now, own if retry_after is None else retry_after)
        return max(0.0, self._paused_until - now)

    def pause(self, now: float, seconds: float) -> None:
        """Note that the gateway asks to be left alone, for another reason than too many calls."""
        self._paused_until = max(self._paused_until, now + seconds)
        # None are saved up meanwhile.
        self._tokens, self._at = min(self._tokens, 1.0 - self.spread), self._paused_until

    def _slow_down(self, now: float) -> None:
        if self._rate is None:
            self._rate = self._measured(now) if self.limit is None else self.limit
        # So a process recovers in twenty seconds, and many that share a limit do not overrun it at each step.
        self._peak = max(self._rate, 1.0 if self.limit is None else self.limit / 10)
        self._rate = max(LEAST * self.tempo, self._rate * SLOWER)
        self._tokens, self._slowed_at = 1.0, now

    def _measured(self, now: float) -> float:
        """Return the requests a second of the last moments."""
        return len(self._gone) / max(1.0, now - self._gone[0]) if self._gone else 1.0

    @property
    def rate(self) -> float | None:
        """Requests a second at the moment; ``None``: as many as come."""
        return self.limit if self._rate is None else self._rate


class Pace:
    """
    The lanes of one account in this process. Thread-safe.

    :param limits: what the gateway counts apart, with its documented limits; empty: all calls together.
    :param most: requests a second of each lane, as the connection says; it takes the place of the documented
        limits.
    :param spread: see :class:`Lane`, as for ``tempo``.
    """

    def __init__(
        self,
        limits: Mapping[Kind, RateLimit],
        most: float | None = None,
        *,
        spread: float = 0.0,
        tempo: float = 1.0,
    ) -> None:
        self._guard = threading.Lock()
        burst = max(1.0, most or 1.0)
        self._other = Lane(most, burst, spread, tempo)
        self._lanes = {
            kind: Lane(most or limit.per_second, burst if most else limit.burst, spread, tempo)
            for kind, limit in limits.items()
        }

    def lane(self, kind: Kind) -> Lane:
        """Return where the calls of a kind are counted."""
        return self._lanes.get(kind, self._other)

    def acquire(self, kind: Kind, now: float) -> float:
        """Take a turn; see :meth:`Lane.acquire`."""
        with self._guard:
            return self.lane(kind).acquire(now)

    def heard(self, kind: Kind, now: float, quota: Quota) -> None:
        """Note an answer; see :meth:`Lane.heard`."""
        with self._guard:
            self.lane(kind).heard(now, quota)

    def refused(self, kind: Kind, now: float, retry_after: float | None) -> None:
        """Note a refusal over too many calls; see :meth:`Lane.refused`."""
        with self._guard:
            self.lane(kind).refused(now, retry_after)

    def pause(self, kind: Kind, now: float, seconds: float) -> None:
        """Note that the gateway asks to be left alone; see :meth:`Lane.pause`."""
        with self._guard:
            self.lane(kind).pause(now, seconds)


class Paces:
    """The paces of this process: one for each account and limit. Thread-safe; bounded."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._paces: OrderedDict[tuple[object, ...], Pace] = OrderedDict()

    def of(self, api: GatewayApi, settings: ConnectionSettings) -> Pace:
        """Return the pace that all share who call through this connection, or another one of its account."""
        account = hashlib.sha256(settings.api_key.encode()).digest()
        key = (api.name, settings.base_url, account, settings.max_requests_per_second)
        with self._guard:
            if key not in self._paces:
                self._paces[key] = pace_for(api, settings, random.SystemRandom().random())
            self._paces.move_to_end(key)
            if len(self._paces) > _ACCOUNTS:
                self._paces.popitem(last=False)
            return self._paces[key]

    def clear(self) -> None:
        """Forget all of them."""
        with self._guard:
            self._paces.clear()


PACES: Final = Paces()
"""Of this process."""


def pace_for(api: GatewayApi, settings: ConnectionSettings, spread: float) -> Pace:
    """Return a new pace for a connection."""
    limits = api.rate_limits
    if not settings.loopback:
        return Pace(limits, settings.max_requests_per_second, spread=spread)
    # A sandbox on this machine, whose time runs faster and which no documented limit protects.
    unknown = {kind: limit._replace(per_second=None) for kind, limit in limits.items()}
    return Pace(unknown, settings.max_requests_per_second, spread=spread, tempo=_TEMPO_OF_SANDBOX)

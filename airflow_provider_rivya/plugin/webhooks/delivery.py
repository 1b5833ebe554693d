"""A delivery of ToAPIs' webhooks: is it genuine and in time, and which generation is it about? Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from airflow_provider_rivya.waiting.generation_id import id_fault

ID: Final = b"x-toapis-webhook-id"
TIMESTAMP: Final = b"x-toapis-webhook-timestamp"
SIGNATURE: Final = b"x-toapis-webhook-signature"
FRESH: Final = 300.0
"""Seconds that the time of a first delivery may be off."""

_EVENT_ID: Final = re.compile(r"[\x21-\x7e]{1,200}")
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_SIGNED: Final = re.compile(r"v1=([0-9a-f]{64})")
_MOST_SIGNATURES: Final = 4
_LONGEST_SIGNATURES: Final = 400
_ENDS: Final = ("generation.completed", "generation.failed")


@dataclass(frozen=True, slots=True)
class Envelope:
    """
    What the headers say.

    :param sent_at: Unix seconds, as they were sent.
    :param signatures: hexadecimal; for a day after a change of the secret there are two.
    """

    event_id: str
    sent_at: str
    signatures: tuple[str, ...]

    @classmethod
    def read(cls, headers: Iterable[tuple[bytes, bytes]]) -> Self | None:
        """
        Read the headers.

        :param headers: names in lower case, as ASGI has them.
        :return: ``None`` where one is missing, stands there twice or has another form.
        """
        found: dict[bytes, list[str]] = {ID: [], TIMESTAMP: [], SIGNATURE: []}
        for name, value in headers:
            if name in found:
                found[name].append(value.decode("latin-1"))
        if any(len(values) != 1 for values in found.values()):
            return None
        event_id, sent_at, signed = (found[name][0].strip() for name in (ID, TIMESTAMP, SIGNATURE))
        if not _EVENT_ID.fullmatch(event_id) or not _SECONDS.fullmatch(sent_at):
            return None
        if len(signed) > _LONGEST_SIGNATURES:
            return None
        matches = (_SIGNED.fullmatch(part.strip()) for part in signed.split(",")[:_MOST_SIGNATURES])
        signatures = tuple(match.group(1) for match in matches if match is not None)
        return cls(event_id, sent_at, signatures) if signatures else None

    def signers(self, body: bytes, secrets: Mapping[str, bytes]) -> frozenset[str]:
        """
        Return those whose secret has signed this, of all whose secret is known.

        :param body: the bytes as they were received.
        :param secrets: by the id of the connection.
        """
        return frozenset(conn_id for conn_id, secret in secrets.items() if self._is_signed(body, secret))

    def is_fresh(self, now: float) -> bool:
        return abs(now - float(self.sent_at)) <= FRESH

    def _is_signed(self, body: bytes, secret: bytes) -> bool:
        right = signature_of(secret, self.event_id, self.sent_at, body)
        return any(hmac.compare_digest(right, given) for given in self.signatures)


def signature_of(secret: bytes, event_id: str, sent_at: str, body: bytes) -> str:
    """Return the signature of a delivery, in lower-case hexadecimal."""
    return hmac.new(
        secret, b".".join((event_id.encode(), sent_at.encode(), body)), hashlib.sha256
    ).hexdigest()


def generation_of(body: bytes) -> str | None:
    """
    Return the id of the generation whose end an event tells of.

    Nothing else of an event is read: what has become of the generation the gateway is asked for.

    :return: ``None`` for another event, or one that cannot be read.
    """
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    data = event.get("data") if isinstance(event, dict) and event.get("type") in _ENDS else None
    generation_id = data.get("task_id") if isinstance(data, dict) else None
    return generation_id if isinstance(generation_id, str) and id_fault(generation_id) is None else None


class Seen:
    """
    The latest events that have come in time, and which of them were taken.

    A repeat of one of these may be old: the id decides.

    :param most: how many are remembered.
    """

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._taken: OrderedDict[tuple[str, frozenset[str]], bool] = OrderedDict()

    def note(self, event_id: str, signers: frozenset[str], *, taken: bool) -> None:
        self._taken[event_id, signers] = taken
        self._taken.move_to_end((event_id, signers))
        if len(self._taken) > self._most:
            self._taken.popitem(last=False)

    def came_in_time(self, event_id: str, signers: frozenset[str]) -> bool:
        return (event_id, signers) in self._taken

    def was_taken(self, event_id: str, signers: frozenset[str]) -> bool:
        return self._taken.get((event_id, signers), False)

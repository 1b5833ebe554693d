"""What the sandbox does with an ``Idempotency-Key``."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_rivya.sandbox.assumptions.current import Assumptions
from airflow_provider_rivya.sandbox.errors import ApiError
from airflow_provider_rivya.sandbox.state.store import ApiKey

CONFLICT = 409


@dataclass
class Entry:
    """The first use of a key: its body's digest and, once taken in, what was answered."""

    place: tuple[str, str]
    digest: str
    since: float
    answer: tuple[int, dict[str, Any]] | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)


class IdempotencyKeys:
    """
    Keys in use. Only accepted requests are remembered: a refused one made nothing that could be
    repeated, so its key is free again.
    """

    def __init__(self, assumptions: Assumptions) -> None:
        self._assumptions = assumptions
        self._entries: dict[tuple[str, str], Entry] = {}

    def reset(self) -> None:
        for entry in self._entries.values():
            entry.done.set()
        self._entries = {}

    def check(self, key: str) -> None:
        """:raises ApiError: the key is empty or longer than the switch allows."""
        limit = self._assumptions.limit("idempotency_max_length")
        if not key.strip():
            raise ApiError("validation_failed", "Idempotency-Key must not be empty")
        if limit is not None and len(key) > limit:
            raise ApiError(
                "validation_failed",
                f"Idempotency-Key has {len(key)} characters, at most {limit:g} are allowed",
            )

    async def begin(
        self, caller: ApiKey, key: str, body: bytes, now: float
    ) -> Entry | tuple[int, dict[str, Any]]:
        """
        Claim a key for one request.

        :param body: the raw request body, which is JSON; a switch tells what counts as the same.
        :return: the entry to :meth:`finish` or :meth:`give_up`, or the first request's answer.
        :raises ApiError: ``idempotency_conflict``.
        """
        scope = caller.account if self._assumptions.text("idempotency_scope") == "account" else caller.key
        place = (scope, key)
        digest = self._digest(body)
        while True:
            entry = self._entries.get(place)
            if entry is None or self._outdated(entry, now):
                self._entries[place] = fresh = Entry(place, digest, now)
                return fresh
            replay = self._assumptions.text("idempotency_replay")
            if replay == "new_task":
                return Entry(place, digest, now)
            other = self._assumptions.value("idempotency_other_body")
            if entry.digest != digest and other != "ignored":
                text = "This Idempotency-Key was used with another request body"
                raise ApiError("idempotency_conflict", text, status=int(other))
            if entry.answer is not None:
                if replay == "conflict":
                    raise ApiError("idempotency_conflict", "This Idempotency-Key was used before")
                status = self._assumptions.value("idempotency_replay_status")
                return (entry.answer[0] if status == "as_first" else int(status)), entry.answer[1]
            if self._assumptions.text("idempotency_in_progress") == "conflict":
                code = self._assumptions.text("idempotency_in_progress_code")
                raise ApiError(code, "A request with this Idempotency-Key is in progress", status=CONFLICT)
            await entry.done.wait()

    def _digest(self, body: bytes) -> str:
        same = self._assumptions.text("idempotency_same_body")
        if same == "key_only":
            return ""
        if same == "json":
            body = json.dumps(json.loads(body), sort_keys=True).encode()
        return hashlib.sha256(body).hexdigest()

    def _outdated(self, entry: Entry, now: float) -> bool:
        kept = self._assumptions.limit("idempotency_ttl_seconds")
        return entry.answer is not None and kept is not None and now > entry.since + kept

    def finish(self, entry: Entry, status: int, answer: dict[str, Any]) -> None:
        entry.answer = (status, answer)
        entry.done.set()

    def give_up(self, entry: Entry) -> None:
        """The request was refused: whoever waits for it, or comes next, starts anew."""
        if self._entries.get(entry.place) is entry:
            del self._entries[entry.place]
        entry.done.set()

"""What the sandbox does with an ``Idempotency-Key``."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from airflow_provider_rivya.sandbox.errors import ApiError
from airflow_provider_rivya.sandbox.state.accounts import ApiKey
from airflow_provider_rivya.sandbox.state.store import State, Task

CONFLICT, SERVER_ERROR = 409, 500
BAD_REQUEST = 400
ALPHABETS: Mapping[str, re.Pattern[str]] = {
    "printable": re.compile(r"[\x20-\x7e]+"),
    "visible": re.compile(r"[\x21-\x7e]+"),
    "A-Za-z0-9._~-": re.compile(r"[A-Za-z0-9._~-]+"),
    "A-Za-z0-9_:-": re.compile(r"[A-Za-z0-9_:-]+"),
    "quoted": re.compile(r"\"[\x20\x21\x23-\x5b\x5d-\x7e]+\"|[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*"),
}
"""Per switch; the last one is a string or a token of RFC 8941."""

Now = Callable[[], tuple[int, dict[str, Any]]]


class Reply(NamedTuple):
    """The answer to a request that makes nothing new."""

    status: int
    document: dict[str, Any]
    headers: Mapping[str, str]


@dataclass
class Entry:
    """
    The first use of a key.

    :param digest: of its body.
    :param ignored: the key counts for nothing.
    :param answer: status and document, once it was taken in.
    :param refusal: what is raised again.
    :param task: what it has made; ``current`` gives the answer as it would be by now.
    """

    place: tuple[str, ...]
    digest: str
    since: float
    ignored: bool = False
    answer: tuple[int, dict[str, Any]] | None = None
    refusal: ApiError | None = None
    task: Task | None = None
    current: Now | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)


class IdempotencyKeys:
    """Keys in use."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._assumptions = state.assumptions
        self._entries: dict[tuple[str, ...], Entry] = {}

    def reset(self) -> None:
        for entry in self._entries.values():
            entry.done.set()
        self._entries = {}

    def read(self, given: Sequence[str]) -> str | None:
        """
        Return the key of a request.

        :param given: the values of its headers of that name.
        :raises ApiError: it is empty, longer than the switch allows, of other characters, or there are two.
        """
        text, code = self._assumptions.text, self._assumptions.text("idempotency_bad_key_code")
        if not given:
            return None
        two = text("idempotency_two_headers")
        if len(given) > 1 and two not in ("first", "last"):
            raise ApiError(code, "Idempotency-Key was sent more than once", status=BAD_REQUEST)
        key = given[-1 if two == "last" else 0]
        limit = self._assumptions.limit("idempotency_max_length")
        if not key.strip():
            raise ApiError(code, "Idempotency-Key must not be empty", status=BAD_REQUEST)
        if limit is not None and len(key) > limit:
            said = f"Idempotency-Key has {len(key)} characters, at most {limit:g} are allowed"
            raise ApiError(code, said, status=BAD_REQUEST)
        if not ALPHABETS[text("idempotency_alphabet")].fullmatch(key):
            raise ApiError(code, "Idempotency-Key has characters that it may not have", status=BAD_REQUEST)
        return key

    async def begin(self, caller: ApiKey, key: str, body: bytes, path: str, now: float) -> Entry | Reply:
        """
        Claim a key for one request.

        :param body: the raw request body, which is JSON; a switch tells what counts as the same.
        :return: the entry to :meth:`finish` or :meth:`give_up`, or what a repeat gets.
        :raises ApiError: a conflict, or the first one's refusal again.
        """
        place = self._place(caller, key, path)
        digest = self._digest(body)
        while True:
            entry = self._entries.get(place)
            if entry is None or self._over(entry, now):
                self._entries[place] = fresh = Entry(place, digest, now)
                return fresh
            if (replay := self._assumptions.text("idempotency_replay")) == "new_task":
                return Entry(place, digest, now, ignored=True)
            other = self._assumptions.value("idempotency_other_body")
            if entry.digest != digest and other != "ignored":
                text = "This Idempotency-Key was used with another request body"
                raise ApiError("idempotency_conflict", text, status=int(other))
            if entry.refusal is not None:
                raise entry.refusal
            if entry.answer is not None:
                if replay == "conflict":
                    raise ApiError("idempotency_conflict", "This Idempotency-Key was used before")
                return self._replayed(entry, entry.answer, current=replay == "current_state")
            how = self._assumptions.text("idempotency_in_progress")
            if how == "join" and entry.current is not None:
                return self._replayed(entry, entry.current(), current=True)
            if how in ("conflict", "new_key"):
                code = self._assumptions.text("idempotency_in_progress_code")
                text = "A request with this Idempotency-Key is in progress"
                text = f"{text}; use another key" if how == "new_key" else text
                raise ApiError(code, text, status=CONFLICT)
            await entry.done.wait()

    def header(self, *, ignored: bool) -> dict[str, str]:
        """Return what an answer under a used key says of that."""
        how = self._assumptions.text("idempotency_replay_header")
        if how == "Idempotency-Status":
            return {how: "ignored" if ignored else "replayed"}
        return {} if ignored or how == "none" else {how: "true"}

    def _replayed(self, entry: Entry, answer: tuple[int, dict[str, Any]], *, current: bool) -> Reply:
        status = self._assumptions.value("idempotency_replay_status")
        document = entry.current()[1] if current and entry.current is not None else answer[1]
        return Reply(answer[0] if status == "as_first" else int(status), document, self.header(ignored=False))

    def _place(self, caller: ApiKey, key: str, path: str) -> tuple[str, ...]:
        scope = self._assumptions.text("idempotency_scope")
        if scope == "endpoint":
            return (caller.account, path, key)
        if scope == "account":
            return (caller.account, key)
        own = (caller.account, caller.key, key)
        if own not in self._entries and self._assumptions.text("idempotency_survives_key_rotation") == "yes":
            for place in self._entries:
                old = self._state.keys.get(place[1]) if len(place) == len(own) else None
                if (place[0], place[-1]) == (caller.account, key) and old and old.state != "active":
                    return place
        return own

    def _digest(self, body: bytes) -> str:
        same = self._assumptions.text("idempotency_same_body")
        if same == "key_only":
            return ""
        if same == "json":
            body = json.dumps(json.loads(body), sort_keys=True).encode()
        return hashlib.sha256(body).hexdigest()

    def _over(self, entry: Entry, now: float) -> bool:
        """Whether the key is free again."""
        if not entry.done.is_set():
            return False
        failed = entry.task is not None and entry.task.status_at(now) == "failed"
        if failed and self._assumptions.text("idempotency_failed_task_keeps_key") == "no":
            return True
        kept = self._assumptions.limit("idempotency_ttl_seconds")
        return kept is not None and now > entry.since + kept

    def finish(self, entry: Entry, answer: tuple[int, dict[str, Any]]) -> None:
        entry.answer = answer
        entry.done.set()

    def refuse(self, entry: Entry, error: ApiError) -> None:
        """The request was refused: switches tell whether its key is free again."""
        keeps = self._assumptions.text("idempotency_refusal_keeps_key")
        valid = error.code != "validation_failed"
        if not entry.ignored and (
            error.status >= SERVER_ERROR or keeps == "yes" or (keeps != "no" and valid)
        ):
            entry.refusal = error
            entry.done.set()
        else:
            self.give_up(entry)

    def give_up(self, entry: Entry) -> None:
        """Whoever waits for the request, or comes next, starts again."""
        if self._entries.get(entry.place) is entry:
            del self._entries[entry.place]
        entry.done.set()

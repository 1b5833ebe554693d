"""
The submission record: what is known of one paid generation, as it is stored, and what its states mean. Pure.

::

    intent ──> submitted ──> delivered
      └──> withdrawn  └───> failed

A record is written before the request is sent (``intent``, with the exact body and the idempotency key) and
completed right after the answer (``submitted``, with the task id).
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeGuard

from airflow_provider_rivya.submission.identity import is_later

VERSION: Final = 1

State = Literal["intent", "withdrawn", "submitted", "delivered", "failed"]
STATES: Final[tuple[State, ...]] = ("intent", "withdrawn", "submitted", "delivered", "failed")


EXPIRED: Final = "result_expired"
"""Code of a generation whose result nobody can fetch any more; ours, not a gateway's."""


class UnreadableRecordError(ValueError):
    """A record exists but cannot be understood. Never taken for "no record": that could pay twice."""


@dataclass(frozen=True, slots=True)
class Record:
    """
    One submission.

    :param state: ``intent``: about to be sent, or sent without an answer; ``withdrawn``: certainly not taken
        in; ``submitted``; ``delivered``: landed; ``failed``: at the gateway.
    :param epoch: the task instance's ``max_tries`` when it was begun: stands still over automatic
        retries, grows when a person clears the task. Not always when it is cleared while it runs: Airflow
        then ends the process, and raises ``max_tries`` only if the executor reports that as a success.
    :param attempt: grows with each generation that is begun after another one: after it failed, or was
        delivered or left behind.
    :param fingerprint: of the request.
    :param key: idempotency key.
    :param begun_at: when the intent was written, seconds since the epoch, by the clock of that worker.
    :param not_before: a moment before it, by the clock of Airflow's servers: when the try that began it was
        made. The clocks of two workers may differ by more than a generation takes.
    :param conn_id: the connection it was sent through.
    :param model: public model id.
    :param body: exact JSON text; dropped once the task id is known.
    :param generation_id: the gateway's task id.
    :param credits: reserved credits; for a failed generation what it cost in the end (``None``:
        the gateway does not say).
    :param code: the gateway's code of a failed generation.
    :param submitted_at: when the task id came, seconds since the epoch.
    :param namespace: the ``idempotency_namespace`` that its key was made with.
    :param category: of the model: where the gateway keeps the generation.
    :param outputs: how many results its request can have; ``None`` where nothing tells.
    :param holder: of an intent: the process that may send it, see
        :func:`~airflow_provider_rivya.submission.identity.new_holder`. ``None``: that one has given up.
    :param try_id: the try that began it, or went on with it after a clear; later tries have greater ones.
    :param asked_at: when a try stopped at this intent and asked for a person, seconds since the epoch.
    """

    state: State
    epoch: int
    attempt: int
    fingerprint: str
    key: str
    begun_at: float
    conn_id: str
    model: str
    body: str | None = None
    generation_id: str | None = None
    credits: float | None = None
    code: str | None = None
    submitted_at: float | None = None
    namespace: str = ""
    category: str | None = None
    outputs: int | None = None
    holder: str | None = None
    try_id: str | None = None
    asked_at: float | None = None
    not_before: float | None = None

    # -- what its state means ----------------------------------------------------------------------

    @property
    def unanswered(self) -> bool:
        """Whether it was sent, or is about to be, and no answer is known."""
        return self.state == "intent"

    @property
    def is_withdrawn(self) -> bool:
        return self.state == "withdrawn"

    @property
    def is_delivered(self) -> bool:
        return self.state == "delivered"

    @property
    def has_failed(self) -> bool:
        return self.state == "failed"

    @property
    def pending(self) -> bool:
        """Whether it may still run, or be paid for without a result."""
        return self.state in ("intent", "submitted")

    @property
    def taken_in(self) -> bool:
        """Whether the gateway has certainly taken it in."""
        return self.state in ("submitted", "delivered", "failed")

    @property
    def cost_nothing(self) -> bool:
        """Whether nothing of it is left to be paid or fetched."""
        return self.is_withdrawn or (self.has_failed and self.credits == 0)

    @property
    def progress(self) -> int:
        """How far it has come: what two processes write of one submission never goes back."""
        return {"intent": 0, "withdrawn": 0, "submitted": 1, "delivered": 2, "failed": 2}[self.state]

    def cleared_since(self, epoch: int) -> bool:
        """
        Whether somebody has cleared the task since it was begun, or gone on with.

        :param epoch: the task instance's ``max_tries`` now.
        """
        return epoch != self.epoch

    def rules(self, epoch: int) -> bool:
        """Whether it rules over what the templates render now: until a clear, if it may be paid for."""
        return not self.cleared_since(epoch) and (self.pending or self.is_delivered)

    def counts(self, epoch: int, *, reuse: bool) -> bool:
        """
        Whether its generation is what the task asks for, or may be paid for.

        :param reuse: a delivered generation is, even after a clear.
        """
        if self.cost_nothing:
            return False
        over = self.has_failed or (self.is_delivered and not reuse)
        return not (over and self.cleared_since(epoch))

    # -- what becomes of it ------------------------------------------------------------------------

    def submitted(self, generation_id: str, credits: float | None, now: float) -> Record:
        return replace(
            self,
            state="submitted",
            body=None,
            holder=None,
            asked_at=None,
            generation_id=generation_id,
            credits=credits,
            submitted_at=now,
        )

    def withdrawn(self) -> Record:
        """
        Return it as certainly not taken in.

        To the tries after it it counts as no record, but for its attempt; to one before it that still lives,
        "no record" would mean that it may begin.
        """
        return replace(self, state="withdrawn", body=None, holder=None, asked_at=None)

    def delivered(self) -> Record:
        return replace(self, state="delivered", body=None)

    def failed(self, code: str | None, credits: float | None) -> Record:
        return replace(self, state="failed", body=None, code=code, credits=credits)

    def adopted(self, epoch: int, try_id: str | None) -> Record:
        """Return it as a try goes on with it; unchanged if that is not after a clear, or a later one has."""
        if not self.cleared_since(epoch) or is_later(self.try_id, try_id):
            return self
        return replace(self, epoch=epoch, try_id=try_id)

    def released(self) -> Record:
        """Return it as an intent that no process is about to send."""
        return replace(self, holder=None)

    def to_json(self) -> dict[str, Any]:
        document = {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}
        return signed({"version": VERSION, **document})

    @classmethod
    def from_json(cls, document: Any) -> Record:
        """
        Read a record.

        :raises UnreadableRecordError: it is not a record, or one of a newer version.
        """
        if not isinstance(document, dict):
            raise UnreadableRecordError("the submission record is not an object")
        fields = dict(document)
        for name in _SHARED:
            if type(value := fields.get(name)) is str:
                fields[name] = sys.intern(value)
        version = fields.pop("version", None)
        fields.pop(SIGNATURE, None)
        if version != VERSION:
            raise UnreadableRecordError(
                f"the submission record has version {version!r}; this release reads version {VERSION}"
            )
        try:
            record = cls(**fields)
        except TypeError:
            raise UnreadableRecordError("the submission record has missing or unknown fields") from None
        if not all(_TYPES[name](value) for name, value in fields.items()):
            raise UnreadableRecordError("the submission record has fields of another type, or out of range")
        if (
            (record.taken_in and not record.generation_id)
            or (record.unanswered and not record.body)
            or (record.holder is not None and not record.unanswered)
        ):
            raise UnreadableRecordError(f"the submission record is not consistent (state {record.state!r})")
        if not is_signed(document):
            raise UnreadableRecordError("the submission record is damaged, or was changed by hand")
        return record

    @classmethod
    def carried(cls, document: Any) -> Record | None:
        """Read a record that a deferral has carried; ``None``: none, or one that the store has to tell."""
        try:
            return cls.from_json(document)
        except UnreadableRecordError:
            return None


_SHARED: Final = ("state", "conn_id", "model", "namespace", "category", "try_id")
"""What ten thousand rows of a batch have in common: kept in memory once."""

SIGNATURE: Final = "check"
"""The field that tells whether a record is whole: a digest of all others."""

LATEST: Final = 1e11
"""No time is later than this: seconds since the epoch, some thousand years on."""


def signed(document: dict[str, Any]) -> dict[str, Any]:
    """Return a record's document with the digest that belongs to it."""
    others = {name: value for name, value in document.items() if name != SIGNATURE}
    # Some stores hand 5.0 back as 5.
    plain = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in others.items()
    }
    text = json.dumps(plain, sort_keys=True)
    return {**others, SIGNATURE: hashlib.sha256(text.encode()).hexdigest()[:16]}


def is_signed(document: dict[str, Any]) -> bool:
    """Whether a document is what was written."""
    return bool(document.get(SIGNATURE) == signed(document)[SIGNATURE])


def is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def _is_name(value: object) -> bool:
    return is_text(value) and bool(value)


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def is_number(value: object) -> TypeGuard[float]:
    # Comparisons also turn down what is not finite, and integers that no float can hold.
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1e15


def _is_moment(value: object) -> bool:
    return is_number(value) and value <= LATEST


_TYPES: Final[dict[str, Callable[[object], bool]]] = {
    "state": lambda value: value in STATES,
    "credits": is_number,
    **dict.fromkeys(("epoch", "attempt", "outputs"), is_count),
    **dict.fromkeys(("begun_at", "submitted_at", "asked_at", "not_before"), _is_moment),
    **dict.fromkeys(("fingerprint", "key", "conn_id", "model", "try_id"), _is_name),
    **dict.fromkeys(("body", "generation_id", "code", "namespace", "category", "holder"), is_text),
}

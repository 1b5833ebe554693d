"""
The submission record: what is known of one paid generation, as it is stored, and what its states mean. Pure.

::

    intent ──> submitted ──> delivered
      └──> withdrawn  └───> failed

A record is written before the request is sent (``intent``, with the exact body and the idempotency key) and
completed right after the answer (``submitted``, with the task id).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

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
    :param begun_at: when the intent was written, seconds since the epoch.
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
    :param holder: of an intent: the process that may send it, see
        :func:`~airflow_provider_rivya.submission.identity.new_holder`.
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
    holder: str | None = None
    try_id: str | None = None
    asked_at: float | None = None

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

    def to_json(self) -> dict[str, Any]:
        document = {key: value for key, value in asdict(self).items() if value is not None}
        return {"version": VERSION, **document}

    @classmethod
    def from_json(cls, document: Any) -> Record:
        """
        Read a record.

        :raises UnreadableRecordError: it is not a record, or one of a newer version.
        """
        if not isinstance(document, dict):
            raise UnreadableRecordError("the submission record is not an object")
        fields = dict(document)
        version = fields.pop("version", None)
        if version != VERSION:
            raise UnreadableRecordError(
                f"the submission record has version {version!r}; this release reads version {VERSION}"
            )
        try:
            record = cls(**fields)
        except TypeError:
            raise UnreadableRecordError("the submission record has missing or unknown fields") from None
        if not all(_is_of(kind, fields[name]) for name, kind in _TYPES.items() if name in fields):
            raise UnreadableRecordError("the submission record has fields of another type")
        if (
            record.state not in STATES
            or (record.taken_in and not record.generation_id)
            or (record.unanswered and not record.body)
        ):
            raise UnreadableRecordError(f"the submission record is not consistent (state {record.state!r})")
        return record


_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    **dict.fromkeys(("epoch", "attempt"), int),
    **dict.fromkeys(("begun_at", "credits", "submitted_at", "asked_at"), (int, float)),
    **dict.fromkeys(
        ("state", "fingerprint", "key", "conn_id", "model", "body", "generation_id", "code"), str
    ),
    **dict.fromkeys(("namespace", "category", "holder", "try_id"), str),
}


def _is_of(kind: type | tuple[type, ...], value: object) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)

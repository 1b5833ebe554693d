"""The submission record: what is known of a paid task, as it is stored. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

from airflow_provider_rivya.submission.identity import is_later

VERSION: Final = 1

State = Literal["intent", "withdrawn", "submitted", "delivered", "failed"]
STATES: Final[tuple[State, ...]] = ("intent", "withdrawn", "submitted", "delivered", "failed")


class UnreadableRecordError(ValueError):
    """A record exists but cannot be understood. Never taken for "no record": that could pay twice."""


@dataclass(frozen=True, slots=True)
class Record:
    """
    One submission.

    :param state: see the module.
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
        if epoch == self.epoch or is_later(self.try_id, try_id):
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
        numbers = (
            record.epoch,
            record.attempt,
            record.begun_at,
            record.credits,
            record.submitted_at,
            record.asked_at,
        )
        if not all(number is None or isinstance(number, int | float) for number in numbers):
            raise UnreadableRecordError("the submission record has fields of another type")
        needs_id = record.state in ("submitted", "delivered", "failed")
        if (
            record.state not in STATES
            or (needs_id and not record.generation_id)
            or (record.state == "intent" and not record.body)
        ):
            raise UnreadableRecordError(f"the submission record is not consistent (state {record.state!r})")
        return record

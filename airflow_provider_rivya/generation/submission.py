"""
The durable submission record: what is known of a paid task, and what a new try does with it.

Pure. A record is written *before* the request is sent (``intent``, with the exact body and the
idempotency key) and completed right after the answer (``submitted``, with the task id). Whoever
finds a record, after whatever crash, asks :func:`next_step` what to do.

::

    none ──> intent ──> submitted ──> delivered
                            └───────> failed
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

VERSION: Final = 1

RESUBMIT_WINDOW: Final = 24 * 3600.0
"""
Seconds for which an intent without an answer is sent again under the same key.

How long the gateway remembers a key is not documented; a day is an assumption, and the reason why
``on_uncertain_submission`` exists.
"""

State = Literal["intent", "submitted", "delivered", "failed"]
STATES: Final[tuple[State, ...]] = ("intent", "submitted", "delivered", "failed")

OnRerun = Literal["regenerate", "reuse"]
OnUncertain = Literal["resubmit", "fail"]


class UnreadableRecordError(ValueError):
    """A record exists but cannot be understood. Never taken for "no record": that could pay twice."""


@dataclass(frozen=True, slots=True)
class Identity:
    """
    Which task instance a record belongs to; stable over retries, clears and re-renders.

    :param namespace: ``idempotency_namespace`` of the connection: tells two Airflow deployments
        on one account apart.
    """

    namespace: str
    dag_id: str
    run_id: str
    task_id: str
    map_index: int

    @property
    def digest(self) -> str:
        """sha256 (hex) of the identity and nothing else."""
        return _digest(self.namespace, self.dag_id, self.run_id, self.task_id, str(self.map_index))


@dataclass(frozen=True, slots=True)
class Record:
    """
    One submission.

    :param state: see the module.
    :param epoch: the task instance's ``max_tries`` when it was begun: stands still over automatic
        retries, grows when a person clears the task.
    :param attempt: grows after a generation failed, or was delivered and is to be made anew.
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

    def submitted(self, generation_id: str, credits: float | None, now: float) -> Record:
        return replace(
            self,
            state="submitted",
            body=None,
            generation_id=generation_id,
            credits=credits,
            submitted_at=now,
        )

    def delivered(self) -> Record:
        return replace(self, state="delivered", body=None)

    def failed(self, code: str | None, credits: float | None) -> Record:
        return replace(self, state="failed", body=None, code=code, credits=credits)

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
        numbers = (record.epoch, record.attempt, record.begun_at, record.credits, record.submitted_at)
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


def idempotency_key(identity: Identity, epoch: int, attempt: int, fingerprint: str) -> str:
    """
    Return the key for one submission, 46 characters of [a-z0-9-].

    The try number is not in it: a retry must send the same key.
    """
    return f"rivya-{_digest(identity.digest, str(epoch), str(attempt), fingerprint)[:40]}"


# -- what a new try does ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin:
    """
    Write an intent and submit.

    :param abandoned: the record that is left behind, which may be a paid task still running.
    """

    epoch: int
    attempt: int
    abandoned: Record | None = None


@dataclass(frozen=True, slots=True)
class Repeat:
    """Send the recorded body again under the recorded key: whether it arrived is not known."""

    record: Record


@dataclass(frozen=True, slots=True)
class Reattach:
    """
    Wait for, or land, the recorded generation.

    :param changed: the request renders otherwise now; the recorded one rules.
    """

    record: Record
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """Go no further without a person. ``reason`` is a word for code, the text is for people."""

    record: Record
    reason: Literal["uncertain", "charged", "refused"]


Step = Begin | Repeat | Reattach | Stop


def next_step(
    record: Record | None,
    *,
    now: float,
    epoch: int,
    fingerprint: str,
    namespace: str = "",
    on_rerun_after_delivery: OnRerun = "regenerate",
    on_uncertain_submission: OnUncertain = "resubmit",
) -> Step:
    """
    Decide what a try does with what it finds.

    Not cleared (the epoch stands still): the record rules, even where the templates render
    otherwise now, as a re-ordered upstream list must not deliver another row's image. Cleared: a
    person asked for something; the same request goes on where it was, another request begins anew.
    A record that goes on after a clear takes on the new epoch: one clear asks once, and the retries
    that follow it are no clears.

    A request without an answer is sent again under its key while the gateway may still know that. Later,
    or with ``on_uncertain_submission="fail"``, a person has to look; their clear is the answer.

    :param now: seconds since the epoch.
    :param epoch: the task instance's ``max_tries``.
    :param fingerprint: of the request as it renders now.
    :param namespace: ``idempotency_namespace`` of the connection as it is now. Who changes it and
        clears the task says that the key of an unanswered request was somebody else's.
    """
    if record is None:
        return Begin(epoch, 0)
    cleared = epoch != record.epoch
    changed = fingerprint != record.fingerprint
    foreign_key = record.state == "intent" and record.namespace != namespace
    if cleared and (changed or foreign_key):
        return Begin(epoch, 0, abandoned=record)
    if record.state == "intent":
        recent = now - record.begun_at <= RESUBMIT_WINDOW
        if recent and (cleared or on_uncertain_submission == "resubmit"):
            return Repeat(replace(record, epoch=epoch))
        return Begin(epoch, 0, abandoned=record) if cleared else Stop(record, "uncertain")
    if record.state == "submitted":
        return Reattach(replace(record, epoch=epoch), changed)
    if record.state == "delivered":
        if cleared and on_rerun_after_delivery == "regenerate":
            return Begin(epoch, 0)
        return Reattach(replace(record, epoch=epoch), changed)
    if cleared:
        return Begin(epoch, 0)
    if record.credits is None or record.credits > 0:  # not known to have cost nothing
        return Stop(record, "charged")
    if is_content_refusal(record.code):
        return Stop(record, "refused")
    return Begin(epoch, record.attempt + 1)


def is_content_refusal(code: str | None) -> bool:
    """
    Whether a failure code means that this content will be refused again.

    Rivya documents no such code; names that plainly say so are recognised. An assumption.
    """
    words = (code or "").lower()
    return any(
        sign in words for sign in ("content_policy", "moderation", "nsfw", "safety", "policy_violation")
    )


def _digest(*parts: str) -> str:
    # Lengths keep ("a", "bc") and ("ab", "c") apart.
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()

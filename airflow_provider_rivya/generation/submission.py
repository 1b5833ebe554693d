"""
The durable submission record: what is known of a paid task, and what a new try does with it.

Pure. A record is written *before* the request is sent (``intent``, with the exact body and the
idempotency key) and completed right after the answer (``submitted``, with the task id). Whoever
finds a record, after whatever crash, asks :func:`next_step` what to do.

::

    none ──> intent ──> submitted ──> delivered
                ├──> withdrawn  └───> failed

Two processes of one task may live at the same time, as one can outlive its worker. An intent therefore names
its *holder*, the one process that may send it: whoever takes an intent over writes its own name first, and
whoever sends looks right before whether the record still is its own. And a record names the *try* that has
begun or gone on with it: an earlier one, which finds that, does not take the later one's clear for its own.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

VERSION: Final = 1

RESUBMIT_WINDOW: Final = 24 * 3600.0
"""
Seconds for which an intent without an answer is sent again under the same key.

How long the gateway remembers a key is not documented; a day is an assumption, and the reason why
``on_uncertain_submission`` exists.
"""

EXPIRED: Final = "result_expired"
"""Code of a generation whose result nobody can fetch any more; ours, not a gateway's."""

State = Literal["intent", "withdrawn", "submitted", "delivered", "failed"]
STATES: Final[tuple[State, ...]] = ("intent", "withdrawn", "submitted", "delivered", "failed")

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
    :param holder: of an intent: the process that may send it, see :func:`new_holder`.
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

        It counts as no record to the tries after it; to one before it that still lives, "no record" would
        mean that it may begin.
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


def idempotency_key(identity: Identity, epoch: int, attempt: int, fingerprint: str) -> str:
    """
    Return the key for one submission, 46 characters of [a-z0-9-].

    The try number is not in it: a retry must send the same key.
    """
    return f"rivya-{_digest(identity.digest, str(epoch), str(attempt), fingerprint)[:40]}"


def in_order(instance_id: object) -> str | None:
    """
    Return the id of a task instance's try if such ids tell which try was later, as UUIDs of version 7 do.

    Airflow gives a task instance a new one for each try; ``try_number`` begins anew when a DAG run is deleted
    and made again, beside a record in a file.
    """
    try:
        found = uuid.UUID(str(instance_id))
    except ValueError:
        return None
    return str(found) if found.version == 7 else None


def is_later(try_id: str | None, than: str | None) -> bool:
    """Whether one try certainly came after another one."""
    return try_id is not None and than is not None and try_id > than


def new_holder() -> str:
    """Return a name for this process, which no other one has."""
    return uuid.uuid4().hex[:16]


# -- what a new try does ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin:
    """
    Write an intent and submit.

    :param abandoned: the record that is left behind, which may be a paid task still running; if its
        request is the same, it may have been paid for as well.
    """

    epoch: int
    attempt: int
    abandoned: Record | None = None


@dataclass(frozen=True, slots=True)
class Repeat:
    """Send the recorded body again under the recorded key: whether it arrived is not known."""

    record: Record


@dataclass(frozen=True, slots=True)
class LookUp:
    """
    Ask the gateway for the generation of the recorded key, and decide again with what it says.

    For gateways that would make another generation of a repeated request.

    :param patiently: ask for a while, as the gateway may not know at once what it has taken in. Not
        needed where a person has been asked and has answered.
    """

    record: Record
    patiently: bool = True


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
    """
    Go no further without a person.

    :param record: to be kept from now on: that a person was asked may be noted in it.
    :param reason: ``uncertain``: no answer, and it may not be sent again; ``absent``, ``foreign``: no
        answer, and so ended the look-up; ``charged``, ``refused``: how it failed; ``outlived``: a later try
        has begun.
    """

    record: Record
    reason: Literal["uncertain", "absent", "foreign", "charged", "refused", "outlived"]


Step = Begin | Repeat | LookUp | Reattach | Stop

LookedUp = Literal["absent", "foreign"]
"""
What the gateway says of an intent's key: it knows none, or one that is older than the request or of another
model, so not the one looked for. A generation that is found makes the intent a submitted record.
"""


def next_step(
    record: Record | None,
    *,
    now: float,
    epoch: int,
    fingerprint: str,
    namespace: str = "",
    on_rerun_after_delivery: OnRerun = "regenerate",
    on_uncertain_submission: OnUncertain = "resubmit",
    replays_keys: bool = True,
    looked_up: LookedUp | None = None,
    try_id: str | None = None,
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

    A gateway that does not replay keys is never sent the same key again: it is asked for the generation
    of that key. Where it knows none, ``on_uncertain_submission`` decides: a new attempt under a new key,
    which may pay twice, or a person, whose clear after the question is the answer.

    :param now: seconds since the epoch.
    :param epoch: the task instance's ``max_tries``.
    :param fingerprint: of the request as it renders now.
    :param namespace: ``idempotency_namespace`` of the connection as it is now. Who changes it and
        clears the task says that the key of an unanswered request was somebody else's.
    :param replays_keys: whether the gateway answers a repeated key with the generation it has made of it.
    :param looked_up: how a :class:`LookUp` of this very record ended.
    :param try_id: of this try. What a later one has recorded is not acted upon: this process has outlived
        its worker, and the epoch it knows is no clear.
    """
    if record is None:
        return Begin(epoch, 0)
    if is_later(record.try_id, try_id):
        return Reattach(record) if record.generation_id else Stop(record, "outlived")
    if record.state == "withdrawn":
        return Begin(epoch, 0)
    cleared = epoch != record.epoch
    adopted = record.adopted(epoch, try_id)
    changed = fingerprint != record.fingerprint
    foreign_key = record.state == "intent" and record.namespace != namespace
    if record.state == "intent" and not replays_keys:
        answered = record.asked_at is not None and not _was_there(try_id, record.asked_at)
        if looked_up is None:
            return LookUp(record, patiently=not answered)
        if cleared and (answered or changed or foreign_key):
            return Begin(epoch, 0, abandoned=record)
        if looked_up == "absent" and on_uncertain_submission == "resubmit":
            return Begin(epoch, record.attempt + 1, abandoned=record)
        return Stop(replace(adopted, asked_at=now), looked_up)
    if cleared and (changed or foreign_key):
        return Begin(epoch, 0, abandoned=record)
    if record.state == "intent":
        recent = now - record.begun_at <= RESUBMIT_WINDOW
        if recent and (cleared or on_uncertain_submission == "resubmit"):
            return Repeat(adopted)
        return Begin(epoch, 0, abandoned=record) if cleared else Stop(record, "uncertain")
    if record.state == "submitted":
        return Reattach(adopted, changed)
    if record.state == "delivered":
        if cleared and on_rerun_after_delivery == "regenerate":
            return Begin(epoch, 0)
        return Reattach(adopted, changed)
    if cleared:
        return Begin(epoch, 0)
    if record.credits is None or record.credits > 0:  # not known to have cost nothing
        return Stop(record, "charged")
    if is_content_refusal(record.code):
        return Stop(record, "refused")
    return Begin(epoch, record.attempt + 1)


def _was_there(try_id: str | None, moment: float) -> bool:
    """Whether a try is older than a moment: the clear that made it is no answer to a question of then."""
    return try_id is not None and (uuid.UUID(try_id).int >> 80) / 1000 < moment


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

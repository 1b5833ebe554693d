"""
What a try does with the submission record that it finds: begin, repeat, look up, re-attach or stop. Pure.

Whoever finds a record, after whatever crash, asks :func:`next_step`.

Two processes of one task may live at the same time, as one can outlive its worker. An intent therefore names
its *holder*, the one process that may send it: whoever takes an intent over writes its own name first, and
whoever sends looks right before whether the record still is its own. And a record names the *try* that has
begun or gone on with it: an earlier one, which finds that, does not take the later one's clear for its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from airflow_provider_rivya.submission.context import SubmissionPolicy, TryFacts
from airflow_provider_rivya.submission.identity import is_later, was_there
from airflow_provider_rivya.submission.record import Record

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation

RESUBMIT_WINDOW: Final = 24 * 3600.0
"""
Seconds for which an intent without an answer is sent again under the same key.

How long the gateway remembers a key is not documented; a day is an assumption, and the reason why
``on_uncertain_submission`` exists.
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What this try would send, and through which connection.

    :param fingerprint: of the request as it renders now.
    :param namespace: ``idempotency_namespace`` of the connection as it is now. Who changes it and clears the
        task says that the key of an unanswered request was somebody else's.
    :param conn_id: a request without an answer is neither sent again nor looked up through another
        connection, which may be another account or gateway.
    :param replays_keys: whether the gateway answers a repeated key with the generation it has made of it.
    :param row_key: what the row is known by, if not by its position: by mistake two rows may have one.
    """

    fingerprint: str
    namespace: str
    conn_id: str
    replays_keys: bool
    row_key: str | None = None


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
    """
    Send the recorded body again under the recorded key: whether it arrived is not known.

    :param after: seconds to wait before, as the process that holds the intent may live, and be sending it.
    """

    record: Record
    after: float = 0.0


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
        answer, and so ended the look-up; ``elsewhere``: no answer, and it was sent through another
        connection; ``charged``, ``refused``: how it failed; ``outlived``: a later try has begun; ``twin``:
        another row has the same row key.
    """

    record: Record
    reason: StopReason


StopReason = Literal["uncertain", "absent", "foreign", "elsewhere", "charged", "refused", "outlived", "twin"]

Step = Begin | Repeat | LookUp | Reattach | Stop

LookedUp = Literal["absent", "foreign"]
"""
What the gateway says of an intent's key: it knows none, or one that is older than the request or of another
model, so not the one looked for. A generation that is found makes the intent a submitted record.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    How a look-up ended.

    :param found: the generation that the gateway has under the request's key.
    :param foreign: why it is not this request's, or an empty string.
    :param times: how often the gateway was asked.
    :param seconds: from the first time to the last.
    """

    found: Generation | None
    foreign: str
    times: int
    seconds: float

    @property
    def ours(self) -> Generation | None:
        return None if self.foreign else self.found

    @property
    def outcome(self) -> LookedUp | None:
        """``None``: the request's generation was found."""
        if self.found is None:
            return "absent"
        return "foreign" if self.foreign else None

    @property
    def in_words(self) -> str:
        """For how long the gateway was asked."""
        if self.times == 1:
            return "asked once"
        return f"asked {self.times} times in {self.seconds:.0f} s"


def next_step(
    record: Record | None,
    asked: Asked,
    facts: TryFacts,
    policy: SubmissionPolicy,
    *,
    now: float,
    looked_up: LookedUp | None = None,
) -> Step:
    """
    Decide what a try does with what it finds.

    Not cleared (the epoch stands still): the record rules, even where the templates render otherwise now, as
    a re-ordered upstream list must not deliver another row's image. Cleared: a person asked for something;
    the same request goes on where it was, another request begins a new one. A clear of a running task may not
    be seen, see :class:`~airflow_provider_rivya.submission.record.Record`; then the record rules too.
    A record that goes on after a clear takes on the new epoch: one clear asks once, and the retries
    that follow it are no clears.

    A request without an answer is sent again under its key while the gateway may still know that, and once
    the process that holds it has had the time to get its answer. Later, or with
    ``on_uncertain_submission="fail"``, a person has to look; their clear is the answer.

    A gateway that does not replay keys is never sent the same key again: it is asked for the generation
    of that key. Where it knows none, ``on_uncertain_submission`` decides: a new attempt under a new key,
    which may pay twice, or a person, whose clear after the question is the answer.

    :param facts: what a later try has recorded is not acted upon: this process has outlived its worker, and
        the epoch it knows is no clear. Only the first try since a clear knows that the clear came after a
        question that is older than this try, and answers it.
    :param now: seconds since the epoch.
    :param looked_up: how a :class:`LookUp` of this very record ended.
    """
    epoch = facts.epoch
    if record is None:
        return Begin(epoch, 0)
    # Never from 0 again: max_tries can fall, where a DAG's retries were lowered, to what it was before.
    following = record.attempt + 1
    if is_later(record.try_id, facts.try_id):
        return Reattach(record) if record.generation_id else Stop(record, "outlived")
    if record.is_withdrawn:
        return Begin(epoch, record.attempt)
    cleared = record.cleared_since(epoch)
    adopted = record.adopted(epoch, facts.try_id)
    changed = asked.fingerprint != record.fingerprint
    if asked.row_key is not None and facts.first and changed and not cleared:
        # No earlier try of this instance has recorded it.
        return Stop(record, "twin")
    if record.unanswered:
        return _unanswered(record, asked, facts, policy, now, looked_up)
    if cleared and changed:
        return Begin(epoch, following, abandoned=record)
    if record.is_delivered and cleared and policy.on_rerun_after_delivery == "regenerate":
        return Begin(epoch, following)
    if not record.has_failed:
        return Reattach(adopted, changed)
    if cleared:
        return Begin(epoch, following)
    if not record.cost_nothing:
        return Stop(record, "charged")
    if is_content_refusal(record.code):
        return Stop(record, "refused")
    return Begin(epoch, following)


def _unanswered(
    record: Record,
    asked: Asked,
    facts: TryFacts,
    policy: SubmissionPolicy,
    now: float,
    looked_up: LookedUp | None,
) -> Step:
    """Decide what a try does with a request without an answer."""
    cleared = record.cleared_since(facts.epoch)
    adopted = record.adopted(facts.epoch, facts.try_id)
    begin = Begin(facts.epoch, record.attempt + 1, abandoned=record)
    if asked.conn_id != record.conn_id:
        return begin if cleared else Stop(record, "elsewhere")
    # What renders now is another row's, or nothing that anybody has asked to pay for in its place.
    same = asked.fingerprint == record.fingerprint and asked.namespace == record.namespace
    if asked.replays_keys:
        if cleared and not same:
            return begin
        if now - record.begun_at <= RESUBMIT_WINDOW and (cleared or policy.resubmits):
            return Repeat(adopted, _until_old(record, policy, now))
        return begin if cleared else Stop(record, "uncertain")
    was_asked = record.asked_at is not None and not was_there(facts.try_id, record.asked_at)
    answered = was_asked and facts.first_since_clear
    if looked_up is None:
        return LookUp(record, patiently=not answered)
    if cleared and (answered or not same):
        return begin
    if looked_up == "absent" and policy.resubmits and same:
        return begin
    return Stop(replace(adopted, asked_at=now), looked_up)


def _until_old(record: Record, policy: SubmissionPolicy, now: float) -> float:
    """
    Return the seconds until an intent's holder has certainly had the time to record its answer.

    Never more than the whole of that time, whatever the clock of the worker that wrote it was.
    """
    if record.holder is None:
        return 0.0
    return min(max(0.0, record.begun_at + policy.conflict_patience - now), policy.conflict_patience)


def is_content_refusal(code: str | None) -> bool:
    """
    Whether a failure code means that this content will be refused again.

    ToAPIs documents ``content_policy_violation``. Rivya documents no such code: that names which plainly say
    so mean it is an assumption.
    """
    words = (code or "").lower()
    return any(
        sign in words for sign in ("content_policy", "moderation", "nsfw", "safety", "policy_violation")
    )

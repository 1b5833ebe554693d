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

from dataclasses import dataclass, replace
from typing import Final, Literal

from airflow_provider_rivya.submission.identity import is_later, was_there
from airflow_provider_rivya.submission.record import Record

RESUBMIT_WINDOW: Final = 24 * 3600.0
"""
Seconds for which an intent without an answer is sent again under the same key.

How long the gateway remembers a key is not documented; a day is an assumption, and the reason why
``on_uncertain_submission`` exists.
"""

EXPIRED: Final = "result_expired"
"""Code of a generation whose result nobody can fetch any more; ours, not a gateway's."""

OnRerun = Literal["regenerate", "reuse"]
OnUncertain = Literal["resubmit", "fail"]


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
        answer, and so ended the look-up; ``elsewhere``: no answer, and it was sent through another
        connection; ``charged``, ``refused``: how it failed; ``outlived``: a later try has begun.
    """

    record: Record
    reason: Literal["uncertain", "absent", "foreign", "elsewhere", "charged", "refused", "outlived"]


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
    conn_id: str | None = None,
    first_since_clear: bool = True,
) -> Step:
    """
    Decide what a try does with what it finds.

    Not cleared (the epoch stands still): the record rules, even where the templates render
    otherwise now, as a re-ordered upstream list must not deliver another row's image. Cleared: a
    person asked for something; the same request goes on where it was, another request begins anew.
    A clear of a running task may not be seen, see :class:`~airflow_provider_rivya.submission.record.Record`;
    then the record rules too.
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
    :param conn_id: of this try. A request without an answer is neither sent again nor looked up through
        another connection, which may be another account or gateway.
    :param first_since_clear: no try was between the last clear and this one. Only then is it known that the
        clear came after a question that is older than this try, and answers it.
    """
    if record is None:
        return Begin(epoch, 0)
    # Never from 0 again: max_tries can fall, where a DAG's retries were lowered, to what it was before.
    following = record.attempt + 1
    if is_later(record.try_id, try_id):
        return Reattach(record) if record.generation_id else Stop(record, "outlived")
    if record.state == "withdrawn":
        return Begin(epoch, record.attempt)
    cleared = epoch != record.epoch
    adopted = record.adopted(epoch, try_id)
    changed = fingerprint != record.fingerprint
    foreign_key = record.state == "intent" and record.namespace != namespace
    if record.state == "intent" and conn_id not in (None, record.conn_id):
        return Begin(epoch, following, abandoned=record) if cleared else Stop(record, "elsewhere")
    if record.state == "intent" and not replays_keys:
        asked = record.asked_at is not None and not was_there(try_id, record.asked_at)
        answered = asked and first_since_clear
        if looked_up is None:
            return LookUp(record, patiently=not answered)
        if cleared and (answered or changed or foreign_key):
            return Begin(epoch, following, abandoned=record)
        # What renders now is another row's, or nothing that anybody has asked to pay for in its place.
        same = not changed and not foreign_key
        if looked_up == "absent" and on_uncertain_submission == "resubmit" and same:
            return Begin(epoch, following, abandoned=record)
        return Stop(replace(adopted, asked_at=now), looked_up)
    if cleared and (changed or foreign_key):
        return Begin(epoch, following, abandoned=record)
    if record.state == "intent":
        recent = now - record.begun_at <= RESUBMIT_WINDOW
        if recent and (cleared or on_uncertain_submission == "resubmit"):
            return Repeat(adopted)
        return Begin(epoch, following, abandoned=record) if cleared else Stop(record, "uncertain")
    if record.state == "submitted":
        return Reattach(adopted, changed)
    if record.state == "delivered":
        if cleared and on_rerun_after_delivery == "regenerate":
            return Begin(epoch, following)
        return Reattach(adopted, changed)
    if cleared:
        return Begin(epoch, following)
    if record.credits is None or record.credits > 0:  # not known to have cost nothing
        return Stop(record, "charged")
    if is_content_refusal(record.code):
        return Stop(record, "refused")
    return Begin(epoch, following)


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

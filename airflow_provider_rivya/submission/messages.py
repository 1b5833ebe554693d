"""
A task's sentences about money and retries: what became of a generation, what it cost, what a retry will do.

Pure. The reader is on call at night. A sensor's are in :mod:`airflow_provider_rivya.sensors.outcome`, those
of a command or program in :mod:`airflow_provider_rivya.generation.caller`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.credits import in_credits, reserved

if TYPE_CHECKING:
    from airflow_provider_rivya.submission.context import Impasse, Outcome
    from airflow_provider_rivya.submission.record import Record

NOT_KNOWN_YET: Final = (
    "What it has accepted by now continues there and is paid for; a next try that finds its record "
    "re-attaches to it, unless the task was cleared to ask for something else, or finds out about a request "
    "without an answer before it submits anything."
)
"""What becomes of a task that is asked to stop before it knows its task id at the gateway."""

NO_RECORD: Final = "No record of it was found: a retry would submit a new generation and may pay again."

_LOST: Final = "No record survives this try: a retry would submit a new generation and may pay again"

# What is known; then what a retry does that finds the record; or one that finds none.
_FATES: Final[dict[str, tuple[str, str, str]]] = {
    "running": (
        "Generation {id} goes on at the gateway and {paid}.",
        "{again} re-attaches to it and does not pay again.",
        f"{_LOST}.",
    ),
    "stopped": (
        "Generation {id} goes on at the gateway and {paid}.",
        "{again} re-attaches to it and does not pay again, unless the task was cleared to ask for something "
        "else: that is made then, and paid for, and this one is left behind.",
        f"{_LOST}.",
    ),
    "unknown_there": (
        "Generation {id} was accepted and {paid}.",
        "{again} asks for it again and never submits a second one.",
        f"{_LOST}.",
    ),
    "not_landed": (
        "Generation {id} succeeded and is paid for{cost}; its result is not lost.",
        "{again} fetches it again and does not pay again.",
        f"{_LOST}; fetch the result by its task id instead.",
    ),
    "expired": (
        "Generation {id} succeeded and is paid for, but the time for which the gateway keeps its result is "
        "over. No retry is made, as none could fetch it; ask the gateway's support for the result, or clear "
        "the task to submit, and pay for, a new generation.",
        "",
        "",
    ),
    "refunded": ("", "{again} submits a new generation.", "{again} submits a new generation."),
    "charged": (
        "No retry is made, as it would pay again; clear the task to submit a new generation, and ask the "
        "gateway's support about the credits.",
        "",
        "",
    ),
    "refused": (
        "No retry is made, as the same content would be refused again; change the request and clear the "
        "task.",
        "",
        "",
    ),
    "uncertain": ("Whether the gateway accepted it is not known", "{uncertain}", "{uncertain}"),
    "deferred": (
        "A generation was submitted before the deferral and goes on at the gateway; its task id is in the "
        "log above.",
        NO_RECORD,
        NO_RECORD,
    ),
}

# By what a try does with a request without an answer: whether keys are replayed, whether it resubmits.
_UNCERTAIN: Final[dict[tuple[bool, bool], str]] = {
    (True, True): ". {again} sends the same request under the same idempotency key, so that it is paid for "
    "once.",
    (True, False): ". The next try submits nothing and asks for a person, as on_uncertain_submission is "
    "'fail'.",
    (False, True): ". {again} looks it up at the gateway before anything else. If the gateway does not know "
    "it, it is submitted a second time, which may pay twice.",
    (False, False): ". {again} looks it up at the gateway before anything else, and submits nothing before a "
    "person has looked.",
}

_IMPASSES: Final[dict[str, str]] = {
    "uncertain": "This try sent nothing and paid nothing, and no retry is made. Look at the account; then "
    "clear the task: it sends the same request under the same idempotency key within a day of the first, and "
    "a new one after that.",
    "elsewhere": "Whether it was accepted is not known; this try sent nothing and paid nothing, and no retry "
    "is made. Give the task its connection {conn_id!r} back and clear it; or clear it as it is: then it "
    "submits, and pays for, a new one.",
    "unmakeable": "This try sent nothing and paid nothing, and no retry is made. Fix the request, and clear "
    "the task.",
    "not_ours": "This try has paid nothing. Clear the task: it then submits a new generation under a new "
    "key.",
    "other_request": "Whether the request was accepted is not known, and no retry is made, as it would get "
    "the same answer. Look at the account for a generation of about {when}; if there is none, give the "
    "connection another idempotency_namespace and clear the task: it then submits, and pays for, a new one.",
    "absent": "Whether it was accepted, and is paid for, is not known{nothing_sent} No retry is made: look "
    "at the gateway's account for a generation of about {when}, or ask its support for that id. If there is "
    "one, fetch its result by its task id and mark the task as succeeded; if not, clear the task: {then}",
}


@dataclass(frozen=True, slots=True)
class TaskWords:
    """
    The sentences of an Airflow task.

    :param durable: a submission record outlives this try.
    :param retries_left: automatic retries that Airflow will still make.
    :param replays_keys: whether the gateway answers a repeated key with the generation it has made of it.
    :param resubmits: whether a request that the gateway does not know in the end is submitted again.
    """

    durable: bool
    retries_left: int
    replays_keys: bool = True
    resubmits: bool = True

    @property
    def again(self) -> str:
        """Who will try next."""
        if self.retries_left > 0:
            return f"The next try ({self.retries_left} left)"
        return "No retry is left: clear the task, and the next try"

    @property
    def risk(self) -> str:
        if self.retries_left > 0 or not self.durable:
            return ""
        return (
            "This task has no retry left. If its worker dies from here on, the paid result is fetched "
            "only when somebody clears the task; retries=1 or more does it without a person."
        )

    def fate(
        self,
        outcome: Outcome,
        record: Record | None = None,
        *,
        final: bool = False,
        left: Record | None = None,
        credits: float | None = None,
    ) -> str:
        if outcome == "not_submitted":
            return self._not_submitted(final=final, left=left)
        if outcome == "deferred" and record is not None and record.unanswered:
            return f"A generation was submitted before the deferral. {self.fate('uncertain', record)}"
        if outcome == "deferred" and record is not None and record.generation_id is not None:
            outcome = "running"
        if outcome in ("running", "stopped") and (record is None or record.generation_id is None):
            outcome = "uncertain"
        known, with_record, without = _FATES[outcome]
        credits = credits if credits is not None or record is None else record.credits
        parts = f"{known}{'' if outcome == 'uncertain' else ' '}{with_record if self.durable else without}"
        return parts.format(
            id=record.generation_id if record else None,
            paid=reserved(credits),
            cost="" if credits is None else f" ({in_credits(credits)})",
            again=self.again,
            uncertain=self._after_uncertainty(),
        ).strip()

    def impasse(self, why: Impasse, record: Record | None = None, *, sent: bool = False) -> str:
        text = _IMPASSES["absent" if why == "foreign" else why]
        if why == "absent":
            text += (
                " The request renders differently now, so on_uncertain_submission='resubmit' has no effect."
                if self.resubmits
                else " on_uncertain_submission='resubmit' does that without asking, and may pay twice."
            )
        return text.format(
            conn_id=record.conn_id if record else None,
            when=when(record.begun_at) if record else None,
            nothing_sent="." if sent else "; this try sent nothing and paid nothing.",
            then="it looks once more, and then submits, and pays for, a new one under a new id."
            if self.durable
            else "it submits, and pays for, a new one, as there is no record of this one.",
        )

    def _not_submitted(self, *, final: bool, left: Record | None) -> str:
        then = "a retry would not help, so none is made" if final else f"{self.again} submits the request"
        if left is not None:
            return (
                "This try submitted nothing and was charged nothing; an earlier one has left "
                f"{describe(left)}. {then[0].upper()}{then[1:]}."
            )
        if not self.durable:
            return (
                "This try submitted nothing and was charged nothing; no record says what an earlier try "
                f"did; {then}."
            )
        return f"Nothing was submitted and nothing was charged{'; ' if final else '. '}{then}."

    def _after_uncertainty(self) -> str:
        if not self.durable:
            return (
                ", and no record survives this try: a retry would submit a new generation and may pay twice."
            )
        return _UNCERTAIN[self.replays_keys, self.resubmits].format(again=self.again)


def when(moment: float) -> str:
    """Return a moment as a person reads it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def describe(record: Record) -> str:
    """Name what a record leaves behind."""
    if record.is_withdrawn:
        return f"a submission that was taken back (key {record.key}), which cost nothing"
    if record.generation_id is None:
        return f"a submission without an answer (key {record.key}), which may have been paid for"
    known = f"generation {record.generation_id} ({record.state}), which"
    if record.pending:
        return f"{known} may be running and was paid for"
    if record.is_delivered:
        return f"{known} was paid for"
    if record.credits is None:
        return f"{known} may have been charged"
    return f"{known} cost {in_credits(record.credits)}"


def why_begun(
    before: Record | None, abandoned: Record | None, *, fingerprint: str, cleared: bool, first_try: bool
) -> tuple[int, str] | None:
    """
    Word why a try submits although earlier ones have run: a line for the log, and for the account.

    :param before: what the tries before it have recorded.
    :param abandoned: of that, what may still be running, or be paid for without a result.
    :param fingerprint: of the request that is about to be submitted.
    :param cleared: somebody has cleared the task since.
    :param first_try: there are none before it.
    :return: log level and text; ``None`` where there is nothing to tell.
    """
    if abandoned is not None:
        why = (
            "The same request is submitted again, under a new key: if the first one was accepted after "
            "all, both are paid for."
            if abandoned.fingerprint == fingerprint
            else "The task was cleared and asks for something else now."
        )
        return logging.WARNING, f"{why} Left behind: {describe(abandoned)}."
    if before is None:
        if first_try:
            return None
        return logging.INFO, (
            "Resumed after an earlier try that has left no submission on record: it ended before the paid "
            "call, or its record is not where it is looked for now, or a clear has dropped it (as Airflow "
            "3.4 and later do, unless asked to keep the task state). This try submits."
        )
    after = f"{'Cleared' if cleared else 'Resumed'} after {describe(before)}"
    if before.is_withdrawn:
        return logging.INFO, f"{after}. This try submits."
    reuse = ' (on_rerun_after_delivery="reuse" stores the first one again)' if before.is_delivered else ""
    return logging.INFO, f"{after}. This try submits, and pays for, a new one{reuse}."

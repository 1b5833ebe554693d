"""
What became of the remote task, what it cost and what a retry will do: sentences for the log. Pure.

The reader is on call at night.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_rivya.credits import in_credits, reserved

NO_RECORD = "No record of it is at hand: a retry would submit anew and may pay again."

NOT_KNOWN_YET = (
    "What it has taken in by now goes on there and is paid for; a next try that finds its record re-attaches "
    "to it, or finds out about a request without an answer before it submits anything."
)
"""What becomes of a task that is asked to stop before it knows its task id at the gateway."""


@dataclass(frozen=True, slots=True)
class Situation:
    """
    What decides the sentences.

    :param durable: a submission record outlives this try.
    :param retries_left: automatic retries that Airflow will still make.
    :param generation_id: the gateway's task id, when it is known.
    :param credits: reserved credits, when known.
    :param replays_keys: whether the gateway answers a repeated key with the generation it has made of it.
    :param resubmits: whether a request that the gateway does not know in the end is submitted anew.
    """

    durable: bool
    retries_left: int
    generation_id: str | None = None
    credits: float | None = None
    replays_keys: bool = True
    resubmits: bool = True

    @property
    def again(self) -> str:
        """Who will try next."""
        if self.retries_left > 0:
            return f"The next try ({self.retries_left} left)"
        return "No retry is left: clear the task, and the next try"

    @property
    def paid(self) -> str:
        return reserved(self.credits)


def not_submitted(situation: Situation, *, final: bool, left: str | None = None) -> str:
    """
    Nothing was taken in.

    :param left: what an earlier try has left, which may run or be paid for.
    """
    if left is not None:
        then = "A retry would not help, so none is made" if final else f"{situation.again} submits anew"
        return f"This try submitted nothing and was charged nothing; an earlier one has left {left}. {then}."
    if not situation.durable:
        then = "a retry would not help, so none is made" if final else f"{situation.again} submits anew"
        return (
            "This try submitted nothing and was charged nothing; no record tells what an earlier try did; "
            f"{then}."
        )
    if final:
        return "Nothing was submitted and nothing was charged; a retry would not help, so none is made."
    return f"Nothing was submitted and nothing was charged. {situation.again} submits anew."


def uncertain(situation: Situation) -> str:
    """The request was sent and no answer came."""
    if not situation.durable:
        return (
            "Whether the gateway took it in is not known, and no record survives this try: "
            "a retry would submit anew and may pay twice."
        )
    if not situation.replays_keys:
        then = (
            "submits anew, which may pay twice, if the gateway does not know it"
            if situation.resubmits
            else "submits nothing anew before a person has looked"
        )
        return (
            "Whether the gateway took it in is not known. "
            f"{situation.again} looks it up at the gateway before anything else, and {then}."
        )
    if not situation.resubmits:
        return (
            "Whether the gateway took it in is not known. "
            "The next try submits nothing and asks for a person, as on_uncertain_submission is 'fail'."
        )
    return (
        "Whether the gateway took it in is not known. "
        f"{situation.again} sends the same request under the same idempotency key, "
        "so that it is paid for once."
    )


def still_running(situation: Situation) -> str:
    """It was taken in and has not ended."""
    if situation.generation_id is None:
        return uncertain(situation)
    known = f"Generation {situation.generation_id} goes on at the gateway and {situation.paid}."
    if not situation.durable:
        return f"{known} No record survives this try: a retry would submit anew and may pay again."
    return f"{known} {situation.again} re-attaches to it and does not pay again."


def deferred(situation: Situation, *, unanswered: bool) -> str:
    """
    It was taken in before the deferral.

    :param unanswered: its task id could not be recorded; the record is that of a request without answer.
    """
    if unanswered:
        return f"A generation was submitted before the deferral. {uncertain(situation)}"
    if situation.generation_id is not None:
        return still_running(situation)
    return (
        "A generation was submitted before the deferral and goes on at the gateway; its task id is in the "
        f"log above. {NO_RECORD}"
    )


def unknown_there(situation: Situation) -> str:
    """It was taken in, and the gateway no longer knows it."""
    known = f"Generation {situation.generation_id} was accepted and {situation.paid}."
    if not situation.durable:
        return f"{known} No record survives this try: a retry would submit anew and may pay again."
    return f"{known} {situation.again} asks for it again and never submits it anew."


def not_landed(situation: Situation) -> str:
    """It succeeded, but its files are not where they belong."""
    cost = "" if situation.credits is None else f" ({in_credits(situation.credits)})"
    known = f"Generation {situation.generation_id} succeeded and is paid for{cost}; its result is not lost."
    if not situation.durable:
        return (
            f"{known} No record survives this try: a retry would submit anew and may pay again; "
            "fetch the result by its task id instead."
        )
    return f"{known} {situation.again} fetches it again and does not pay again."


def expired(situation: Situation) -> str:
    """It succeeded, and the gateway does not hand its files out any more."""
    return (
        f"Generation {situation.generation_id} succeeded and is paid for, but the time for which the gateway "
        "keeps its result is over. No retry is made, as none could fetch it; ask the gateway's support for "
        "the result, or clear the task to submit, and pay for, a new generation."
    )


def failed_refunded(situation: Situation) -> str:
    """It failed and cost nothing."""
    return f"{situation.again} submits a new generation."


def failed_charged(situation: Situation) -> str:
    """It failed and was charged, or it is not known that it was not."""
    return (
        "No retry is made, as it would pay again; clear the task to submit a new generation, "
        "and ask the gateway's support about the credits."
    )


def refused_content(situation: Situation) -> str:
    """It failed because of its content."""
    return (
        "No retry is made, as the same content would be refused again; change the request and clear the task."
    )

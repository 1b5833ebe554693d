"""
What submitting needs from outside: facts of the try, a policy, sentences, and ports (client, records, clock).

The policy also says how often, and after what pauses, a lost answer is looked up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from airflow_provider_rivya.submission.identity import new_holder

if TYPE_CHECKING:
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.submission.identity import SubmissionKey
    from airflow_provider_rivya.submission.keeper import RecordKeeper
    from airflow_provider_rivya.submission.record import Record

OnRerun = Literal["regenerate", "reuse"]
OnUncertain = Literal["resubmit", "fail"]


Outcome = Literal[
    "not_submitted",  # nothing was taken in
    "uncertain",  # it was sent, and no answer came
    "running",  # it was taken in, and its end was not seen
    "stopped",  # the same, and the task was asked to stop, perhaps as somebody has cleared it
    "deferred",  # it was taken in before a deferral that ended without a word of it
    "unknown_there",  # it was taken in, and the gateway no longer knows it
    "not_landed",  # it succeeded, but its files are not where they belong
    "expired",  # it succeeded, and the gateway does not hand its files out any more
    "refunded",  # it failed and cost nothing
    "charged",  # it failed and was charged, or it is not known that it was not
    "refused",  # it failed because of its content
]
"""What a generation has come to when a try ends without its result."""

Impasse = Literal[
    "uncertain",  # no answer, and the time in which it may be sent again is over, or it may not be
    "absent",  # no answer, and the gateway knows no generation under its key
    "foreign",  # no answer, and what the gateway has under its key is another task's
    "elsewhere",  # no answer, and it was sent through another connection
    "unmakeable",  # a new one is to be submitted, and the request cannot be made any more
    "other_request",  # no answer, and its key belongs to another request
    "not_ours",  # the answer is about a generation that was there before its request
]
"""Why a try goes no further without a person."""


class Words(Protocol):
    """Says what something costs and what a retry will do, in the terms of whoever reads it."""

    @property
    def again(self) -> str:
        """Who will try next."""

    @property
    def risk(self) -> str:
        """What the log warns of right before something is paid; empty for nothing."""

    def fate(
        self,
        outcome: Outcome,
        record: Record | None = None,
        *,
        final: bool = False,
        left: Record | None = None,
        credits: float | None = None,
    ) -> str:
        """
        Say what becomes of a generation.

        :param record: of its submission, as far as it is known.
        :param final: no retry is made.
        :param left: what an earlier try has left, which may run or be paid for.
        :param credits: what it has cost, where that is known better than by the record.
        """

    def impasse(self, why: Impasse, record: Record | None = None, *, sent: bool = False) -> str:
        """
        Say what a person has to do.

        :param sent: whether this very try has sent the request.
        """


class Clock(Protocol):
    """The module ``time``, as far as submitting needs it."""

    def time(self) -> float: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float, /) -> None: ...


@dataclass(frozen=True, slots=True)
class TryFacts:
    """
    What Airflow says of a try.

    :param epoch: the task instance's ``max_tries``: stands still over automatic retries, grows with a clear.
    :param try_number: of this try, from 1.
    :param retries_left: automatic retries that Airflow will still make.
    :param first_since_clear: no try was between the last clear, if there was one, and this one.
    :param try_id: this try; later ones have greater ones. ``None``: their order is not known.
    :param resumed: it goes on after a deferral, so that something was submitted.
    """

    epoch: int = 0
    try_number: int = 1
    retries_left: int = 0
    first_since_clear: bool = True
    try_id: str | None = None
    resumed: bool = False

    @property
    def first(self) -> bool:
        """Whether no try was before this one."""
        return self.try_number <= 1 and not self.resumed


@dataclass(frozen=True, slots=True)
class SubmissionPolicy:
    """
    What the author of a task has decided.

    :param on_rerun_after_delivery: what a clear does with a delivered result of the same request.
    :param on_uncertain_submission: what a try does that finds a request without an answer.
    :param conflict_patience: seconds for which ``idempotency_conflict`` is taken for "the first request is
        still in progress". What the code means is not documented; the same bytes under the same key are
        repeated meanwhile. As long another process's answer is waited for.
    :param conflict_pause: seconds between two of these.
    :param look_up_pauses: seconds between two look-ups of one request: a minute in all. How soon a gateway
        knows by its id what it has just taken in is documented nowhere; a minute is an assumption.
    :param begins: whether a new generation may be begun, beside those that earlier tries have.
    :param foreign_tolerance: seconds by which an answer's generation may be older than its request, as clocks
        are never the same.
    """

    on_rerun_after_delivery: OnRerun = "regenerate"
    on_uncertain_submission: OnUncertain = "resubmit"
    conflict_patience: float = 60.0
    conflict_pause: float = 3.0
    look_up_pauses: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0, *[5.0] * 10)
    begins: bool = True
    foreign_tolerance: float = 300.0

    @property
    def resubmits(self) -> bool:
        return self.on_uncertain_submission == "resubmit"


@dataclass(frozen=True)
class SubmissionContext:
    """
    All that a submission is made with.

    :param client: of the gateway's connection.
    :param records: keeps the submission record.
    :param identity: whose submission it is; makes the idempotency keys.
    :param words: says what things cost and what a retry will do, in the terms of whoever reads it.
    :param stopped: whether the task was asked to stop; looked at right before the paid call.
    :param holder: this process, in the intents that it may send.
    """

    client: GatewayClient
    records: RecordKeeper
    identity: SubmissionKey
    words: Words
    facts: TryFacts = field(default_factory=TryFacts)
    policy: SubmissionPolicy = field(default_factory=SubmissionPolicy)
    stopped: Callable[[], bool] = lambda: False
    clock: Clock = time
    holder: str = field(default_factory=new_holder)

    @property
    def replays_keys(self) -> bool:
        """Whether the gateway answers a repeated key with the generation it has made of it."""
        return self.client.api.capabilities.replays_keys


@dataclass(frozen=True, slots=True)
class Submission:
    """
    A generation that exists at the gateway.

    :param record: in state ``submitted`` or ``delivered``.
    :param answer: what the create call returned; ``None`` when an earlier try had submitted it.
    """

    record: Record
    answer: Generation | None = None

    @property
    def generation_id(self) -> str:
        return self.record.generation_id or ""

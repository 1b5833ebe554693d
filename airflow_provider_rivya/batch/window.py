"""Which rows come next, and what an ended one means: bounds, budget, breaker, attempts. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from airflow_provider_rivya.batch.ledger import RowError, RowState, Status
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    ConnectionConfigError,
    Fault,
    GatewayError,
    GenerationError,
    GenerationFailedError,
    GenerationTimeoutError,
    IdempotencyConflictError,
    InsufficientCreditsError,
    InvalidRequestError,
    OutputError,
    PermissionDeniedError,
    told,
)
from airflow_provider_rivya.submission.decide import is_content_refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_rivya.api.schemas import Balance
    from airflow_provider_rivya.submission.context import OnRerun
    from airflow_provider_rivya.submission.record import Record

WINDOW: Final = 100
"""Rows whose intents are one segment: what a crash can leave without an answer."""

Action = Literal["submit", "wait", "done"]
Ended = Literal["done", "budget", "breaker", "timeout", "limit", "dry_run"]


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What the author of a batch has decided.

    :param max_running: generations at the gateway at once.
    :param max_credits_total: for the whole batch, over all its tries.
    :param max_consecutive_failures: rows that may fail one after the other before no more are submitted.
    :param row_attempts: new generations for a row that failed and was certainly refunded.
    :param limit: only so many rows, from the first one.
    """

    max_running: int = 100
    max_credits_total: float | None = None
    max_consecutive_failures: int = 25
    row_attempts: int = 2
    limit: int | None = None


def action(
    state: RowState | None, *, epoch: int, fingerprint: str | None, on_rerun: OnRerun, row_attempts: int
) -> Action:
    """
    Decide what a try does with a row, by what the ledger says of it.

    ``submit`` leaves it to the submission's own rules, which may find that nothing is to be sent.

    :param fingerprint: of what is planned for it; ``None``: its files were not looked at yet.
    """
    record, error = (state.record, state.error) if state else (None, None)
    over = error is not None and error.final and error.epoch == epoch
    if state is None or record is None or record.is_withdrawn:
        return "done" if over else "submit"
    if record.cleared_since(epoch):
        if over:
            return "done"
        same = fingerprint == record.fingerprint and on_rerun == "reuse"
        return "done" if record.is_delivered and state.stored is not None and same else "submit"
    if record.is_delivered:
        return "done" if state.stored is not None else "wait"
    if record.has_failed:
        return "submit" if may_try_again(record, state.begun, row_attempts) else "done"
    return "submit" if record.unanswered else "wait"


def goes_on(record: Record, fingerprint: str | None, epoch: int, on_rerun: OnRerun) -> bool:
    """Whether what a row has at the gateway is what is asked for now: its price is counted already."""
    left = record.pending or (record.is_delivered and on_rerun == "reuse")
    return left and (not record.cleared_since(epoch) or record.fingerprint == fingerprint)


def may_try_again(record: Record, begun: int, row_attempts: int) -> bool:
    """Whether a failed generation is made once more: it cost nothing, and not for its content."""
    return record.cost_nothing and not is_content_refusal(record.code) and begun <= row_attempts


@dataclass(slots=True)
class Course:
    """
    Where a batch stands: what may be submitted next.

    :param limits: what the author has decided.
    :param spent: credits that were, or may have been, paid.
    :param running: generations at the gateway.
    :param available: what the account can be asked for.
    :ivar broken: too many rows have failed one after the other: this try submits no more, whatever ends well.
    :ivar surprise: by how much a generation has cost more than the documentation says, at the most.
    """

    limits: Limits
    spent: float = 0.0
    running: int = 0
    available: float = math.inf
    surprise: float = 0.0
    consecutive: int = 0
    broken: bool = False
    stopped: GenerationError | None = None
    over_budget: bool = False

    @property
    def closed(self) -> bool:
        """Whether nothing is submitted any more, whatever ends."""
        return self.broken or self.stopped is not None

    def room(self) -> int:
        """How many rows the next window may have; 0 where a larger one is worth waiting for."""
        if self.closed or self.over_budget:
            return 0
        free = min(WINDOW, self.limits.max_running - self.running)
        # Each window is an object in the store, and each top-up a step of everybody.
        enough = min(WINDOW, max(1, self.limits.max_running // 4))
        return free if free >= enough else 0

    def affordable(self, prices: Sequence[float | None]) -> int:
        """
        Return how many of these rows the budget allows, from the first; the rest ends the batch.

        :param prices: of the rows; what no page tells was refused in the plan.
        """
        limit = self.limits.max_credits_total
        left = min(math.inf if limit is None else limit - self.spent, self.available)
        for count, price in enumerate(prices):
            # As floats, 18.9 - 6.3 - 6.3 is less than 6.3.
            left = round(left - (price or 0.0) - self.surprise, 6)
            if left < 0:
                self.over_budget = True
                return count
        return len(prices)

    def charged(self, price: float | None, told: float | None) -> None:
        """Learn what a generation really costs."""
        if price is not None and told is not None:
            self.surprise = max(self.surprise, told - price)

    def ended(self, status: Status) -> None:
        """Count a row that is over."""
        if status in ("failed", "refused"):
            self.consecutive += 1
            self.broken |= self.consecutive >= self.limits.max_consecutive_failures
        elif status == "succeeded":
            self.consecutive = 0


def available(balance: Balance, wanted: float) -> float:
    """
    Return what may be spent of an account.

    :param wanted: what must be left.
    :raises InvalidRequestError: the balance is told in another unit.
    """
    if balance.unlimited:
        return math.inf
    if balance.unit != "credits":
        problem = f"the gateway gives the balance in {balance.unit}, not in credits"
        raise InvalidRequestError([Fault("min_credits_left", problem, "a batch without it")])
    return balance.credits - wanted


def account_refuses(error: GenerationError) -> bool:
    """Whether every other row would be refused as well."""
    return isinstance(
        error,
        AuthenticationError | PermissionDeniedError | InsufficientCreditsError | ConnectionConfigError,
    )


def row_error(error: GenerationError, record: Record | None, epoch: int) -> RowError:
    """
    Say what an error means for its row.

    :param record: of the row, after it.
    """
    text, kind, final = str(error), "error", True
    status: Status
    if isinstance(error, InvalidRequestError):
        status, kind, text = "invalid", "invalid_request", "; ".join(told(error.faults))
    elif isinstance(error, GenerationFailedError):
        refused = is_content_refusal(error.code)
        status, kind = "refused" if refused else "failed", "content" if refused else "generation_failed"
    elif isinstance(error, OutputError):
        expired = record is not None and record.has_failed
        status, kind = "failed" if expired else "not_landed", "output"
        final = expired
    elif record is not None and record.unanswered:
        status, kind, final = "uncertain", "uncertain", False
    elif record is not None and record.has_failed:
        refused = is_content_refusal(record.code)
        status, kind = "refused" if refused else "failed", "content" if refused else "generation_failed"
    elif record is not None and record.generation_id is not None:
        status, final = "not_landed", False
        kind = "timeout" if isinstance(error, GenerationTimeoutError) else "unavailable"
    elif isinstance(error, GatewayError) and not account_refuses(error) and not error.retryable:
        conflict = isinstance(error, IdempotencyConflictError)
        status, kind = "refused", "conflict" if conflict else "rejected"
    else:
        status, kind, final = "not_submitted", "key" if account_refuses(error) else "unavailable", False
    return RowError(status, kind, text, epoch, final)

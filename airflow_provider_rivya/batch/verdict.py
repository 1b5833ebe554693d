"""Whether a batch that is over has failed, and what is said of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.credits import in_credits
from airflow_provider_rivya.exceptions import GenerationError, GenerationTimeoutError, InvalidRequestError
from airflow_provider_rivya.generation.failure import failure_document

if TYPE_CHECKING:
    from airflow_provider_rivya.batch.ledger import Book
    from airflow_provider_rivya.batch.manifest import Totals
    from airflow_provider_rivya.batch.run import Over


class BatchFailedError(GenerationError):
    """Rows of a batch have no result, more than were to be tolerated; all others are landed."""


@dataclass(frozen=True, slots=True)
class Remedies:
    """
    What to do about a batch that has failed, in the terms of whoever reads it: by default those of a task.

    :param again: who will try next.
    """

    again: str
    fixed: str = "No retry is made. When that is fixed, clear the task: it goes on."
    failed: str = (
        "No retry is made. Clear the task to pay for failed, new and changed rows alone (with "
        "on_rerun_after_delivery='regenerate' for all)."
    )
    tolerated: str = "max_failed_rows says how many rows may fail."
    budget: str = "Raise max_credits_total and clear the task: only the rows that are left are paid for."


@dataclass(frozen=True, slots=True)
class Tolerance:
    """
    What may go wrong with a batch that succeeds.

    :param max_failed_rows: a number, or as a ``float`` up to 1.0 a share of the rows that were to be made.
    :param fail_on_budget: whether rows that the budget does not allow are a failure.
    """

    max_failed_rows: int | float = 0
    fail_on_budget: bool = False

    def allows(self, failed: int, rows: int) -> bool:
        limit = self.max_failed_rows
        if not isinstance(limit, float) or limit > 1:
            return failed <= limit
        # As it is written: as a float, 0.29 of 100 is less than 29.
        return failed <= Fraction(str(limit)) * rows


def judge(
    over: Over, totals: Totals, tolerance: Tolerance, *, conn_id: str, manifest_uri: str, remedies: Remedies
) -> None:
    """
    Raise what a batch has failed with.

    :raises GenerationError: with the counts, the first rows without a result and what a retry does.
    """
    counts = {status: count for status, count in totals.by_status().items() if count}
    told = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items())
    cost = f"{in_credits(totals.credits()['final'])} charged so far. Manifest: {manifest_uri}."
    goes_on = f"{remedies.again} goes on with what is recorded: what is paid for is not paid again. {cost}"
    if over.error is not None:
        error = over.error
        fate = goes_on
        if error.final:
            fate = f"{remedies.fixed} {cost}"
        raise error.replace(message=f"{error.message.rstrip('.')} (rows: {told})", fate=fate)
    if over.ended == "timeout":
        raise GenerationTimeoutError(
            f"The batch did not end within the timeout (rows: {told})",
            conn_id=conn_id,
            fate=goes_on,
            retryable=True,
        )
    rows = [f"\n  - {row['row_key']!r}: {row['status']}. {row['error']}" for row in totals.failed_sample]
    sample = f"The first of them:{''.join(rows)}\n" if rows else ""
    if over.ended == "breaker":
        raise BatchFailedError(
            f"Too many rows have failed one after the other; no more were submitted (rows: {told})",
            conn_id=conn_id,
            advice=sample.rstrip(),
            fate=goes_on,
            retryable=True,
        )
    # At a budget's or a limit's end the others were not to be sent, and a share is not of them.
    left = totals.counts["not_submitted"]
    unsent = left if over.ended == "done" else 0
    asked_for = totals.rows - (left if over.ended in ("budget", "limit") else 0)
    mendable = totals.open_failures + unsent
    failed = totals.final_failures + mendable
    if not tolerance.allows(failed, asked_for):
        mends = mendable and tolerance.allows(totals.final_failures, asked_for)
        raise BatchFailedError(
            f"{failed} of {totals.rows} rows have no result (rows: {told})",
            conn_id=conn_id,
            advice=f"{sample}All others are stored. {remedies.tolerated}",
            fate=goes_on if mends else f"{remedies.failed} {cost}",
            final=not mends,
            retryable=bool(mends),
        )
    if over.ended == "budget" and tolerance.fail_on_budget:
        raise BatchFailedError(
            f"The budget is spent and not all rows are made (rows: {told})",
            conn_id=conn_id,
            advice=remedies.budget,
            fate=f"No retry is made. {cost}",
            final=True,
        )


def explain(error: GenerationError, book: Book | None, *, known: bool) -> GenerationError:
    """
    Return the error; a refused one with what earlier tries may have paid for.

    :param book: ``None``: what they have recorded cannot be told.
    :param known: whether there was none then.
    """
    nothing = known if book is None else not book.rows
    if nothing or not isinstance(error, InvalidRequestError):
        return error
    fate = (
        "This try has sent nothing; what earlier ones have paid for stays recorded. Fix it and clear the "
        "task: it goes on with that. A retry would not help."
    )
    return error.replace(fate=fate)


def batch_failure(error: GenerationError, book: Book | None, *, known: bool) -> dict[str, Any]:
    """
    Return the XCom ``failure``: its ``submitted`` is about the batch as a whole.

    :param book: ``None``: the ledger was not opened by this try.
    :param known: whether no try before can have submitted anything then.
    """
    document = failure_document(error, None, known=known)
    if book is not None:
        records = [state.record for state in book.rows.values() if state.record is not None]
        taken_in = any(record.taken_in for record in records)
        unknown = None if any(record.unanswered for record in records) else False
        document["submitted"] = True if taken_in else unknown
    return document

"""Why a try submits although earlier ones have run: a line for the log, and for the account. Pure."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow_provider_rivya.submission.stopping import in_words

if TYPE_CHECKING:
    from airflow_provider_rivya.submission.record import Record


def why_anew(
    before: Record | None, abandoned: Record | None, *, fingerprint: str, cleared: bool, first_try: bool
) -> tuple[int, str] | None:
    """
    Word what the tries before this submission have come to, and cost.

    :param before: what they have recorded.
    :param abandoned: of that, what may still be running, or be paid for without a result.
    :param fingerprint: of the request that is about to be submitted.
    :param cleared: somebody has cleared the task since.
    :param first_try: there are none before it.
    :return: log level and text; ``None`` where there is nothing to tell.
    """
    if abandoned is not None:
        why = (
            "The same request is submitted anew, under a new key: if the first one was taken in after "
            "all, both are paid for."
            if abandoned.fingerprint == fingerprint
            else "The task was cleared and asks for something else now."
        )
        return logging.WARNING, f"{why} Left behind: {in_words(abandoned)}."
    if before is None:
        if first_try:
            return None
        return logging.INFO, (
            "Resumed after an earlier try that has left no submission on record: it ended before the paid "
            "call, or its record is not where it is looked for now. This try submits."
        )
    after = f"{'Cleared' if cleared else 'Resumed'} after {in_words(before)}"
    if before.state == "withdrawn":
        return logging.INFO, f"{after}. This try submits."
    reuse = (
        ' (on_rerun_after_delivery="reuse" lands the first one again)' if before.state == "delivered" else ""
    )
    return logging.INFO, f"{after}. This try submits, and pays for, a new one{reuse}."

"""What an earlier half of this task, or an earlier try without a record, has left at the gateway."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from airflow_provider_rivya.exceptions import GatewayError, GenerationError
from airflow_provider_rivya.submission import decide as submission
from airflow_provider_rivya.submission.identity import is_later
from airflow_provider_rivya.submission.record import Record

if TYPE_CHECKING:
    from airflow_provider_rivya.submission.machine import Submitter
    from airflow_provider_rivya.submission.submitted import Submitted

log = logging.getLogger(__name__)


def recorded(
    submitter: Submitter, generation_id: str | None, model: str, credits: float | None = None
) -> Record:
    """
    Return what is recorded of this task instance when it goes on after a deferral.

    Where nothing outlives a try, or the record cannot be read now, a record is put together
    from what the deferral carried: the generation exists, whatever the record's place says.

    :param credits: reserved for it, where the gateway has told.
    """
    try:
        record = submitter.records.read()
    except GenerationError as error:
        log.warning("Going on without the submission record: the generation exists. %s", error)
        record = None
    unanswered = record is not None and record.state == "intent"
    if record is not None and unanswered and generation_id and not is_later(record.try_id, submitter.try_id):
        # The answer came, and could not be recorded then.
        record = record.submitted(generation_id, credits, submitter.clock.time())
        submitter.records.note(record)
    if record is None or generation_id not in (None, record.generation_id):
        record = Record(
            state="submitted",
            epoch=submitter.epoch,
            attempt=0,
            fingerprint="",
            key="",
            begun_at=0.0,
            conn_id=submitter.hook.conn_id,
            model=model,
            generation_id=generation_id,
            credits=credits,
        )
    submitter.records.held = record
    return record


def is_an_earlier_failure(submitter: Submitter, submitted: Submitted) -> bool:
    """
    Whether a gateway that replays keys has answered with what an earlier try of this task came to.

    Where no record outlives a try, every try begins with the same key.
    """
    record = submitted.record
    if submitter.records.durable or not submitter.replays_keys or record.attempt + 1 >= submitter.try_number:
        return False
    # The answer may be a copy of the first one, of before it failed.
    with suppress(GatewayError):
        seen = submitter.hook.get_generation(submitted.generation_id, category=record.category or "image")
        refused = submission.is_content_refusal(seen.failure.code if seen.failure else None)
        return seen.failed and seen.credits_final == 0 and not refused
    return False

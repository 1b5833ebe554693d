"""From the end of the waiting to the result: the gateway's verdict, and the files."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_rivya.exceptions import GatewayError, GenerationError, NotFoundError, OutputError
from airflow_provider_rivya.generation import fate
from airflow_provider_rivya.generation.narration import failure_of
from airflow_provider_rivya.generation.result import GenerationResult, Output, whole
from airflow_provider_rivya.generation.submission import is_content_refusal
from airflow_provider_rivya.operators.failures import without_retry

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.generation.submission import Record
    from airflow_provider_rivya.generation.waiting import Finished
    from airflow_provider_rivya.media.store import OutputPlace
    from airflow_provider_rivya.operators.submitting import Submitter

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pinned:
    """
    What a deferral carries on to the resume: plain JSON, no key, no URL of a result.

    Templates render again on every resume; the model that was paid for and the place that was
    checked before paying are the ones that count.
    """

    generation_id: str
    model: str
    output_path: str | None
    output_conn_id: str | None


def conclude(
    submitter: Submitter,
    record: Record,
    finished: Finished,
    pinned: Pinned,
    if_exists: Literal["overwrite", "fail", "skip"],
) -> dict[str, Any]:
    """
    Land a generation whose waiting has ended.

    :return: the result as a dict, for XCom.
    :raises GenerationError: with what happened, what it cost and what a retry will do.
    """
    from airflow_provider_rivya.hooks.watching import not_ended

    hook, situation = submitter.hook, submitter.situation(record)
    try:
        generation = hook.get_generation(pinned.generation_id)
    except GatewayError as error:
        # The waiting's own verdict is the better reason, where there is one.
        told: GenerationError = error
        if finished.outcome not in ("succeeded", "failed"):
            told = not_ended(finished, pinned.generation_id, hook.conn_id)
        lost = isinstance(told, NotFoundError)
        told.fate = fate.unknown_there(situation) if lost else fate.still_running(situation)
        raise told from None
    if generation.failed:
        raise _failed(generation, submitter, record)
    if not generation.succeeded:
        unfinished = not_ended(finished, pinned.generation_id, hook.conn_id)
        unfinished.fate = fate.still_running(situation)
        raise unfinished
    try:
        outputs = _landed(generation, submitter, pinned, if_exists)
    except OutputError as error:
        error.generation_id, error.conn_id = generation.id, error.conn_id or hook.conn_id
        error.fate = fate.not_landed(situation)
        raise error from error.__cause__
    submitter.records.note(record.delivered())
    log.info(
        "Generation %s succeeded: %d output(s), %s credits.",
        generation.id,
        len(outputs),
        whole(generation.credits_final),
    )
    return GenerationResult.of(generation, hook.api.NAME, pinned.model, outputs).to_xcom()


def _failed(generation: Generation, submitter: Submitter, record: Record) -> GenerationError:
    error = failure_of(generation, submitter.hook.conn_id)
    submitter.records.note(record.failed(error.code, generation.credits_final))
    situation = submitter.situation(record)
    if generation.credits_final is None or generation.credits_final > 0:
        error.fate = fate.failed_charged(situation)
        return without_retry(error)
    if is_content_refusal(error.code):
        error.fate = fate.refused_content(situation)
        return without_retry(error)
    error.fate = fate.failed_refunded(situation)
    return error


def _landed(
    generation: Generation,
    submitter: Submitter,
    pinned: Pinned,
    if_exists: Literal["overwrite", "fail", "skip"],
) -> list[Output]:
    from airflow_provider_rivya.media import download
    from airflow_provider_rivya.media.store import OutputPlace

    urls = generation.urls
    if not urls:
        raise OutputError("The generation succeeded, but the gateway lists no result", retryable=True)
    if pinned.output_path is None:
        return [Output(index, None, None, url) for index, url in enumerate(urls)]
    place = OutputPlace(pinned.output_path, pinned.output_conn_id)
    wanted = [
        download.Output(url, _namer(place, generation.id, index, len(urls))) for index, url in enumerate(urls)
    ]
    files = download.land_all(
        submitter.hook.downloader().open,
        wanted,
        place,
        max_bytes=submitter.hook.settings.max_output_bytes,
        if_exists=if_exists,
    )
    for file in files:
        log.info("Landed %s (%s, %d bytes).", file.uri, file.mime_type, file.size_bytes)
    return [
        Output(
            index=index,
            uri=file.uri,
            conn_id=file.conn_id,
            source_url=url,
            mime_type=file.mime_type,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            width=file.width,
            height=file.height,
        )
        for index, (url, file) in enumerate(zip(urls, files, strict=True))
    ]


def _namer(place: OutputPlace, generation_id: str, index: int, count: int) -> Any:
    """A fixed name is one file's; should more come than were asked for, all get their own names."""
    from airflow_provider_rivya.media.naming import default_name

    if count > 1 and place.fixed_name is not None:
        return lambda media_type: default_name(generation_id, index, media_type)
    return place.namer(generation_id, index)

"""How a task looks on the wire, and the URLs of its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_rivya.sandbox.state.files import files_of, film_of
from airflow_provider_rivya.sandbox.state.store import State, Task
from airflow_provider_rivya.sandbox.toapis.prices import CREDITS_PER_USD

STATUS: Mapping[str, str] = {"processing": "in_progress", "succeeded": "completed", "failed": "failed"}
WAITING: Mapping[str, tuple[str, str]] = {
    "pending_then_queued": ("pending", "queued"),
    "pending": ("pending", "pending"),
    "in_progress": ("in_progress", "in_progress"),
    "queued": ("queued", "queued"),
    "submitted": ("submitted", "submitted"),
    "queued_then_submitted": ("queued", "submitted"),
}
"""Per switch: the name of the waiting status in the create answer and in a status answer."""

STUCK_PROGRESS = 10
RAW_AUDIO = "wav"  # no model of this gateway makes sounds


def created_task(task: Task, state: State) -> dict[str, Any]:
    """Return the answer of a create call."""
    assumptions = state.assumptions
    name, _ = WAITING[assumptions.text("toapis_waiting_status")]
    if assumptions.text("toapis_create_shape") == "data_list":
        return {"code": 200, "data": [{"status": name, "task_id": task.id}]}
    answer = {**_head(task, state, name, "generation.task"), "metadata": _metadata(task)}
    if not assumptions.flag("toapis_create_echoes_client_business_id"):
        answer.pop("client_business_id", None)
    if "progress" in answer and assumptions.text("toapis_progress") == "present":
        answer["progress"] = STUCK_PROGRESS if name == "in_progress" else 0
    return answer


def public_task(task: Task, state: State, base_url: str) -> dict[str, Any]:
    """Return the answer of a status call, https://docs.toapis.com/docs/en/api-reference/tasks/image-status."""
    assumptions = state.assumptions
    status = task.status_at(state.now())
    _, waiting = WAITING[assumptions.text("toapis_waiting_status")]
    plain = assumptions.text("toapis_object") == "generation.task"
    kind = "generation.task" if plain else f"{task.model['category']}.generation"
    answer = _head(task, state, STATUS.get(status, waiting), kind)
    if status == "failed" and task.failure is not None and assumptions.text("toapis_failed_error") != "none":
        error = task.failure.error
        alone = error is not None and assumptions.text("toapis_failed_error") == "fail_reason"
        answer |= {"fail_reason": error["message"]} if alone and error else {"error": error}
    if status == "succeeded":
        answer["completed_at"] = int(task.done_at)
        if assumptions.text("toapis_expires_at") != "absent":
            answer["expires_at"] = expiry_of(task, state)
        place = assumptions.text("toapis_result_location")
        urls = result_urls(task, state, base_url)
        if place != "result_data":
            answer["url"] = urls[0]
        if place != "url":
            right = assumptions.text("toapis_result_type") == "right"
            kind = task.model["category"] if right else "image"
            answer["result"] = {"type": kind, "data": _entries(task, urls)}
        answer |= _billing(task, assumptions.text("toapis_billing_fields"))
    return answer


def _entries(task: Task, urls: Sequence[str]) -> list[dict[str, str]]:
    """A video's second file is its last frame: no result by itself, but a field of the first."""
    if task.model["category"] != "video":
        return [{"url": url} for url in urls]
    video, *frames = urls
    return [{"url": video, "format": "mp4", **({"last_frame_url": frames[0]} if frames else {})}]


def _billing(task: Task, form: str) -> dict[str, Any]:
    if form == "absent":
        return {}
    credits = task.credits * (2 if form == "differs_from_list" else 1)
    told: dict[str, Any] = {"cost_usd": credits / CREDITS_PER_USD}
    return {"billing": told if form == "usd_only" else {**told, "credits": credits}}


def with_inline_results(answer: dict[str, Any], contents: Sequence[str]) -> dict[str, Any]:
    """
    Return a completed answer that holds the results themselves.

    :param contents: the results in base64.
    """
    answer = {name: value for name, value in answer.items() if name != "url"}
    data = [{"b64_json": content} for content in contents]
    return {**answer, "result": {"type": "image", "data": data}}


def expiry_of(task: Task, state: State) -> int:
    """Return when the URLs of a completed task's results stop working, in Unix seconds."""
    if state.assumptions.text("toapis_expires_at") == "past":
        return int(task.created)
    return int(task.done_at + (state.assumptions.limit("toapis_result_ttl_seconds") or 0.0))


def result_names(task: Task, state: State) -> list[str]:
    """Return the last part of each result's URL."""
    names = [file.name for file in files_of(task, RAW_AUDIO)]
    if state.assumptions.text("toapis_last_frame") == "withheld" and task.model["category"] == "video":
        names = names[:1]
    if state.assumptions.flag("toapis_result_extension"):
        return names
    return [name.partition(".")[0] for name in names]


def result_urls(task: Task, state: State, base_url: str) -> list[str]:
    return [f"{base_url}/generated/{task.result_token}/{name}" for name in result_names(task, state)]


def _head(task: Task, state: State, status: str, kind: str) -> dict[str, Any]:
    assumptions = state.assumptions
    as_sent = assumptions.text("toapis_model_echo") == "as_sent"
    head: dict[str, Any] = {
        "id": task.id,
        "object": kind,
        "model": task.model_name if as_sent else task.model["id"],
        "status": status,
        "progress": _progress(task, state),
        "created_at": int(task.created),
    }
    form = assumptions.text("toapis_progress")
    if form == "absent":
        del head["progress"]
    elif form == "stuck":
        head["progress"] = STUCK_PROGRESS
    if task.client_business_id is not None:
        head["client_business_id"] = task.client_business_id
    return head


def _progress(task: Task, state: State) -> int:
    now = state.now()
    status = task.status_at(now)
    if status == "processing":
        share = (now - task.processing_from) / max(task.done_at - task.processing_from, 1e-9)
        return min(99, max(1, int(100 * share)))
    return 100 if status == "succeeded" else 0


def _metadata(task: Task) -> dict[str, Any]:
    """Empty in the images' examples; in those of videos the seconds are a string."""
    if task.model["category"] != "video":
        return {}
    film = film_of(task)
    return {"size": f"{film.width}x{film.height}", "seconds": f"{film.seconds:g}"}

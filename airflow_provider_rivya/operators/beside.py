"""What a generate task puts beside its files, and what they are called there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.operators.identity import identity_of, row_of

if TYPE_CHECKING:
    from airflow_provider_rivya.generation.job import GenerationJob
    from airflow_provider_rivya.operators.deferral import DeferralState
    from airflow_provider_rivya.request.prepare import Prepared
    from airflow_provider_rivya.storage.place import OutputPlace
    from airflow_provider_rivya.submission.record import Record


def beside_faults(task: Any) -> Iterator[Fault]:
    """Return what is wrong with what is asked for beside the files, and with their name."""
    from airflow_provider_rivya.storage.place import OutputPlace

    yield from task.extras.faults(task.output_path)
    name = task.output_name
    if name is None:
        return
    if not isinstance(name, str) or name.strip() in ("", "None"):
        shown = repr(name) if isinstance(name, str) else f"of type {type(name).__name__}"
        yield Fault("output_name", f"it is {shown}", "a text, which is not empty")
    elif not task.output_path:
        yield Fault("output_name", "there is no place for the file", "an output_path")
    elif OutputPlace(task.output_path).fixed_name is not None:
        yield Fault("output_name", "output_path names the file already", "one of them")


def place_of(state: DeferralState) -> OutputPlace | None:
    """Return where the files go, and under which name."""
    from airflow_provider_rivya.storage.path import safe_name
    from airflow_provider_rivya.storage.place import OutputPlace

    if not state.output_path:
        return None
    place = OutputPlace(state.output_path, state.output_conn_id)
    return place if state.output_name is None else place.named(safe_name(state.output_name.strip()))


def made_from(task: Any, prepared: Prepared | None, record: Record) -> dict[str, Any] | None:
    """Return what was asked for, for a deferral to carry; ``None`` where nobody wants to know, or knows."""
    from airflow_provider_rivya.gallery.sidecar import MadeFrom

    request = prepared.request if prepared is not None and task.extras.asked_for else None
    if request is None or request.fingerprint != record.fingerprint:  # an earlier try asked for another thing
        return None
    return MadeFrom(request.prompt, dict(request.params), list(request.reference_digests)).to_json()


def with_extras(
    task: Any, context: Any, job: GenerationJob, result: dict[str, Any], state: DeferralState
) -> dict[str, Any]:
    """Put beside the files what was asked for, and return the result that tells of it."""
    from airflow_provider_rivya.gallery.make import put_beside
    from airflow_provider_rivya.gallery.sidecar import MadeFrom

    place = place_of(state)
    if place is None or not task.extras.asked_for:
        return result
    return put_beside(
        place,
        result,
        task.extras,
        MadeFrom.from_json(state.made_from),
        row_of(context),
        heading=f"{task.task_id}, {context['ti'].run_id}",
        owner=identity_of(context, job.context.identity.namespace, task.row_key).owner,
        stopped=task._stop.is_set,
    )

"""Finding a task by its id or by the caller's own ``client_business_id``."""

from __future__ import annotations

from airflow_provider_rivya.sandbox.state.store import State, Task


def find_task(state: State, name: str, category: str, account: str) -> Task | None:
    """
    Return the task of a status call.

    :param name: a task id or a ``client_business_id``.
    :param category: ``image`` or ``video``: a status endpoint knows its own tasks only.
    """
    task = state.find_task(name, account)
    if task is None:
        task = _by_business_id(state, name, category, account)
        if task is None and state.assumptions.text("toapis_lookup_across") == "any_endpoint":
            return _by_business_id(state, name, "video" if category == "image" else "image", account)
    return task if task is not None and task.model["category"] == category else None


def is_of_another(state: State, name: str, account: str) -> bool:
    """Whether it is the id of another account's task."""
    task = state.tasks.get(name)
    return task is not None and task.account != account


def known_tasks(state: State, business_id: str, account: str, category: str) -> list[Task]:
    """Return the account's tasks with this ``client_business_id``, oldest first."""
    return [
        task
        for task in state.tasks_by_business_id.get((account, business_id), ())
        if task.model["category"] == category
    ]


def _by_business_id(state: State, name: str, category: str, account: str) -> Task | None:
    assumptions = state.assumptions
    how = assumptions.text("toapis_lookup")
    if how == "never" or (category == "video" and not assumptions.flag("toapis_lookup_videos")):
        return None
    wait = (assumptions.limit("toapis_lookup_delay_seconds") or 0.0) if how == "delayed" else 0.0
    found = [
        task
        for task in known_tasks(state, name, account, category)
        if state.now() >= task.created + wait and state.find_task(task.id, account) is not None
    ]
    if not found:
        return None
    return found[0] if assumptions.text("toapis_shared_client_business_id") == "first" else found[-1]

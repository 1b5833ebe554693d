"""Where the submission record of a task instance is kept: the task state store, a file, or nowhere."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya import _compat
from airflow_provider_rivya.operators.local_paths import warn_of_records

if TYPE_CHECKING:
    from airflow_provider_rivya.storage.place import OutputPlace
    from airflow_provider_rivya.submission.identity import Identity
    from airflow_provider_rivya.submission.stores import RecordStore

log = logging.getLogger(__name__)


def record_store(
    context: Mapping[str, Any],
    identity: Identity,
    state_path: object,
    output: OutputPlace | None,
    executor: str | None = None,
) -> RecordStore:
    """
    Return where this task's record is kept.

    :param state_path: a folder that was asked for; it goes before the state store.
    :param output: the output place, beside which ``.rivya/`` is used where there is no state store.
    :param executor: that the task asks for; the deployment's own, if none.
    """
    from airflow_provider_rivya.submission import stores

    if state_path is None and (in_store := state_store(context)) is not None:
        return in_store
    if found := stores.folder_faults(state_path):
        return stores.LostRecords(found)
    if state_path is not None:
        folder = stores.record_folder(state_path)
    elif output is not None and not output.faults():
        folder = output.folder(".rivya")
        if identity.map_index >= 0:
            log.warning(
                "This task is mapped, and its submission record lies beside its output, in %s: if "
                "output_path depends on the row and a retry finds the rows in another order, it looks in "
                "another folder and pays again. A state_path that is the same for all rows prevents that.",
                folder.uri,
            )
    else:
        log.warning(
            "This Airflow has no task state store (3.3 and later have), and neither state_path nor "
            "output_path is given: a try that dies leaves no record, and the next one may pay again."
        )
        return stores.NoRecords()
    warn_of_records(folder, executor)
    return stores.FileRecords(folder, identity)


def state_store(context: Mapping[str, Any]) -> RecordStore | None:
    """Return the record in Airflow's task state store (3.3 and later), or ``None``."""
    from airflow_provider_rivya.submission.stores import StateStoreRecords

    store = _compat.state_store(context)
    return None if store is None else StateStoreRecords(store, _compat.never_expire())

"""Where the submission record of a task instance is kept: the task state store, a file, or nowhere."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya import _compat
from airflow_provider_rivya.operators.identity import row_key_faults
from airflow_provider_rivya.operators.local_paths import warn_if_local, warn_of_records

if TYPE_CHECKING:
    from airflow_provider_rivya.exceptions import Fault
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
    secret: str = "",
) -> RecordStore:
    """
    Return where this task's record is kept.

    :param state_path: a folder that was asked for; it goes before the state store.
    :param output: the output place, beside which ``.rivya/`` is used where there is no state store, and where
        that may lose the record.
    :param executor: that the task asks for; the deployment's own, if none.
    :param secret: the API key; seals what a state store must not show.
    """
    from airflow_provider_rivya.submission import stores

    beside = output.folder(".rivya") if output is not None and not output.faults() else None
    if state_path is None and (in_store := state_store(context, identity.part, secret)) is not None:
        warn_of_backend(executor)
        if identity.row_key is None and not _compat.clears_drop_state():
            return in_store
        if beside is not None:
            moves = identity.row_key is not None
            return stores.MirroredRecords(in_store, stores.FileRecords(beside, identity), moves=moves)
        if identity.row_key is not None:
            log.warning(
                "Without an output_path or a state_path the submission record of row %r lies with its "
                "position alone: where the row has another one after a clear, it is not found, and "
                "the row is paid for again.",
                identity.row_key,
            )
        return in_store
    if found := stores.folder_faults(state_path):
        return stores.LostRecords(found)
    if state_path is not None:
        folder = stores.record_folder(state_path)
    elif beside is not None:
        folder = beside
        if identity.map_index >= 0 and identity.row_key is None:
            log.warning(
                "This task is mapped, and its submission record lies beside its output, in %s: if "
                "output_path depends on the row and a retry finds the rows in another order, it looks in "
                "another folder and pays again. A row_key, or a state_path that is the same for all rows, "
                "prevents that.",
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


def record_faults(task: Any, instance: Any) -> list[Fault]:
    """Return what keeps a task's record from being looked for at all."""
    from airflow_provider_rivya.submission.stores import folder_faults

    found = folder_faults(task.state_path) if task.durable else []
    return [*found, *row_key_faults(task.row_key, instance)]


def state_store(context: Mapping[str, Any], part: str = "", secret: str = "") -> RecordStore | None:
    """
    Return the record in Airflow's task state store (3.3 and later), or ``None``.

    :param part: of the identity: what tells apart whom one store may serve.
    :param secret: the API key; seals what a state store must not show.
    """
    from airflow_provider_rivya.submission.sealing import Seal
    from airflow_provider_rivya.submission.stores import StateStoreRecords, key_of

    store = _compat.state_store(context)
    if store is None:
        return None
    return StateStoreRecords(
        store,
        _compat.never_expire(),
        key=key_of(part),
        seal=Seal(secret),
        offloads=bool(_compat.state_store_backend()[0]),
    )


def warn_of_backend(executor: str | None) -> None:
    """Warn of a state store whose values lie where another machine does not find them."""
    from airflow_provider_rivya.storage.place import OutputPlace

    backend, path = _compat.state_store_backend()
    place = OutputPlace(f"{path.rstrip('/')}/")
    if backend and path and not place.faults():
        warn_if_local(
            place,
            executor,
            what="Airflow's task state store ([workers] state_store_backend) keeps the submission record in",
            who="a retry",
            loss=", which cannot read it there and then submits nothing",
        )

"""Where the record of a task instance is kept, or a batch's ledger: the task state store, a file, nowhere."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya import _compat
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.operators.identity import row_key_faults
from airflow_provider_rivya.operators.local_paths import warn_if_local, warn_of_records

if TYPE_CHECKING:
    from airflow_provider_rivya.exceptions import Fault
    from airflow_provider_rivya.storage.place import OutputPlace
    from airflow_provider_rivya.submission.identity import Identity
    from airflow_provider_rivya.submission.stores import RecordStore

log = logging.getLogger(__name__)

PLACES: Final = ("output_path", "output_conn_id", "manifest_path", "state_path")
"""Arguments of a batch that say where its files lie: rendered once for all tries."""
_NEVER: Final = object()


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


class BatchPlaces:
    """
    Where a batch's ledger and files lie, in the task state store, if there is one (Airflow 3.3): what the
    templates render to in a retry may be another place, where nothing tells what is paid for.

    :param identity: of the task instance.
    :param epoch: stands still over retries, grows with a clear.
    """

    def __init__(self, context: Mapping[str, Any], identity: Identity, epoch: int) -> None:
        self._store = _compat.state_store(context)
        self._key = f"rivya_ledger{identity.part and '_'}{identity.part}"
        self._epoch = epoch
        self._known: dict[str, Any] | None = None

    def recall(self, task: Any) -> None:
        """
        Let a retry go on where its first try began; after a clear the ledger alone stays where it was.

        :raises GenerationError: the store cannot be asked, or has lost them.
        """
        if self._store is None:
            return
        try:
            known = self._known = _places(self._store.get(self._key, default=_NEVER))
        except Exception as error:
            raise _cannot_tell(error) from error
        if known is None:
            return
        if known["epoch"] != self._epoch:
            task.state_path = task.state_path or known["state_path"]
            return
        if task.output_path != known["output_path"]:
            log.warning(
                "output_path renders to %r in this try. The batch goes on in %r, where it has begun.",
                task.output_path,
                known["output_path"],
            )
        for name in PLACES:
            setattr(task, name, known[name])

    def remember(self, task: Any, output: OutputPlace) -> None:
        """
        Write the places down, before anything is paid.

        :raises GenerationError: the store cannot take it.
        """
        if self._store is None:
            return
        places = {"epoch": self._epoch, **{name: getattr(task, name) for name in PLACES}}
        if places["state_path"] is None:
            beside = output.folder(".rivya")
            scheme, _, rest = beside.uri.partition("://")
            places["state_path"] = f"{scheme}://{beside.conn_id}@{rest}" if beside.conn_id else beside.uri
        if places != self._known:
            try:
                self._store.set(self._key, places, retention=_compat.never_expire())
            except Exception as error:
                raise _cannot_tell(error) from error


def _places(document: Any) -> dict[str, Any] | None:
    """
    Return the places that were written down; ``None``: none ever were.

    :raises ValueError: they are lost, which a state store's backend tells by ``None``, or were changed.
    """
    if document is _NEVER:
        return None
    sound = isinstance(document, dict) and isinstance(document.get("epoch"), int)
    if not sound or not all(isinstance(document.get(name), str | None) for name in PLACES):
        raise ValueError("what it has is not what was written there")
    return {"epoch": document["epoch"], **{name: document.get(name) for name in PLACES}}


def _cannot_tell(error: Exception) -> GenerationError:
    from airflow_provider_rivya.storage.staged import reason_of

    return GenerationError(
        f"Airflow's task state store, which says where this batch's ledger lies, cannot be used: "
        f"{reason_of(error)}",
        fate="This try has sent nothing; a retry asks again.",
        retryable=True,
    )

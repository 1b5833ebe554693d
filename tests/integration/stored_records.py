"""The submission record of a test's task, seen past the operator: in the state store, or in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

from airflow_provider_rivya.submission.record import signed
from tests import airflows


def whole(document: Any) -> Any:
    """Return what a test has made of a record with the digest that belongs to it."""
    return signed(document) if isinstance(document, dict) else document


class Kept(Protocol):
    """The one record of a Dag; ``replace`` and ``remove`` need one to be there."""

    def read(self) -> Any: ...
    def replace(self, document: Any) -> None: ...
    def remove(self) -> None: ...


class InStateStore:
    """
    A row of Airflow's metadata database.

    :param dag_id: of the Dag with the one task that keeps a record.
    :param key: of the value, or its beginning.
    """

    def __init__(self, dag_id: str, key: str = "rivya_submission") -> None:
        self._dag_id = dag_id
        self._key = key

    def read(self) -> Any:
        from airflow.utils.session import create_session

        with create_session() as session:
            row = self._row(session)
            return None if row is None else json.loads(row.value)

    def replace(self, document: Any) -> None:
        from airflow.utils.session import create_session

        with create_session() as session:
            self._row(session).value = json.dumps(whole(document))

    def remove(self) -> None:
        from airflow.utils.session import create_session

        with create_session() as session:
            session.delete(self._row(session))

    def _row(self, session: Any) -> Any:
        from airflow.models.task_state_store import TaskStateStoreModel
        from sqlalchemy import select

        query = select(TaskStateStoreModel).where(TaskStateStoreModel.dag_id == self._dag_id)
        query = query.where(TaskStateStoreModel.key.startswith(self._key, autoescape=True))
        return session.scalars(query).one_or_none()


class InFolder:
    """
    The one file in a folder.

    :param folder: the ``state_path`` of the task; need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> Any:
        return json.loads(self._file().read_text()) if any(self._folder.glob("*")) else None

    def replace(self, document: Any) -> None:
        self._file().write_text(json.dumps(whole(document)))

    def remove(self) -> None:
        self._file().unlink()

    def _file(self) -> Path:
        (file,) = self._folder.iterdir()
        return file


def record_of(dag_id: str, folder: Path | None) -> Kept:
    """
    Return where this Airflow keeps the record of a Dag's task.

    :param folder: the ``state_path`` that the task was given if there is no state store.
    """
    if airflows.STATE_STORE:
        return InStateStore(dag_id)
    assert folder is not None, "without a state store the task of this test needs a state_path"
    return InFolder(folder)

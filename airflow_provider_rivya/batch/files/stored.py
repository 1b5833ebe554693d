"""
Whether the files of a row are still those that were stored for it: others may write under the same names.

A listing of the folder tells sizes and times. What was changed after the ledger recorded it is read, and goes
by its sha256. What was stored in another folder, or under another name, is copied.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from airflow_provider_rivya.exceptions import StorageError
from airflow_provider_rivya.storage.place import OutputPlace

if TYPE_CHECKING:
    from airflow_provider_rivya.batch.ledger import RowResult, RowState
    from airflow_provider_rivya.storage.listing import Listed

log = logging.getLogger(__name__)

Sight = Literal["sound", "doubtful", "gone"]
"""What a listing says of a row's files: they stand there; they have to be read; they do not."""

_BLOCK: Final = 256 * 1024
_TOLD: Final = 10


class StoredFiles:
    """
    The files in the folder of the outputs, as they were when this was first asked, or since it has forgotten.

    :param place: that folder; it may be another one than that in which the files were stored.
    :param replace: whether another file in the place of one of them is overwritten.
    """

    def __init__(self, place: OutputPlace, *, replace: bool) -> None:
        self._place = place
        self._replace = replace
        self._others: dict[tuple[str, str | None], OutputPlace] = {}
        self._told = 0

    @cached_property
    def _there(self) -> Mapping[str, Listed]:
        return self._place.listed()

    def forget(self) -> None:
        """Keep the listing no longer: it has a line for each file."""
        self.__dict__.pop("_there", None)

    def sight(self, state: RowState, stem: str) -> Sight:
        """
        Tell what the listing says of the files of a row that has a result.

        :param stem: what they are to be called.
        """
        found: Sight = "sound"
        outputs = state.result.read()["outputs"] if state.result else []
        for output in outputs:
            name = _wanted(output, stem, len(outputs))
            listed = self._there.get(name)
            if listed is None or listed.size not in (None, output.get("size_bytes")):
                return "gone"
            changed_at = math.inf if listed.changed_at is None else listed.changed_at
            if changed_at > state.stored_at or output["uri"] != self._place.uri_of(name):
                found = "doubtful"
        return found

    def kept(self, result: RowResult, stem: str) -> dict[str, Any] | None:
        """
        Read the files of a row.

        :return: its result with the places where they are, and nothing of what is beside them; ``None``: one
            of them is not to be had.
        """
        document = result.read()
        outputs = document["outputs"]
        for output in outputs:
            name = _wanted(output, stem, len(outputs))
            found = self._sha256(name)
            if found != output.get("sha256") and not self._copied(output, name, found):
                return None
            output.update(uri=self._place.uri_of(name), conn_id=self._place.conn_id)
            for beside in ("thumbnail_uri", "sidecar_uri"):
                output.pop(beside, None)
        return document

    def _sha256(self, name: str) -> str | None:
        """Return the digest of a file in the folder; ``None``: it cannot be read."""
        with suppress(StorageError, OSError):
            return _digest(self._place, name)
        return None

    def _copied(self, output: Mapping[str, Any], name: str, there: str | None) -> bool:
        """
        Copy a file from where it was stored, if it still is there.

        :param there: digest of what stands in its place.
        """
        if there is not None:
            self._tell(name)
            if not self._replace:
                return False
        uri = str(output["uri"])
        folder, _, before = uri.rpartition("/")
        places = [self._place] if before != name else []
        if uri != self._place.uri_of(before):
            places.append(self._other(f"{folder}/", output.get("conn_id")))
        for place in places:
            with suppress(StorageError, OSError, ValueError), self._place.stage(name) as staged:
                digest = hashlib.sha256()
                for block in _blocks(place, before):
                    digest.update(block)
                    staged.write(block)
                if digest.hexdigest() == output.get("sha256"):
                    staged.commit()
                    return True
        return False

    def _other(self, folder: str, conn_id: str | None) -> OutputPlace:
        return self._others.setdefault((folder, conn_id), OutputPlace(folder, conn_id))

    def _tell(self, name: str) -> None:
        self._told += 1
        if self._told <= _TOLD:
            log.warning(
                "%s is not the file that was stored for its row, which is fetched again. Give each run and "
                "task an output_path, or file names, of its own.",
                self._place.uri_of(name),
            )


def _wanted(output: Mapping[str, Any], stem: str, count: int) -> str:
    """Return what a stored file is to be called, as it is named when it is stored."""
    extension = os.path.splitext(str(output["uri"]))[1]
    return f"{stem}{extension}" if count == 1 else f"{stem}-{output['index']}{extension}"


def _digest(place: OutputPlace, name: str) -> str:
    digest = hashlib.sha256()
    for block in _blocks(place, name):
        digest.update(block)
    return digest.hexdigest()


def _blocks(place: OutputPlace, name: str) -> Iterator[bytes]:
    with place.open(name) as file:
        while block := file.read(_BLOCK):
            yield block

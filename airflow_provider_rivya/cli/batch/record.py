"""What a command knows of its own earlier runs: one small file beside the outputs for each batch."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.batch.segments import UnreadableLedgerError, kept, read_kept
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.storage.atomic_file import SmallFile
from airflow_provider_rivya.submission.record import SIGNATURE, is_signed, signed

if TYPE_CHECKING:
    from airflow_provider_rivya.storage.place import OutputPlace

VERSION: Final = 1
_ALLOWED: Final = "the same command; --new-plan reads the table again, another --name makes another batch"


@dataclass(frozen=True, slots=True)
class KnownRun:
    """
    Where the runs of one batch stand.

    :param id: of the batch: its files may be moved, and go with it.
    :param epoch: grows when a run begins after one that had come to its end, as with a task's clear.
    :param command: what was asked for by it.
    :param over: why its last run ended; ``None``: it did not come to its end.
    """

    id: str
    epoch: int
    command: Mapping[str, Any]
    over: str | None = None
    version: int = VERSION


class RunRecord:
    """
    The file.

    :param folder: ``.rivya/`` beside the outputs.
    :param name: of the batch.
    """

    def __init__(self, folder: OutputPlace, name: str) -> None:
        self._name = name
        self._what = f"record of the batch {name!r}"
        self._file = SmallFile(folder, f"{name}.command.json")

    def begin(
        self, command: Mapping[str, Any], *, stands: Callable[[KnownRun], bool], anew: bool
    ) -> KnownRun:
        """
        Begin a run: a first one, one that goes on with an interrupted one, or one after that.

        :param stands: whether the plan of a run stands.
        :param anew: leave an interrupted run's plan behind.
        :raises InvalidRequestError: an interrupted one was asked for something else.
        :raises UnreadableLedgerError: the file is damaged, or of a newer release.
        """
        before = self.read()
        if before is None:
            begun = KnownRun(uuid.uuid4().hex, 0, command)
            try:
                with kept(self._what, "written"):
                    self._file.create(self._content(begun))
            except FileExistsError:  # another command was first
                return self.begin(command, stands=stands, anew=anew)
            return begun
        planned = stands(before)
        if planned and before.over is None and not anew:
            self._refuse_others(before.command, command)
            return before
        begun = replace(
            before, epoch=before.epoch + 1 if planned else before.epoch, command=command, over=None
        )
        self._write(begun)
        return begun

    def end(self, known_run: KnownRun, why: str) -> None:
        """Note that a run has come to its end: the next one reads the table again."""
        self._write(replace(known_run, over=why))

    def read(self) -> KnownRun | None:
        content = read_kept(self._file, self._what)
        if content is None:
            return None
        try:
            document = json.loads(content)
            if document.get("version") != VERSION:
                told = clean(document.get("version"), 80)
                problem = f"has version {told}; this release reads version {VERSION}"
            elif not is_signed(document):
                problem = "is damaged, or was changed by hand"
            else:
                del document[SIGNATURE]
                return KnownRun(**document)
        except (ValueError, TypeError, AttributeError, RecursionError):
            problem = "is damaged"
        raise UnreadableLedgerError(self._what, f"{self._file.uri} {problem}")

    def _write(self, known_run: KnownRun) -> None:
        with kept(self._what, "written"):
            self._file.replace(self._content(known_run))

    def _refuse_others(self, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        faults = [
            Fault(name, f"the interrupted run had {before.get(name)!r}, this one {value!r}", _ALLOWED)
            for name, value in now.items()
            if before.get(name) != value
        ]
        if faults:
            raise InvalidRequestError(faults, subject=f"The batch {self._name!r}", fate="Nothing was sent.")

    @staticmethod
    def _content(known_run: KnownRun) -> bytes:
        return json.dumps(signed(asdict(known_run)), indent=1).encode()

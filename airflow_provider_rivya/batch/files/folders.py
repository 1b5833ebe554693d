"""Where plan, ledger, outputs and manifest of a batch lie, and whose they are."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.batch import manifest
from airflow_provider_rivya.batch.ledger import EPOCHS
from airflow_provider_rivya.batch.plan import PlanFolder
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.storage.atomic_file import SmallFile
from airflow_provider_rivya.storage.path import safe_name
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.stores import record_folder

if TYPE_CHECKING:
    from airflow_provider_rivya.batch.arguments import BatchArguments
    from airflow_provider_rivya.submission.identity import Identity

VERSION: Final = 1
OWNER: Final = "_batch"
"""Says whose manifest a folder has, and of which version it is."""


@dataclass(frozen=True)
class BatchFolders:
    """
    The folders of one try.

    :param clears: how often the task was cleared; see :attr:`epoch`.
    :param owner: what a person knows the batch by, over all its runs.
    """

    identity: Identity
    clears: int
    arguments: BatchArguments
    owner: str

    @cached_property
    def batch(self) -> str:
        """Digest of whose rows these are."""
        return (
            replace(self.identity, run_id="").digest if self.arguments.incremental else self.identity.digest
        )

    @cached_property
    def epoch(self) -> int:
        """Stands still over retries, grows with a clear; another one in each run, where those share rows."""
        clears = min(self.clears, EPOCHS - 1)
        if not self.arguments.incremental:
            return clears
        return (1 + int(self.identity.digest[:8], 16)) * EPOCHS + clears

    @cached_property
    def outputs(self) -> OutputPlace:
        return OutputPlace(self.arguments.output_path, self.arguments.output_conn_id).owned(self._writer)

    @cached_property
    def state(self) -> OutputPlace:
        """The folder of ledger and plans."""
        given = self.arguments.state_path
        folder = self.outputs.folder(".rivya") if given is None else record_folder(given)
        return folder.folder(f"batch-{self.batch[:16]}")

    @cached_property
    def plans(self) -> PlanFolder:
        return PlanFolder(self.state.folder(f"plan-{self.epoch}"), self.batch)

    @cached_property
    def results(self) -> OutputPlace:
        """
        The folder of the manifest, which is this batch's from now on.

        :raises InvalidRequestError: what lies there is of a newer release.
        """
        run = safe_name(self.identity.run_id)
        if self.identity.map_index >= 0:
            run = f"{run}/{self.identity.map_index}"
        given = self.arguments.manifest_path
        folder = self.outputs.folder(f"_manifest/{run}") if given is None else record_folder(given)
        return claimed(folder, self.owner, alone=not self.arguments.dry_run).owned(self._writer)

    @property
    def manifest_name(self) -> str:
        chosen = self.arguments.manifest_format
        return f"manifest.{chosen or ('parquet' if manifest.has_pyarrow() else 'jsonl')}"

    @property
    def _writer(self) -> str:
        return f"{self.batch[:16]}-"


def claimed(place: OutputPlace, owner: str, *, alone: bool) -> OutputPlace:
    """
    Return the folder of a batch's manifest: a place, or one in there where another batch has that already.

    :param owner: what a person knows the batch by, over all its runs.
    :param alone: take the place, if nobody has.
    :raises InvalidRequestError: what lies there is of a newer release.
    """
    if alone:
        place.make_folder()
        with suppress(FileExistsError):
            SmallFile(place, OWNER).create(json.dumps({"version": VERSION, "batch": owner}).encode())
    with suppress(PermissionError):  # of another user of this machine
        if owner_of(place) in (None, owner):
            return place
    other = place.folder(safe_name(owner))
    owner_of(other)
    return other


def owner_of(place: OutputPlace) -> str | None:
    """
    Return whose manifest a folder has; ``None``: nobody's.

    :raises InvalidRequestError: it is of a newer release.
    """
    mark = SmallFile(place, OWNER)
    if (content := mark.read()) is None:
        return None
    try:
        document = json.loads(content)
        version, owner = document["version"], str(document["batch"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return content.decode(errors="replace")  # not written by a batch
    if version != VERSION:
        told = f"that of {mark.uri} has version {clean(version, 80)}; this release writes version {VERSION}"
        raise InvalidRequestError([Fault("manifest_path", told, "a newer release, or another folder")])
    return owner

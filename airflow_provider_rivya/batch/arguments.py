"""What the author of a batch has decided, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_rivya.batch import manifest
from airflow_provider_rivya.batch.table.planned import Asked
from airflow_provider_rivya.batch.window import Limits
from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.gallery.extras import NO_EXTRAS, Extras
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.stores import folder_faults, record_folder

if TYPE_CHECKING:
    from airflow_provider_rivya.batch.plan import OnInvalid
    from airflow_provider_rivya.storage.place import IfExists

ManifestFormat = Literal["parquet", "jsonl"]


@dataclass(frozen=True, slots=True)
class BatchArguments:
    """
    What the author of a batch has decided, as it was given: nothing of it is checked yet.

    :param asked: for each row.
    :param output_path: a folder.
    :param manifest_path: a folder; ``None``: ``_manifest/<run>/`` beside the outputs.
    :param manifest_format: ``None``: Parquet where pyarrow is installed, else JSON lines.
    :param state_path: a folder for plan and ledger; ``None``: ``.rivya/`` beside the outputs.
    :param max_failed_rows: rows that may fail: a number, or as a ``float`` up to 1.0 a share.
    :param incremental: runs of the task share their rows.
    :param check_references: open the reference files of all rows before anything is paid.
    :param min_credits_left: what the account must have left.
    :param dry_run: only the plan is made.
    :param faults: what is known to be wrong already.
    """

    asked: Asked
    output_path: Any
    output_conn_id: Any = None
    manifest_path: Any = None
    manifest_format: ManifestFormat | None = None
    state_path: Any = None
    limits: Limits = field(default_factory=Limits)
    max_failed_rows: float = 0
    if_exists: IfExists = "overwrite"
    on_invalid: OnInvalid = "fail"
    incremental: bool = False
    fail_on_budget: bool = False
    check_references: bool = False
    min_credits_left: float | None = None
    dry_run: bool = False
    faults: Sequence[Fault] = ()
    extras: Extras = NO_EXTRAS

    def wrong(self) -> list[Fault]:
        """Return what is wrong with the arguments and the places, without touching them."""
        place = OutputPlace(self.output_path, self.output_conn_id)
        found = [*self.faults, *place.faults(), *folder_faults(self.state_path)]
        found += self.extras.faults(self.output_path)
        if not place.faults() and place.fixed_name is not None:
            found.append(Fault("output_path", "it names one file, and a batch makes many", "a folder"))
        if self.manifest_path is not None:
            faults = record_folder(self.manifest_path).faults()
            found += [replace(fault, path="manifest_path") for fault in faults]
        if self.manifest_format == "parquet" and not manifest.has_pyarrow():
            install = "pip install 'airflow-provider-rivya[parquet]', or 'jsonl'"
            found.append(Fault("manifest_format", "'parquet' needs pyarrow", install))
        for column in self.asked.carry:
            if column in manifest.COLUMNS and column != manifest.GIVES_WAY:
                problem = f"the manifest has a column {column!r} of its own"
                found.append(Fault("carry", problem, "another name of the column in the table"))
        return found

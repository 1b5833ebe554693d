"""What the author of a batch has decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_rivya.batch.table.planned import Asked
from airflow_provider_rivya.batch.window import Limits
from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.gallery.extras import NO_EXTRAS, Extras

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
    :param max_failed_rows: rows that may fail: a number, or below 1 a share of all.
    :param incremental: runs of the task share their rows.
    :param check_references: open the reference files of all rows before anything is paid.
    :param min_credits_left: what the account must have left.
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
    faults: Sequence[Fault] = ()
    extras: Extras = NO_EXTRAS

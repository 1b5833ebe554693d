"""The result of a batch: one line for each row, the counts, and ``_SUCCESS`` when all of it stands."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.batch.ledger import LANDED, STATUSES, RowState, Status
from airflow_provider_rivya.batch.window import action
from airflow_provider_rivya.credits import whole
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.storage.atomic_file import SmallFile

if TYPE_CHECKING:
    from airflow_provider_rivya.batch.table.planned import PlannedRow
    from airflow_provider_rivya.storage.place import OutputPlace
    from airflow_provider_rivya.submission.context import OnRerun
    from airflow_provider_rivya.submission.record import Record

SUCCESS: Final = "_SUCCESS"
FAULTS: Final = "faults.jsonl"
SAMPLE: Final = 10
MOST_OF_XCOM: Final = 4_000
"""Bytes of its JSON: there is one of each task instance in Airflow's database."""
COLUMNS: Final = (
    "row_key",
    "index",
    "status",
    "generation_id",
    "outputs",
    "credits_reserved",
    "credits_final",
    "attempts",
    "error_kind",
    "error",
    "model",
    "prompt",
    "fingerprint",
    "created_at",
    "finished_at",
)
"""The columns of a manifest; those that are carried come after them."""
GIVES_WAY: Final = "prompt"
"""The column of these whose place a carried one of the same name may take: tables of prompts are common."""
_GROUP: Final = 250
_BLOCK: Final = 1024 * 1024


def status_of(row: PlannedRow, state: RowState | None, epoch: int, on_rerun: OnRerun = "reuse") -> Status:
    """Say what a row has come to."""
    if row.invalid is not None:
        return "invalid"
    record = state.record if state else None
    error = state.error if state else None
    told = error.status if error is not None and error.epoch == epoch else None
    if state is None or record is None or record.is_withdrawn:
        return told or "not_submitted"
    if record.unanswered:
        return "uncertain"
    if record.pending:
        return "not_landed"
    if record.is_delivered and (stored := state.stored) is not None:
        if not record.cleared_since(epoch):
            return "succeeded" if stored.epoch == epoch else "reused"
        kept = action(state, epoch=epoch, fingerprint=row.fingerprint, on_rerun=on_rerun, row_attempts=0)
        return told or ("reused" if kept == "done" else "not_submitted")
    if record.cleared_since(epoch):
        return told or "not_submitted"
    if record.is_delivered:
        return "not_landed"
    return told if told in ("failed", "refused") else "failed"


def line_of(row: PlannedRow, state: RowState | None, status: Status) -> dict[str, Any]:
    """Return a row's line."""
    # Of a row that was not sent, an earlier generation may be known: it is not this run's.
    record = state.record if state and status not in ("invalid", "not_submitted") else None
    result = state.result.read() if state and state.result and status in LANDED else {}
    error = state.error if state and status not in LANDED else None
    kind, text = (error.kind, error.text) if error else (None, None)
    if row.invalid is not None:
        kind, text = "invalid_request", row.invalid
    elif status == "not_landed" and error is None:
        kind, text = "running", "It had not ended when this try gave up; a retry stores it."
    return {
        "row_key": row.key,
        "index": row.index,
        "status": status,
        "generation_id": record.generation_id if record else None,
        "outputs": result.get("outputs", []),
        "credits_reserved": whole(result.get("credits_reserved", record.credits if record else None)),
        "credits_final": whole(
            result.get("credits_final", record.credits if record and record.has_failed else None)
        ),
        "attempts": record.attempt + 1 if record else 0,
        "error_kind": kind,
        "error": text,
        "model": row.model or None,
        "prompt": _prompt(row, record),
        "fingerprint": record.fingerprint if record else row.fingerprint,
        "created_at": result.get("created_at"),
        "finished_at": result.get("finished_at"),
        **row.carry,
    }


def _prompt(row: PlannedRow, record: Record | None) -> str | None:
    """Return the prompt; ``None`` where an earlier request than this one was delivered, or there is none."""
    if record is not None and row.fingerprint not in (None, record.fingerprint):
        return None
    return row.prompt if isinstance(row.prompt, str) else None


@dataclass(slots=True)
class Totals:
    """
    The counts of a manifest, and the first lines without a result.

    :ivar reserved: credits; with ``final`` and ``left`` ``None`` where that of a row is not known.
    """

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    reserved: float | None = 0.0
    final: float | None = 0.0
    left: float | None = 0.0
    failed_sample: list[dict[str, Any]] = field(default_factory=list)
    final_failures: int = 0
    open_failures: int = 0

    def add(self, row: PlannedRow, line: Mapping[str, Any]) -> None:
        status = line["status"]
        self.rows += 1
        self.counts[status] += 1
        if status != "reused" and line["generation_id"] is not None:
            reserved, final = line["credits_reserved"], line["credits_final"]
            self.reserved = _sum(self.reserved, final if reserved is None else reserved)
            is_over = status not in ("not_landed", "uncertain")
            self.final = _sum(self.final, final if is_over else final or 0)
        if status == "not_submitted":
            self.left = _sum(self.left, row.price)
        elif status in ("not_landed", "uncertain"):
            self.open_failures += 1
        elif status not in LANDED:
            self.final_failures += 1
        told = status != "not_submitted" or line["error"] is not None
        if status not in LANDED and told and len(self.failed_sample) < SAMPLE:
            text = str(line["error"] or "").partition("\n")[0]
            self.failed_sample.append({"row_key": row.key[:60], "status": status, "error": clean(text, 120)})

    def by_status(self) -> dict[str, int]:
        return {status: self.counts[status] for status in STATUSES}

    def credits(self) -> dict[str, float | None]:
        amounts = {"reserved": self.reserved, "final": self.final, "estimated_left": self.left}
        return {name: None if each is None else whole(round(each, 6)) for name, each in amounts.items()}


def _sum(total: float | None, amount: float | None) -> float | None:
    return None if total is None or amount is None else total + amount


def write_manifest(
    place: OutputPlace, name: str, rows: Iterable[tuple[PlannedRow, Mapping[str, Any]]]
) -> Totals:
    """
    Write the manifest whole, and the lines without a result once more beside it (``failed.jsonl``).

    A ``_SUCCESS`` of before goes first, and is made by :func:`mark_success`.

    :param name: ``manifest.parquet`` or ``manifest.jsonl``.
    :param rows: all of them, in order, each with its line.
    """
    SmallFile(place, SUCCESS).remove()
    totals, carry = Totals(), tuple[str, ...]()
    with TemporaryDirectory(prefix="rivya-manifest-") as folder:
        lines_at, failed_at = os.path.join(folder, "lines"), os.path.join(folder, "failed")
        with open(lines_at, "w", encoding="utf-8") as lines, open(failed_at, "w", encoding="utf-8") as failed:
            for row, line in rows:
                totals.add(row, line)
                carry = tuple(row.carry)  # as it was planned: the same for all rows
                text = json.dumps(line, ensure_ascii=False) + "\n"
                lines.write(text)
                if line["status"] not in LANDED:
                    failed.write(text)
        if name.endswith(".parquet"):
            table = os.path.join(folder, "table")
            _to_parquet(lines_at, table, carry)
            lines_at = table
        put(place, "failed.jsonl", failed_at)
        put(place, name, lines_at)
    return totals


def summary(place: OutputPlace, name: str, totals: Totals, ended: str) -> dict[str, Any]:
    """
    Return the XCom of a batch.

    :param name: of the manifest.
    :param ended: why.
    """
    return {
        "manifest_uri": place.uri_of(name),
        "failed_uri": place.uri_of("failed.jsonl"),
        "conn_id": place.conn_id,
        "rows": totals.rows,
        "counts": totals.by_status(),
        "credits": totals.credits(),
        "ended": ended,
        "failed_sample": list(totals.failed_sample),
    }


def cut_to_fit(summary: dict[str, Any]) -> None:
    """Tell less of the rows without a result where long texts and URIs would make the XCom large."""
    sample = summary["failed_sample"]
    for longest in (60, 20, 0):
        if len(json.dumps(summary)) > MOST_OF_XCOM:
            sample[:] = [{**row, "error": row["error"][:longest]} for row in sample]
    while sample and len(json.dumps(summary)) > MOST_OF_XCOM:
        sample.pop()


def mark_success(place: OutputPlace) -> None:
    """Say that the manifest beside it is that of a batch that has succeeded."""
    SmallFile(place, SUCCESS).replace(b"")


def put(place: OutputPlace, name: str, path: str) -> None:
    """Let a local file appear in a place."""
    place.make_folder()
    with place.stage(name) as staged, open(path, "rb") as file:
        while block := file.read(_BLOCK):
            staged.write(block)
        staged.commit()


def has_pyarrow() -> bool:
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


def _to_parquet(lines_at: str, table: str, carry: Sequence[str]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    kinds = _kinds(_read(lines_at), carry)
    types = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
    output = pa.struct(
        [
            ("index", pa.int64()),
            ("uri", pa.string()),
            ("conn_id", pa.string()),
            ("mime_type", pa.string()),
            ("size_bytes", pa.int64()),
            ("sha256", pa.string()),
            ("width", pa.int64()),
            ("height", pa.int64()),
            ("duration_s", pa.float64()),
            ("doubts", pa.list_(pa.string())),
            ("c2pa", pa.bool_()),
            ("xmp", pa.bool_()),
            ("thumbnail_uri", pa.string()),
            ("sidecar_uri", pa.string()),
        ]
    )
    special = {
        "index": pa.int64(),
        "attempts": pa.int64(),
        "outputs": pa.list_(output),
        "credits_reserved": pa.float64(),
        "credits_final": pa.float64(),
    }
    schema = pa.schema(
        [
            *((column, special.get(column, pa.string())) for column in COLUMNS if column not in carry),
            *((column, types[kinds[column]]) for column in dict.fromkeys(carry)),
        ]
    )
    with parquet.ParquetWriter(table, schema) as writer:
        group: list[dict[str, Any]] = []
        for line in _read(lines_at):
            for column in carry:
                if kinds[column] == "text" and line[column] is not None:
                    line[column] = _text(line[column])
            group.append(line)
            if len(group) >= _GROUP:
                writer.write_table(pa.Table.from_pylist(group, schema))
                group = []
        if group:
            writer.write_table(pa.Table.from_pylist(group, schema))


def _read(path: str) -> Iterator[dict[str, Any]]:
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


_KINDS: Final[tuple[tuple[str, Callable[[Any], bool]], ...]] = (
    ("boolean", lambda value: isinstance(value, bool)),
    ("integer", lambda value: type(value) is int and abs(value) < 2**63),
    ("number", lambda value: type(value) is float or (type(value) is int and abs(value) <= 2**53)),
)


def _kinds(lines: Iterable[Mapping[str, Any]], carry: Sequence[str]) -> dict[str, str]:
    """Return the narrowest type that all values of a carried column have; text where there is none."""
    left = {column: list(_KINDS) for column in carry}
    some: set[str] = set()
    for line in lines:
        for column in carry:
            if (value := line[column]) is not None:
                some.add(column)
                left[column] = [(name, fits) for name, fits in left[column] if fits(value)]
    return {column: kinds[0][0] if kinds and column in some else "text" for column, kinds in left.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

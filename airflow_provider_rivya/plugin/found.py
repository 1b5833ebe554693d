"""What a task instance has left, out of its own XCom: a result's files, or pages of a batch's manifest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import IO, Any, Final

from airflow_provider_rivya.plugin.roots import Roots
from airflow_provider_rivya.redaction import clean

PER_PAGE: Final = 200
_MOST_XCOM: Final = 4 * 1024 * 1024
_MOST_LINE: Final = 1024 * 1024
_MOST_PROMPT: Final = 1_000
_SHOWN: Final = (
    "row_key",
    "status",
    "error",
    "model",
    "credits_final",
    "generation_id",
)
_OF_FILE: Final = ("mime_type", "size_bytes", "width", "height", "duration_s", "c2pa")


def xcom_of(dag_id: str, run_id: str, task_id: str, map_index: int) -> Mapping[str, Any]:
    """Return the XCom ``return_value`` of a task instance, else ``failure``; empty: there is neither."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    if "\0" in f"{dag_id}{run_id}{task_id}":
        return {}  # PostgreSQL takes no such text
    query = select(XComModel.key, XComModel.value).where(
        XComModel.dag_id == dag_id,
        XComModel.run_id == run_id,
        XComModel.task_id == task_id,
        XComModel.map_index == map_index,
        XComModel.key.in_(("return_value", "failure")),
    )
    with create_session() as session:
        found: dict[str, Any] = {row.key: row.value for row in session.execute(query)}
    value = found.get("return_value", found.get("failure"))
    if isinstance(value, str):
        try:
            value = json.loads(value) if len(value) <= _MOST_XCOM else None
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def uri_of(result: Mapping[str, Any], number: int) -> object:
    """Return where the file of this number in a result is; ``None``: there is none."""
    outputs = result.get("outputs")
    output = outputs[number] if isinstance(outputs, list) and 0 <= number < len(outputs) else None
    return output.get("uri") if isinstance(output, Mapping) else None


def lines_of(summary: Mapping[str, Any], roots: Roots, page: int) -> list[Mapping[str, Any]] | None:
    """Return a page of a batch's manifest; ``None``: it may not be read, or there is none."""
    found = roots.find(summary.get("manifest_uri"))
    if found is None:
        return None
    place, name = found
    with place.open(name) as file:
        rows = _parquet(file) if name.endswith(".parquet") else _jsonl(file)
        return list(islice(rows, page * PER_PAGE, (page + 1) * PER_PAGE))


def shown(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page is told of a row: no address of any file."""
    outputs = line.get("outputs")
    files = [output for output in outputs if isinstance(output, Mapping)] if isinstance(outputs, list) else []
    told = {name: line.get(name) for name in _SHOWN}
    told["prompt"] = None if line.get("prompt") is None else clean(line["prompt"], _MOST_PROMPT)
    names = [str(output.get("uri") or "").rpartition("/")[2] for output in files]
    told["outputs"] = [
        {"name": name, **{key: output.get(key) for key in _OF_FILE}}
        for name, output in zip(names, files, strict=True)
    ]
    return told


def _jsonl(file: IO[bytes]) -> Iterator[Mapping[str, Any]]:
    while line := file.readline(_MOST_LINE):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            return
        if isinstance(row, dict):
            yield row


def _parquet(file: IO[bytes]) -> Iterator[Mapping[str, Any]]:
    from pyarrow import parquet

    batches: Iterable[Any] = parquet.ParquetFile(file).iter_batches(batch_size=PER_PAGE)
    for batch in batches:
        yield from batch.to_pylist()

"""The rows of frames and Arrow tables, a block at a time; only the library of what is given is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from airflow_provider_rivya.batch.table.refusal import each_once, unreadable

BLOCK: Final = 1024
"""Rows that become dicts at once."""


def rows_of_frame(source: Any) -> Iterator[Mapping[str, Any]] | None:
    """
    Return the rows of a frame of pandas or polars, or of an Arrow table; ``None``: it is none of these.

    :raises InvalidRequestError: two of its columns have one name.
    """
    if hasattr(source, "columns"):
        each_once([str(name) for name in getattr(source, "column_names", source.columns)], "it")
    if hasattr(source, "to_pylist"):
        return iter(arrow_rows(source))
    if hasattr(source, "to_dicts"):
        return _of_polars(source)
    if hasattr(source, "to_dict") and hasattr(source, "columns"):
        return _of_pandas(source)
    return None


def _of_polars(frame: Any) -> Iterator[Mapping[str, Any]]:
    for block in frame.iter_slices(BLOCK):
        yield from block.to_dicts()


def _of_pandas(frame: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the rows; an index that has a name is a column like any other."""
    levels = [name for name in frame.index.names if name is not None and name not in frame.columns]
    for first in range(0, len(frame), BLOCK):
        block = frame.iloc[first : first + BLOCK]
        yield from (block.reset_index(level=levels) if levels else block).to_dict("records")


def arrow_rows(table: Any) -> list[dict[str, Any]]:
    """
    Return the rows of an Arrow table; Python's own times have no nanoseconds.

    :raises InvalidRequestError: it is a column, or a value.
    """
    import pyarrow as pa

    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    if not isinstance(table, pa.Table):
        raise unreadable(f"a {type(table).__name__} is not a table")
    coarse = [(field.name, _coarse(field.type)) for field in table.schema]
    if any(kind != field.type for (_, kind), field in zip(coarse, table.schema, strict=True)):
        table = table.cast(pa.schema(coarse), safe=False)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _coarse(kind: Any) -> Any:
    import pyarrow as pa

    if getattr(kind, "unit", "") != "ns":
        return kind
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    return pa.time64("us") if pa.types.is_time64(kind) else pa.duration("us")

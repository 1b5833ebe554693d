"""The rows of frames and Arrow tables, a block at a time; only the library of what is given is needed."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from airflow_provider_rivya.batch.table.refusal import each_once, unreadable
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.storage.staged import reason_of

BLOCK: Final = 1024
"""Rows that become dicts at once."""
_NARROW: Final = re.compile(r"\bfloat(32)?\b", re.IGNORECASE)
"""A type of numbers in 32 bits, or of lists of them, as Arrow, pandas, polars and numpy call it."""


def rows_of_frame(source: Any) -> Iterator[Mapping[str, Any]] | None:
    """
    Return the rows of a frame of pandas or polars, or of an Arrow table; ``None``: it is none of these.

    :raises InvalidRequestError: two of its columns have one name.
    """
    if hasattr(source, "columns"):
        each_once([str(name) for name in getattr(source, "column_names", source.columns)], "it")
    if hasattr(source, "to_pylist"):
        return _of_arrow(source)
    if hasattr(source, "to_dicts"):
        return _of_polars(source)
    if hasattr(source, "to_dict") and hasattr(source, "columns"):
        return _of_pandas(source)
    return None


def _of_polars(frame: Any) -> Iterator[Mapping[str, Any]]:
    for block in frame.iter_slices(BLOCK):
        yield from _shortened(block.to_dicts(), frame.schema.items())


def _of_pandas(frame: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the rows; an index that has a name is a column like any other."""
    levels = [name for name in frame.index.names if name is not None and name not in frame.columns]
    for first in range(0, len(frame), BLOCK):
        block = frame.iloc[first : first + BLOCK]
        block = block.reset_index(level=levels) if levels else block
        yield from _shortened(block.to_dict("records"), frame.dtypes.items())


def _of_arrow(source: Any) -> Iterator[Mapping[str, Any]]:
    import pyarrow as pa

    if not isinstance(source, pa.Table | pa.RecordBatch):
        raise unreadable(f"a {type(source).__name__} is not a table")
    for first in range(0, len(source), BLOCK):
        yield from arrow_rows(source.slice(first, BLOCK), "the table")


def arrow_rows(table: Any, shown: str) -> Iterable[Mapping[str, Any]]:
    """
    Return the rows of an Arrow table; Python's own times have no nanoseconds.

    :param table: may be a record batch.
    :param shown: where it comes from.
    :raises InvalidRequestError: it has a value that Python has not.
    """
    columns: dict[str, list[Any]] = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        try:
            kind = _coarse(field.type)
            columns[field.name] = (
                column if kind == field.type else column.cast(kind, safe=False)
            ).to_pylist()
        except Exception as error:  # a date after the year 9999, a text that is none, an unknown time zone
            problem = f"the column {clean(field.name)!r} of {shown} cannot be read: {reason_of(error)}"
            raise unreadable(problem, "a table without it, or with another type of column") from None
    rows = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    return _shortened(rows, ((field.name, field.type) for field in table.schema))


def _coarse(kind: Any) -> Any:
    import pyarrow as pa

    if getattr(kind, "unit", "") != "ns":
        return kind
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    return pa.time64("us") if pa.types.is_time64(kind) else pa.duration("us")


def _shortened(
    rows: Iterable[Mapping[Any, Any]], kinds: Iterable[tuple[Any, Any]]
) -> Iterable[Mapping[Any, Any]]:
    """:param kinds: the columns, each with its type."""
    narrow = [name for name, kind in kinds if _NARROW.search(str(kind))]
    if not narrow:
        return rows
    return ({**row, **{name: _shortest(row[name]) for name in narrow}} for row in rows)


def _shortest(value: Any) -> Any:
    """Return the shortest number that is the same one in 32 bits: 19.9, not 19.899999618530273."""
    if isinstance(value, list):
        return [_shortest(entry) for entry in value]
    if not isinstance(value, float) or not math.isfinite(value) or value.is_integer():
        return value
    in_32_bits = struct.pack("f", value)
    shorter = (float(f"{value:.{digits}g}") for digits in range(6, 10))
    return next(number for number in shorter if struct.pack("f", number) == in_32_bits)


def of_numpy(value: Any) -> Any:
    """Return one of numpy's scalars or arrays in Python's own types."""
    kind = str(getattr(value, "dtype", ""))
    if kind.endswith("[ns]"):  # else it would be a whole number
        value = value.astype(kind.replace("[ns]", "[us]"))
    return _shortest(value.tolist()) if _NARROW.search(kind) else value.tolist()

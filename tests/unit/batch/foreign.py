"""Values and frames as libraries have them that are not installed with this provider."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any


class Array:
    """As numpy's: a type of its own, compared by element."""

    def __init__(self, values: Any, dtype: str = "object") -> None:
        self._values = values
        self.dtype = dtype
        self.ndim = int(isinstance(values, list))

    def astype(self, dtype: str) -> Any:
        assert (self.dtype, dtype) == ("datetime64[ns]", "datetime64[us]")
        return Array(datetime.fromtimestamp(self._values / 1e9, UTC), dtype)

    def __eq__(self, other: object) -> Any:
        return Array([value == other for value in self._values])

    def __hash__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        raise ValueError("the truth value is ambiguous")

    def tolist(self) -> Any:
        return self._values


class NAType:
    """As pandas' NA."""

    def __bool__(self) -> bool:
        raise TypeError("the truth value is ambiguous")


class Frame:
    """As the frames of pandas and polars: neither is installed with this provider."""

    index = SimpleNamespace(names=[None])
    number = ""

    def __init__(self, columns: list[Any], rows: list[list[Any]]) -> None:
        self.columns = columns
        self._rows = rows
        self.schema = self.dtypes = dict.fromkeys(columns, self.number)

    def __len__(self) -> int:
        return len(self._rows)

    def iter_slices(self, rows: int) -> Iterator[Frame]:
        for first in range(0, len(self), rows):
            yield type(self)(self.columns, self._rows[first : first + rows])


class Pandas(Frame):
    number = "float32"

    @property
    def iloc(self) -> Pandas:
        return self

    def __getitem__(self, rows: slice) -> Pandas:
        return Pandas(self.columns, self._rows[rows])

    def reset_index(self, level: list[str]) -> Pandas:
        rows = [[f"of {level[0]} {number}", *row] for number, row in enumerate(self._rows)]
        return Pandas([*level, *self.columns], rows)

    def to_dict(self, orient: str) -> list[dict[Any, Any]]:
        assert orient == "records"
        return [dict(zip(self.columns, row, strict=True)) for row in self._rows]


class Polars(Frame):
    number = "Float32"

    def to_dict(self, *, as_series: bool = True) -> dict[str, Any]:
        raise AssertionError("columns are no rows")

    def to_dicts(self) -> list[dict[Any, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self._rows]

"""What is read of frames, Arrow tables and numpy's values."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from airflow_provider_rivya.batch.table import frames
from tests.unit.batch.foreign import Array, Frame, Pandas, Polars
from tests.unit.batch.planning import planned, refused

NAN = float("nan")


@pytest.mark.parametrize("frame", [Pandas, Polars])
@pytest.mark.parametrize("block", [1, 2])
def test_a_frame_is_a_table(
    tmp_path: Path, frame: type[Frame], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "BLOCK", block)
    rows = planned(tmp_path, frame(["sku", 0], [["a", "A"], ["b", None]]), prompt="x {0}", carry=("0",))
    assert [(row.key, row.prompt, row.carry["0"]) for row in rows] == [("a", "x A", "A"), ("b", "x ", None)]
    assert "it has two columns 'sku'" in refused(tmp_path, frame(["sku", "sku"], [["a", "b"]]))


def test_an_index_of_pandas_that_has_a_name_is_a_column(tmp_path: Path) -> None:
    frame = Pandas(["title"], [["A"], ["B"]])
    frame.index = SimpleNamespace(names=["sku", None, "title"])
    rows = planned(tmp_path, frame, prompt="x {title}")
    assert [(row.key, row.prompt) for row in rows] == [("of sku 0", "x A"), ("of sku 1", "x B")]


def test_an_arrow_table_is_one(tmp_path: Path) -> None:
    table = pa.table({"sku": [1, 2], "v": [[1.5], None]})
    assert [row.carry["v"] for row in planned(tmp_path, table, carry=("v",))] == [[1.5], None]


WRITTEN = [19.9, 0.1, 1e-10, 16_777_215.0, 123_456_792.0, -0.5, None]
"""Numbers as a person has written them; 32 bits have the whole ones and the halves exactly."""
IN_32_BITS = pa.array(WRITTEN, pa.float32()).to_pylist()


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"sku": range(7), "v": pa.array(WRITTEN, pa.float32())}),
        pa.table({"sku": range(7), "v": pa.array([[n] for n in WRITTEN], pa.list_(pa.float32()))}),
        Pandas(["sku", "v"], [[n, value] for n, value in enumerate(IN_32_BITS)]),
        Polars(["sku", "v"], [[n, value] for n, value in enumerate(IN_32_BITS)]),
        [{"sku": n, "v": Array(value, "float32")} for n, value in enumerate(IN_32_BITS)],
    ],
    ids=["arrow", "lists of arrow", "pandas", "polars", "numpy"],
)
def test_a_number_of_32_bits_is_the_one_that_was_written(tmp_path: Path, table: Any) -> None:
    found = [row.carry["v"] for row in planned(tmp_path, table, carry=("v",))]
    assert [value[0] if isinstance(value, list) else value for value in found] == WRITTEN


def test_a_number_of_64_bits_is_not_touched(tmp_path: Path) -> None:
    table = pa.table({"sku": range(7), "v": pa.array(IN_32_BITS, pa.float64())})
    assert [row.carry["v"] for row in planned(tmp_path, table, carry=("v",))] == IN_32_BITS


@pytest.mark.parametrize("value", [Array(NAN, "float64"), Array(None, "datetime64[us]")], ids=["NaN", "NaT"])
def test_what_numpy_has_for_nothing_is_empty(tmp_path: Path, value: Any) -> None:
    (row,) = planned(tmp_path, [{"sku": 1, "v": value}], model_params={"aspect_ratio": "{v}"})
    assert row.params is None


def test_a_time_of_numpy_to_the_nanosecond_is_a_time(tmp_path: Path) -> None:
    (row,) = planned(tmp_path, [{"sku": 1, "v": Array(10**18, "datetime64[ns]")}], prompt="at {v}")
    assert row.prompt == "at 2001-09-09T01:46:40+00:00"


@pytest.mark.parametrize(
    "column",
    [
        pa.array([10**7], pa.int32()).cast(pa.date32()),
        pa.array([10**18]).cast(pa.timestamp("us")),
        pa.array([[1]], pa.list_(pa.timestamp("ns"))),
        pa.array([b"\xff"]).view(pa.string()),
        pa.array([1]).cast(pa.timestamp("us", "Mars/Base")),
    ],
    ids=lambda column: str(column.type),
)
def test_a_column_that_python_cannot_read_is_named(tmp_path: Path, column: Any) -> None:
    table = pa.table({"sku": [1], "odd": column})
    assert "rows: the column 'odd' of the table cannot be read" in refused(tmp_path, table)
    parquet.write_table(table, tmp_path / "t.parquet")
    assert "t.parquet cannot be read" in refused(tmp_path, str(tmp_path / "t.parquet"))


def test_times_to_the_nanosecond_are_read_to_the_microsecond(tmp_path: Path) -> None:
    moment = [1_000_000_000_123_456_789, None]
    columns = {"t": pa.timestamp("ns", "UTC"), "d": pa.duration("ns"), "c": pa.time64("ns")}
    table = pa.table(
        {
            "sku": [1, 2],
            **{name: pa.array([n and n % 10**14 for n in moment], kind) for name, kind in columns.items()},
        }
    )
    parquet.write_table(table, tmp_path / "t.parquet")
    for source in (table, str(tmp_path / "t.parquet")):
        first, second = planned(tmp_path, source, carry=("t", "c"))
        assert first.carry == {"t": "1970-01-01T00:00:00.123456+00:00", "c": "00:00:00.123456"}
        assert second.carry == {"t": None, "c": None}

"""What is read of files, folders and globs: whole tables, or why they are none."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from airflow_provider_rivya.batch.table.rows import read_rows
from airflow_provider_rivya.exceptions import InvalidRequestError
from tests.unit.batch.planning import planned, refused

FILES: dict[str, tuple[bytes, str]] = {
    "separated.csv": (b"sku;title\n1;x\n", "are separated by ';'; allowed: commas"),
    "latin.csv": ("sku,title\n1,caf\xe9\n".encode("latin1"), "is not text in UTF-8"),
    "sixteen.csv": ("sku,title\n1,x\n".encode("utf-16"), "is not text in UTF-8"),
    "sixteen.jsonl": ('{"sku": 1}\n'.encode("utf-16"), "is not text in UTF-8"),
    "open.csv": (b'sku,title\n1,"x\n', "cannot be read as csv: Error: unexpected end of data"),
    "ragged.csv": (b"sku,title\n1,x,y\n", "line 2 of"),
    "double.csv": (b"sku,title, title\n1,x,y\n", "has two columns 'title'"),
    "array.jsonl": (b'[{"sku": 1}]', "is not an object"),
    "twice.jsonl": (b'{"sku": 1}\n{"sku": 1, "sku": 2}\n', "line 2 of"),
    "digits.jsonl": (b'{"sku": ' + b"9" * 5_000 + b"}", "is not JSON"),
    "no.parquet": (b"sku,title\n1,x\n", "cannot be read as parquet"),
    "empty.csv": (b"", "the table has no rows"),
    "header.csv": (b"sku,title\n", "the table has no rows"),
    "other.xlsx": (b"PK", "is not a table by its name"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_table(tmp_path: Path, name: str) -> None:
    content, told = FILES[name]
    (tmp_path / name).write_bytes(content)
    assert told in refused(tmp_path, str(tmp_path / name))


def test_of_many_files_some_may_be_empty(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    folder.mkdir()
    (folder / "part-0.jsonl").write_bytes(b"")
    (folder / "part-1.jsonl").write_text('{"sku": "a"}\n')
    (folder / "part-2.csv").write_bytes(b"")
    assert [row.key for row in planned(tmp_path, str(folder))] == ["a"]


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_a_cell_may_be_long(tmp_path: Path, name: str) -> None:
    long = "x" * 1_000_000
    text = f"sku,text\na,{long}\n" if name == "t.csv" else json.dumps({"sku": "a", "text": long})
    (tmp_path / name).write_text(text)
    (row,) = planned(tmp_path, str(tmp_path / name), carry=("text",))
    assert row.carry["text"] == long


@pytest.mark.parametrize("name", ["line.csv", "line.jsonl", "line.parquet"])
def test_a_line_without_end_is_not_taken_in(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        file.write(b'{"sku": 1}\n')
        file.truncate(2**40)
    told = "cannot be read as parquet" if name.endswith("parquet") else "has more than 16,777,216 characters"
    assert told in refused(tmp_path, str(tmp_path / name))


@pytest.mark.parametrize("place", ["none/", "none.csv", "*.csv", "none/*.parquet", "empty"])
def test_a_place_without_a_table(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    assert "rows: " in refused(tmp_path, str(tmp_path / place))


def test_names_of_columns_may_have_blanks_around_them(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfsku, title \n1,x\n")
    (row,) = planned(tmp_path, str(tmp_path / "t.csv"), prompt="a {title}")
    assert row.prompt == "a x"


def test_files_with_other_columns_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "t"
    folder.mkdir()
    parquet.write_table(pa.table({"sku": ["a"], "title": ["A"]}), folder / "1.parquet")
    parquet.write_table(pa.table({"sku": ["b"], "name": ["B"]}), folder / "2.parquet")
    (folder / "3.jsonl").write_text('{"sku": "c"}\n')
    assert [row.prompt for row in planned(tmp_path, str(folder), prompt="x {title}")] == ["x A", "x ", "x "]
    (line,) = (record.getMessage() for record in caplog.records if "has not the columns" in record.msg)
    assert "2.parquet has not the columns of the file before it: ['name', 'title']" in line


def test_two_columns_of_one_name_are_not_told_apart(tmp_path: Path) -> None:
    table = pa.table([pa.array(["a"]), pa.array(["b"])], names=["sku", "sku"])
    parquet.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(InvalidRequestError, match="has two columns 'sku'"):
        list(read_rows(str(tmp_path / "t.parquet")))

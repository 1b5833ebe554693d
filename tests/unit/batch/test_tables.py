"""What is read of lists and frames: whole tables, or why they are none; values keep their type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pyarrow import parquet

from airflow_provider_rivya.batch.ledger import RowState
from airflow_provider_rivya.batch.manifest import Totals, cut_to_fit, line_of, summary, write_manifest
from airflow_provider_rivya.batch.table.planned import PlannedRow
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.record import Record
from tests.unit.batch.foreign import Array, NAType
from tests.unit.batch.planning import planned, refused

NAN = float("nan")
SELF: list[Any] = []
SELF.append(SELF)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        *((value, "5") for value in (5, 5.0, "5", Decimal("5"), Decimal("5.00"), Array(5))),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ("a/b", "a/b"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_key_is_a_text_or_a_whole_number_of_any_kind(tmp_path: Path, given: Any, key: str) -> None:
    (row,) = planned(tmp_path, [{"sku": given}])
    assert row.key == key


@pytest.mark.parametrize(
    ("given", "told"),
    [
        *((value, "it has no row key") for value in (None, "", "  ", NAN, Decimal("NaN"), NAType())),
        *(
            (value, "cannot be a row key")
            for value in (True, b"5", date(2026, 1, 1), [1], Array([1]), 10**5_000)
        ),
        *((value, "a fraction cannot be a row key") for value in (1.5, Decimal("1.5"))),
        (1e300, "its row key has 301 characters"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_key(tmp_path: Path, given: Any, told: str) -> None:
    assert told in refused(tmp_path, [{"sku": given}])


def test_a_number_and_its_digits_are_one_key(tmp_path: Path) -> None:
    rows = [{"sku": value} for value in (1, "1", 1.0, Decimal("1"))]
    assert refused(tmp_path, rows).count("its row key is that of row 0 too") == 3


def test_keys_that_look_alike_keep_files_of_their_own(tmp_path: Path) -> None:
    keys = ["a/b", "a-b", "a b", "..", ".", "caf\u00e9", "cafe\u0301", "a\nb", "x" * 300, "x" * 299 + "y"]
    stems = [row.stem for row in planned(tmp_path, [{"sku": key} for key in keys])]
    assert len({stem.lower() for stem in stems}) == len(keys)
    assert all(len(stem) < 200 and "/" not in stem and stem.strip(".") for stem in stems)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        *((value, None) for value in (None, "", NAN, Decimal("NaN"), NAType(), Array(NAN))),
        (Decimal("3.0"), 3),
        (Decimal("3.5"), 3.5),
        (Decimal(10) ** 30, 10**30),
        (2**200, 2**200),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (Array([1, None, Array(2)]), [1, None, 2]),
        ({"a": (Decimal("1"), {2: 3})}, {"a": [1, {"2": 3}]}),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_of_its_own_keeps_its_type(tmp_path: Path, value: Any, plain: Any) -> None:
    (row,) = planned(tmp_path, [{"sku": 1, "v": value}], carry=("v",))
    assert row.carry == {"v": plain}
    assert type(row.carry["v"]) is type(plain)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        *(
            (Decimal(value), "is not a number that can be sent")
            for value in ("inf", "-inf", "sNaN", "1E+1000000")
        ),
        (-(10**5_000), "(a int): row: it is a number of more than 256 bits"),
        (SELF, "it is nested more than 32 levels deep"),
        ({"a": {"\ud800": 1}}, "it holds half a surrogate pair"),
        *((value, "cannot be sent") for value in (b"x", memoryview(b"x"), {1}, timedelta(1), [object()])),
    ],
    ids=lambda value: str(value) if isinstance(value, str | Decimal) else type(value).__name__,
)
def test_a_value_that_json_has_not(tmp_path: Path, value: Any, told: str) -> None:
    for where in ({"carry": ("v",)}, {"prompt": "x {v}"}, {"model_params": {"google_search": "{v}"}}):
        assert told in refused(tmp_path, [{"sku": "a", "v": value}], **where)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("19.90"), "19.90"),
        (Decimal("1E+3"), "1000"),
        (Decimal("NaN"), ""),
        (1.5, "1.5"),
        (True, "true"),
    ],
    ids=str,
)
def test_a_value_in_a_text(tmp_path: Path, value: Any, text: str) -> None:
    (row,) = planned(tmp_path, [{"sku": "a", "v": value}], prompt="costs {v}")
    assert row.prompt == f"costs {text}"


def test_a_file_has_the_name_of_the_key_whatever_other_columns_are_called(tmp_path: Path) -> None:
    (row,) = planned(tmp_path, [{"sku": "a", "row_key": ["b"]}])
    assert row.stem == "a"


def test_text_of_a_row_is_text(tmp_path: Path) -> None:
    said = "{{ var.value.key }} {% raw %} {sku} {"
    (row,) = planned(tmp_path, [{"sku": "a", "t": said}], prompt="say {t} {{t}}")
    assert row.prompt == f"say {said} {{t}}"


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        (5, "column 'r' (5): reference_media[0]: int is not a reference"),
        (["a.png", 7], "reference_media[0][1]: int is not a reference"),
        ({"a": 1}, "an object without outputs"),
        ("data:image/png;base64,AA", "a data URI"),
        (["a.png"] * 15, "15 files given, too many for nano-banana-2"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_can_be_no_reference_is_told_before_any_is_opened(
    tmp_path: Path, reference: Any, told: str
) -> None:
    rows = [{"sku": "a", "r": reference, "f": "9:99"}]
    text = refused(tmp_path, rows, reference_media=["{r}"], model_params={"aspect_ratio": "{f}"})
    assert told in text
    assert "'9:99' is not an option" in text


def test_a_model_without_references_is_given_none(tmp_path: Path) -> None:
    rows = [{"sku": "a", "r": "a.png"}, {"sku": "b", "r": ""}]
    text = refused(tmp_path, rows, model="z-image", reference_media=["{r}"])
    assert "row 'a': reference_media: 1 file given, but z-image takes no files" in text
    assert "row 'b'" not in text


@pytest.mark.parametrize("values", [[2**70], [1, 2**70], [1.5, 2**60], [2**63, None]], ids=str)
def test_numbers_that_parquet_has_not_are_carried_as_text(tmp_path: Path, values: list[Any]) -> None:
    def lines() -> Iterator[tuple[PlannedRow, dict[str, Any]]]:
        for index, value in enumerate(values):
            row = PlannedRow(index, str(index), "m", carry={"v": value})
            yield row, line_of(row, None, "not_submitted")

    write_manifest(OutputPlace(f"{tmp_path}/"), "manifest.parquet", lines())
    carried = parquet.read_table(tmp_path / "manifest.parquet").column("v").to_pylist()
    assert carried == [None if value is None else str(value) for value in values]


def test_the_prompt_stands_in_the_manifest(tmp_path: Path) -> None:
    """A column of the table takes its place; what an earlier request has made is not told as this one's."""
    place = OutputPlace(f"{tmp_path}/")
    rows = [PlannedRow(0, "a", "m", "A cup", fingerprint="f"), PlannedRow(1, "b", "m", invalid="no")]
    cases: list[tuple[dict[str, Any], list[Any]]] = [({}, ["A cup", None]), ({"prompt": 7}, [7, 7])]
    for carry, told in cases:
        each = [replace(row, carry=carry) for row in rows]
        lines = [(row, line_of(row, None, "invalid" if row.invalid else "failed")) for row in each]
        write_manifest(place, "manifest.parquet", lines)
        assert parquet.read_table(tmp_path / "manifest.parquet").column("prompt").to_pylist() == told
    for fingerprint, prompt in (("f", "A cup"), ("g", None)):
        record = Record("submitted", 0, 0, fingerprint, "key", 0.0, "c", "m")
        assert line_of(rows[0], RowState(record), "reused")["prompt"] == prompt


@pytest.mark.parametrize("length", [1, 60, 900])
def test_what_is_told_of_a_batch_stays_small(tmp_path: Path, length: int) -> None:
    folder = "/".join(["d" * 200] * (length // 200)) or "d"
    totals = Totals()
    for number in range(20):
        row = PlannedRow(number, "\N{FIRE}" * length + str(number), "m", invalid="\N{FIRE}" * length)
        totals.add(row, line_of(row, None, "invalid"))
    told = summary(OutputPlace(f"{tmp_path}/{folder}/"), "manifest.parquet", totals, "done")
    told["gallery_uri"] = told["manifest_uri"]
    cut_to_fit(told)
    assert len(json.dumps(told)) < 4_096
    assert 0 < len(told["failed_sample"]) <= 10
    assert len(totals.failed_sample) == 10

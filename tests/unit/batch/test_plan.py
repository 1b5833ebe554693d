"""What the plan says of wrong arguments, tables and rows: all of it at once, and never a crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from airflow_provider_rivya.batch import plan as plan_module
from airflow_provider_rivya.batch.plan import Draft, FaultyPlanError, PlanFolder, check_plan, wrong_references
from airflow_provider_rivya.batch.segments import UnreadableLedgerError
from airflow_provider_rivya.batch.table.planned import Asked, PlannedRow
from airflow_provider_rivya.batch.table.rows import read_rows
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.stop import StopFlag
from airflow_provider_rivya.storage.place import OutputPlace
from tests.unit.batch.planning import planned, refused

ROWS: list[dict[str, Any]] = [{"sku": "a", "title": "A", "n": 1}, {"sku": "b", "title": None, "n": 2}]
HALF = "\ud800"


def drafted(folder: Path, rows: Any = ROWS, *, budget: float | None = None, **asked: Any) -> Draft:
    given = {"row_key": "sku", "model": "z-image", "prompt": "x {title}", **asked}
    plans = PlanFolder(OutputPlace(f"{folder}/"), "")
    return check_plan(
        lambda: read_rows(rows), Asked(**given), plans, gateway="rivya", batch="", max_credits_total=budget
    )


def faults(folder: Path, *given: Any, **asked: Any) -> list[str]:
    with pytest.raises(FaultyPlanError) as refused:
        drafted(folder, *given, **asked)
    assert list(folder.iterdir()) == [], "nothing of a plan that does not stand is left"
    return [str(fault) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        *(({"row_key": key}, "is not a column's name") for key in (None, "", 5, ["sku"])),
        *(({"file_name": name}, "names no file") for name in (None, " ", 7)),
        ({"model_params": [1]}, "a mapping is needed"),
        ({"model_params": '{"aspect_ratio": "9:99"}'}, "'9:99' is not an option"),
        ({"model_params": {"aspect_ratio": "{n}"}}, "column 'n' (1): model_params.aspect_ratio: 1 is not"),
        ({"prompt": 5}, "prompt: a text is needed"),
        ({"prompt": "{title}"}, "row 'b', column 'title' (None): prompt: is missing"),
        ({"model": None}, "Rivya has no model ''"),
        ({"carry": ("c",)}, "carry: the table has no column 'c'"),
        ({"budget": 0.5}, "a row of z-image costs 1 credit, the budget of all is 0.5"),
    ],
    ids=str,
)
def test_a_wrong_argument(tmp_path: Path, asked: dict[str, Any], told: str) -> None:
    assert any(told in fault for fault in faults(tmp_path, **asked))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "the table has no rows"),
        ({"a": 1}, "a dict is not a table"),
        (5, "a int is not a table"),
        (pa.array([1]), "a Int64Array is not a table"),
        ([1], "row 0 is a int"),
        ([{"sku": 1.5, "title": "x"}], "row 0, column 'sku' (1.5): row_key: a fraction cannot be a row key"),
        ([{"sku": True, "title": "x"}], "a bool cannot be a row key"),
        ([{"sku": HALF, "title": "x"}], "its row key holds half a surrogate pair"),
        ([{"sku": "a", "title": HALF}], "row 'a', column 'title' (''): row: it holds half a surrogate"),
        ([{"sku": "a", "title": b"x"}], "row 'a', column 'title' (b'x'): row: a bytes cannot be sent"),
        ([{"sku": "a", "title": ["x"]}], "a list has no place inside a text"),
        ([{"sku": "a", "title": float("inf")}], "inf is not a number that can be sent"),
        (
            [{"sku": "A", "title": "x"}, {"sku": "a", "title": "x"}],
            "its file is called 'a' as that of row 'A'",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_table(tmp_path: Path, rows: Any, told: str) -> None:
    assert any(told in fault for fault in faults(tmp_path, rows))


def test_all_that_is_wrong_is_told_together(tmp_path: Path) -> None:
    rows = [{"sku": "a", "title": "A"}, {"sku": "a", "title": "B"}, {"sku": None, "title": "C"}]
    told = faults(tmp_path, rows, prompt="{titel}", file_name=None, carry=("c",), budget=-1)
    wanted = ["names no file", "no column 'titel'", "no column 'c'", "that of row 0 too", "it has no row key"]
    wanted += ["a row of z-image costs 1 credit, the budget of all is -1"]
    for text in wanted:
        assert sum(text in fault for fault in told) == 1, told
    assert len(told) == len(wanted)


def test_a_table_that_breaks_off_does_not_hide_what_was_wrong_before(tmp_path: Path) -> None:
    table = tmp_path / "t.jsonl"
    table.write_text('{"sku": "a", "title": "x", "f": "9:99"}\n{"sku": ')
    (tmp_path / "plans").mkdir()
    told = faults(tmp_path / "plans", str(table), model_params={"aspect_ratio": "{f}"})
    assert ["line 2" in fault or "column 'f' ('9:99')" in fault for fault in told] == [True, True]


def test_an_empty_column_of_a_prompt_is_a_warning(tmp_path: Path) -> None:
    rows = [{"sku": number, "title": title} for number, title in enumerate(("A", "", None))]
    draft = drafted(tmp_path, rows)
    assert draft.warnings == {"The prompt lacks the column 'title', which is empty": 2}


def test_parameters_may_come_as_text_out_of_a_file(tmp_path: Path) -> None:
    rows = [{"sku": "a", "title": "x", "f": "16:9"}]
    draft = drafted(tmp_path, rows, model_params='{"aspect_ratio": "{f}"}')
    (row,) = PlanFolder(OutputPlace(f"{tmp_path}/"), "").rows(draft.plan)
    assert row.params == {"aspect_ratio": "16:9"}


def test_parameters_that_a_row_has_as_json_are_kept_as_what_they_say(tmp_path: Path) -> None:
    """As they stand in the plan, they stand in the sidecar of the row's file."""
    rows = [{"sku": "a", "p": '{"aspect_ratio": "1:1"}'}, {"sku": "b", "p": {"aspect_ratio": "1:1"}}]
    found = planned(tmp_path, rows, model="z-image", model_params="{p}")
    assert [row.params for row in found] == [{"aspect_ratio": "1:1"}] * 2
    assert len({row.fingerprint for row in found}) == 1
    told = refused(tmp_path, [{"sku": "a", "p": "{"}], model="z-image", model_params="{p}")
    assert "column 'p' ('{'): model_params: a text that is not JSON" in told


def test_a_column_that_is_meant_for_a_request_and_misspelt_is_told(tmp_path: Path) -> None:
    rows = [{"sku": "a", "prompt": "A", "model_parms": {}, "prompts": 1, "prompt_de": 2, "modes": 4}]
    asked: dict[str, Any] = {"prompt": "{prompt}", "columns": ("model", "prompt", "model_params")}
    first, second = faults(tmp_path, rows, carry=("modes",), **asked)
    assert "rows: nothing is made of the column 'model_parms'" in first
    assert first.endswith("did you mean model_params?")
    assert "'prompts'" in second
    assert faults(tmp_path, rows, carry=("prompts",), **asked) == [first]
    drafted(tmp_path, rows, prompt="{prompt}")  # a table of an operator may have whatever columns


def test_of_many_faults_the_first_hundred_are_told_and_all_are_counted(tmp_path: Path) -> None:
    rows = [{"sku": number, "title": "x", "f": "9:99"} for number in range(1_500)]
    with pytest.raises(FaultyPlanError) as refused:
        drafted(tmp_path, rows, model_params={"aspect_ratio": "{f}"})
    assert "has 1,500 faults" in str(refused.value)
    assert "and 1,400 more" in str(refused.value)
    assert len(refused.value.row_faults) == 1_500
    assert list(tmp_path.iterdir()) == []


def test_a_row_without_a_key_of_its_own_is_checked_like_all_others(tmp_path: Path) -> None:
    rows = [{"sku": key, "title": "x", "f": "9:99"} for key in ("a", "a", None, "")]
    told = faults(tmp_path, rows, model_params={"aspect_ratio": "{f}"})
    assert sum("'9:99' is not an option" in fault for fault in told) == 4
    assert [fault.partition(":")[0] for fault in told if "row_key: " in fault] == [
        "row 'a', column 'sku' ('a')",
        "row 2, column 'sku' (None)",
        "row 3, column 'sku' ('')",
    ]


def test_what_comes_from_no_column_is_told_once(tmp_path: Path) -> None:
    rows = [{"sku": number, "title": "x", "f": "9:99"} for number in range(3)]
    told = faults(tmp_path, rows, prompt="x {f}", model_params={"aspect_ratio": "7:7"})
    assert len(told) == 1
    assert told[0].startswith("row '0' and 2 more: model_params.aspect_ratio: '7:7' is not an option")
    assert len(faults(tmp_path, rows, model_params={"aspect_ratio": "{f}"})) == 3


def test_who_reads_the_table_may_fail_in_ways_of_his_own(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield ROWS[0]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        drafted(tmp_path, rows())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"version": 2}', "has version 2; this release reads version 1"),
        ('{"version": 1, "batch": "other"}', "is the plan of another batch"),
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ('{"version": 1, "batch": "", "shards": 5}', "is damaged"),
    ],
)
def test_a_plan_that_cannot_be_used_is_never_taken_for_none(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "plan.json").write_text(content)
    with pytest.raises(UnreadableLedgerError, match=told) as refused:
        PlanFolder(OutputPlace(f"{tmp_path}/"), "").read()
    assert refused.value.final


@pytest.mark.parametrize(("content", "told"), [(None, "is missing"), (b"{}", "is not as it was written")])
def test_a_shard_that_is_not_what_was_planned_is_never_read(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    draft = drafted(tmp_path)
    (shard,) = tmp_path.glob("rows-*")
    shard.unlink()
    if content is not None:
        shard.write_bytes(content)
    with pytest.raises(UnreadableLedgerError, match=told):
        list(PlanFolder(OutputPlace(f"{tmp_path}/"), "").rows(draft.plan))


def test_of_two_copies_the_first_one_s_plan_rules(tmp_path: Path) -> None:
    plans = PlanFolder(OutputPlace(f"{tmp_path}/"), "")
    first, second = drafted(tmp_path), drafted(tmp_path, [{"sku": "c", "title": "C"}])
    plan = plans.write(first)
    assert plans.write(second) == plan == plans.read()
    assert [row.key for row in plans.rows(plan)] == ["a", "b"]


def test_a_task_that_is_asked_to_stop_checks_no_further_row(tmp_path: Path) -> None:
    stop, seen = StopFlag(), 0

    def endless() -> Iterator[dict[str, Any]]:
        nonlocal seen
        while True:
            seen += 1
            if seen == 3:
                stop.set()
            yield {"sku": f"p{seen}"}

    asked, plans = (
        Asked(row_key="sku", model="z-image", prompt="a"),
        PlanFolder(OutputPlace(f"{tmp_path}/"), ""),
    )
    with pytest.raises(GenerationError, match="stop while its rows were checked") as caught:
        check_plan(endless, asked, plans, gateway="rivya", batch="", stop=stop)
    assert (seen, caught.value.retryable, list(tmp_path.iterdir())) == (3, True, [])
    planned = [PlannedRow(0, "p0", "z-image", "a", references="https://a.example/a.png")]
    with pytest.raises(GenerationError, match="a retry checks them again"):
        wrong_references(planned, asked, RivyaHook(), stop)


def test_references_are_opened_without_all_rows_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_module, "SHARD", 2)
    monkeypatch.setenv("AIRFLOW_CONN_RIVYA_DEFAULT", "rivya://:rvya_sk_test@")
    read = 0

    def rows() -> Iterator[PlannedRow]:
        nonlocal read
        for read in range(1, 8):
            yield PlannedRow(read, f"p{read}", "nano-banana-2", "a", references=f"{tmp_path}/{read}.png")

    class Watch(StopFlag):
        def is_set(self) -> bool:
            ahead.append(read)
            return False

    ahead: list[int] = []
    asked = Asked(row_key="sku", model="nano-banana-2", prompt="a")
    found = wrong_references(rows(), asked, RivyaHook(), Watch())
    assert [fault.row_key for fault in found] == [f"p{number}" for number in range(1, 8)]
    assert ahead == [2, 2, 4, 4, 6, 6, 7]

"""``rivya batch`` against the sandbox: the same engine as the operators', typed again and again."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli_process import interrupted, on_terminal, pictures_in, rivya
from tests.integration.conftest import sent
from tests.integration.gateways import TestedGateway, at_each
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("connect")
Connect = Callable[..., None]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "products.csv"
    write(path, [[f"p{number}", f"Product {number}", "16:9" if number % 2 else ""] for number in range(6)])
    return path


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["sku", "title", "shape"], *rows])


def request(table: Path, *more: str) -> list[str]:
    asked = ["--key", "sku", "-m", "z-image", "-p", "A photograph of {title}"]
    return [str(table), *asked, "--params", '{"aspect_ratio": "{shape}"}', *more]


def posts(sandbox: SandboxProcess) -> int:
    return sum(r["method"] == "POST" and r["path"] == "/api/v1/generations" for r in sandbox.requests())


class TestPlan:
    def test_rows_price_and_time_without_a_connection_or_a_request(
        self, table: Path, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AIRFLOW_CONN_RIVYA_DEFAULT")
        run = rivya("batch", "plan", *request(table, "--max-running", "2"))
        assert run.code == 0, run.err
        assert run.out == "6 row(s); 6 credits for all; at least 8 s with 2 at once.\n"
        document = rivya("batch", "plan", *request(table, "--max-running", "2", "--json")).json()
        assert (document["rows"], document["credits"], document["least_seconds"]) == (6, 6, 7.5)
        assert sandbox.requests() == []

    def test_a_script_gets_every_fault_with_row_column_and_value(self, table: Path) -> None:
        rows = [[f"p{number}", "x", "9:99"] for number in range(150)]
        write(table, [*rows, ["p0", "x", "1:1"], ["", "x", "1:1"]])
        run = rivya("batch", "plan", *request(table, "-p", "{titel}", "--json"))
        assert run.code == 2
        document = run.json()
        assert [fault["path"] for fault in document["faults"][:1]] == ["prompt"]
        assert len(document["faults"]) == 1 + 152
        told = {"row_key": "p0", "column": "shape", "value": "'9:99'", "suggestion": ""}
        assert told.items() <= document["faults"][1].items()
        for_people = rivya("batch", "plan", *request(table))
        assert "has 152 faults" in for_people.err
        assert "and 52 more" in for_people.err

    def test_the_folder_is_tried_and_told_with_all_else(self, table: Path) -> None:
        run = rivya("batch", "plan", *request(table, "-m", "z-imag", "--output", "s4://bucket/"))
        assert run.code == 2
        assert "Airflow knows no storage for s4://" in run.err
        assert "did you mean z-image or" in run.err


class TestRun:
    def test_the_same_command_again_makes_new_and_changed_rows_alone(
        self, table: Path, sandbox: SandboxProcess, landing: Path
    ) -> None:
        command = ["batch", "run", *request(table, "--output", str(landing), "--json")]
        first = rivya(*command, "--limit", "4")
        assert first.code == 0, first.err
        assert first.json()["ended"] == "limit"
        assert "without --limit makes the rest" in first.err
        assert sorted(path.stem for path in landing.glob("*.*g")) == ["p0", "p1", "p2", "p3"]
        assert rivya(*command).json()["counts"]["reused"] == 4
        write(table, [["p0", "Something else", ""], ["p1", "Product 1", "16:9"], ["new", "New", ""]])
        third = rivya(*command).json()
        assert (third["counts"]["reused"], third["counts"]["succeeded"]) == (1, 2)
        assert posts(sandbox) == 6 + 2
        before = len(sandbox.requests())
        assert rivya(*command).code == 0
        assert len(sandbox.requests()) == before

    def test_an_interruption_says_what_is_paid_and_the_same_command_lands_it(
        self, table: Path, sandbox: SandboxProcess, landing: Path
    ) -> None:
        sandbox.reset(speed=20)
        command = ["batch", "run", *request(table, "--output", str(landing))]
        code, _, err = interrupted("0 of 6 rows stored", *command)
        assert code == 130
        assert "Nothing is paid twice." in err
        assert "before the request was sent" not in err
        known = rivya("batch", "status", str(landing), "--json").json()
        assert [batch["batch"] for batch in known] == ["products"]
        changed = rivya(*command, "-p", "{title}")
        assert changed.code == 2
        assert "prompt: the interrupted run had 'A photograph of {title}'" in changed.err
        again = rivya(*command)
        assert again.code == 0, again.err
        assert "6 rows: 6 succeeded; 6 credits charged" in again.out
        assert posts(sandbox) == 6
        assert "table is not read again" in again.err

    def test_a_row_that_failed_is_told_and_made_by_the_next_run(
        self, table: Path, sandbox: SandboxProcess, landing: Path
    ) -> None:
        sandbox.fault(kind="generation_fails", path="/api/v1/generations", refund=False)
        command = ["batch", "run", *request(table, "--output", str(landing))]
        run = rivya(*command, "--json")
        assert run.code == 1
        document = run.json()
        assert (document["counts"]["failed"], document["error"]["type"]) == (1, "BatchFailedError")
        assert "--max-failed-rows says how many" in run.err
        assert "The same command makes, and pays for, failed, new and changed rows alone" in run.err
        assert "task" not in run.err.replace(document["failed_sample"][0]["error"], "").replace("task_", "")
        for place in (landing, document["manifest_uri"], landing / "_manifest" / "products"):
            (failed,) = rivya("batch", "failed", str(place), "--json").json()
            assert failed["status"] == "failed"
            (status,) = rivya("batch", "status", str(place), "--json").json()
            assert (status["rows"], status["counts"]["succeeded"]) == (6, 5)
        code, drawn = on_terminal(*command, TERM="xterm-kitty")
        assert code == 0
        assert len(pictures_in(drawn.rpartition("Manifest: ")[2])) == 4
        assert posts(sandbox) == 7
        assert rivya("batch", "failed", str(landing)).said == "No row has failed.\n"

    def test_photographs_lie_where_the_person_is(
        self,
        tmp_path: Path,
        sandbox: SandboxProcess,
        landing: Path,
        photo: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.chdir(photo.parent)
        stem = photo.name.partition(".")[0]
        rows = [{"photo": photo.name, "stem": stem}, {"photo": str(photo), "stem": stem}]
        (photo.parent / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
        asked = ["--key", "photo", "-m", "nano-banana-2", "-p", "Better than {photo}", "--carry", "photo"]
        asked += ["-r", "{photo}", "-r", "{stem}" + photo.name.removeprefix(stem)]
        run = rivya("batch", "run", "t.jsonl", *asked, "--output", "landing", "--check-references")
        assert run.code == 0, run.err
        assert sum(r["path"] == "/api/v1/files" for r in sandbox.requests()) >= 1
        first, second = (made["prompt"] for made in sandbox.tasks())
        assert {first, second} == {f"Better than {photo.name}", f"Better than {photo}"}  # as in the table

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            (["--params", "{"], "params: it is not JSON"),
            (["--output", "s4://bucket/"], "Airflow knows no storage for s4://"),
            (["--key", "id"], "row_key: the table has no column 'id'; allowed: sku, title, shape"),
            (["--max-credits-total", "0.5"], "the budget of all is 0.5"),
            (["--max-running", "0"], "'0' is not a whole number above 0, up to 1000"),
        ],
        ids=lambda value: value[0] if isinstance(value, list) else "",
    )
    def test_bad_input_costs_nothing(
        self, table: Path, sandbox: SandboxProcess, landing: Path, more: list[str], told: str
    ) -> None:
        run = rivya("batch", "run", *request(table, "--output", str(landing), *more))
        assert (run.code, run.out) == (2, "")
        assert told in run.err
        assert sandbox.requests() == []
        assert list(landing.glob("*.*g")) == []

    def test_a_revoked_key_is_told_and_the_next_run_goes_on(
        self, connect: Connect, table: Path, sandbox: SandboxProcess, landing: Path
    ) -> None:
        command = ["batch", "run", *request(table, "--output", str(landing))]
        connect(key="rvya_sk_revoked")
        run = rivya(*command)
        assert run.code == 3
        assert "When that is fixed: the same command goes on" in run.err
        connect()
        assert rivya(*command).code == 0
        assert posts(sandbox) - 6 <= 6


@at_each
def test_a_table_at_each_gateway(
    gateway: TestedGateway, table: Path, sandbox: SandboxProcess, landing: Path
) -> None:
    asked = [*request(table, "--params", "{}"), "-m", gateway.model, "--conn-id", gateway.conn_id]
    run = rivya("batch", "run", *asked, "--output", str(landing), "--json")
    assert run.code == 0, run.err
    assert run.json()["counts"]["succeeded"] == 6
    assert len(sent(sandbox, "POST", gateway.create)) == 6


def test_a_record_of_a_newer_release_is_not_overwritten_and_told_with_all_else(
    table: Path, sandbox: SandboxProcess, landing: Path
) -> None:
    write(table, [["p0", "x", "9:99"]])
    (landing / ".rivya").mkdir()
    record = landing / ".rivya" / "products.command.json"
    for content in ('{"version": 2}', "{", "[]"):
        record.write_text(content)
        run = rivya("batch", "run", *request(table, "--output", str(landing)))
        assert run.code == 2
        assert "do not remove it before you have looked" in run.err
        assert "row 'p0', column 'shape' ('9:99')" in run.err
        assert record.read_text() == content
    assert sandbox.requests() == []


@pytest.mark.parametrize("what", ["nowhere", "empty", "file", "file/table.csv"])
def test_a_place_without_a_batch(tmp_path: Path, what: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / "manifest.jsonl").write_text('{"a": 1}\n')
    (tmp_path / "file" / "table.csv").write_text("sku\n1\n")
    run = rivya("batch", "status", str(tmp_path / what))
    assert run.code == 2
    assert ("is not the manifest" if what == "file" else "has neither a manifest nor the plan") in run.err

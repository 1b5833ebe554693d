"""``rivya generate`` and ``fetch`` as processes against the sandbox."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.cli_process import (
    COMMAND,
    environment,
    interrupted,
    on_terminal,
    pictures_in,
    rivya,
    rivya_process,
)
from tests.integration.conftest import new_database
from tests.sandbox_process import SandboxProcess

Connect = Callable[..., None]
pytestmark = pytest.mark.usefixtures("connect")


def generate(landing: Path, *more: str) -> list[str]:
    return ["generate", "-m", "nano-banana-2", "-p", "A red bicycle", "--output", str(landing), *more]


def posts(sandbox: SandboxProcess) -> int:
    return sum(r["method"] == "POST" and r["path"] == "/api/v1/generations" for r in sandbox.requests())


class TestGenerate:
    def test_an_image_from_a_photograph(self, sandbox: SandboxProcess, landing: Path, photo: Path) -> None:
        params = '{"aspect_ratio": "16:9", "output_format": "png"}'
        run = rivya(*generate(landing, "--params", params, "-r", str(photo)))
        assert run.code == 0
        [file] = landing.iterdir()
        assert run.out.startswith(f"{file}  (")
        assert file.suffix == ".png"
        with Image.open(file) as image:
            image.load()
        assert "is submitted, 5 credits are reserved" in run.err
        [task] = sandbox.tasks()
        assert task["id"] in run.err
        assert sandbox.ledger()["charges"] == 1

    def test_for_scripts_by_a_name_of_its_own_and_a_relative_path(self, landing: Path) -> None:
        run = rivya_process(*generate(Path("new", "cat.jpg"), "--format", "json"), folder=landing)
        assert run.code == 0, run.err
        document = run.json()
        assert document["status"] == "succeeded"
        [output] = document["outputs"]
        assert "source_url" not in output
        assert output["uri"] == f"file://{landing}/new/cat.jpg"
        assert (landing / "new" / "cat.jpg").stat().st_size == output["size_bytes"]

    @pytest.mark.parametrize(
        "more",
        [["--params", '{"resolution": "8K"}'], ["-r", "/no/such.png"], ["--params", "{"], ["-p", ""]],
        ids=["params", "reference", "json", "prompt"],
    )
    def test_bad_input_costs_nothing(self, sandbox: SandboxProcess, landing: Path, more: list[str]) -> None:
        run = rivya(*generate(landing, *more, "--format", "json"))
        assert run.code == 2
        assert run.json()["error"]["type"] == "InvalidRequestError"
        assert posts(sandbox) == 0

    def test_a_reference_from_where_none_may_come_costs_nothing(
        self, connect: Connect, sandbox: SandboxProcess, landing: Path, photo: Path
    ) -> None:
        connect(reference_locations="/srv/photographs/")
        run = rivya(*generate(landing, "-r", str(photo)))
        assert (run.code, run.out) == (2, "")
        assert "is not in a place that references may come from" in run.err
        assert posts(sandbox) == 0

    @pytest.mark.parametrize("output", ["/proc/none/", "nosuchscheme://bucket/", "s3://u:p@b/", "x.txt"])
    def test_a_bad_place_costs_nothing(self, sandbox: SandboxProcess, output: str) -> None:
        run = rivya("generate", "-m", "z-image", "-p", "x", "--output", output)
        assert (run.code, run.out) == (2, "")
        assert "output_path" in run.err
        assert posts(sandbox) == 0

    @pytest.mark.parametrize(
        "more", [["--timeout", "0"], ["--timeout", "soon"], ["--format", "xml"], ["--max-credits", "-1"]]
    )
    def test_bad_arguments(self, landing: Path, more: list[str]) -> None:
        run = rivya(*generate(landing, *more))
        assert (run.code, run.out) == (2, "")
        assert "usage: rivya generate" in run.err

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            (["--max-credits", "4"], "nano-banana-2 costs 5 credits, the limit is 4"),
            (["-m", "grok-imagine", "--max-credits", "4"], "--allow-estimates"),
        ],
        ids=["too dear", "an estimate"],
    )
    def test_a_price_above_the_limit_costs_nothing(
        self, sandbox: SandboxProcess, landing: Path, more: list[str], said: str
    ) -> None:
        run = rivya(*generate(landing, *more))
        assert (run.code, run.out) == (2, "")
        assert said in run.err
        assert posts(sandbox) == 0

    @pytest.mark.parametrize(
        "more",
        [["--max-credits", "5"], ["-m", "grok-imagine", "--max-credits", "4", "--allow-estimates"]],
        ids=["exact", "an estimate"],
    )
    def test_a_price_within_the_limit(self, sandbox: SandboxProcess, landing: Path, more: list[str]) -> None:
        assert rivya(*generate(landing, *more)).code == 0
        assert sandbox.ledger()["charges"] == 1

    def test_too_few_credits(self, sandbox: SandboxProcess, landing: Path) -> None:
        sandbox.reset(credits=1)
        run = rivya(*generate(landing, "--format", "json"))
        assert run.code == 1
        assert run.json()["error"]["code"] == "insufficient_credits"
        assert "Nothing was submitted" in run.err

    def test_a_generation_that_fails(self, sandbox: SandboxProcess, landing: Path) -> None:
        sandbox.fault(kind="generation_fails", times=1)
        run = rivya(*generate(landing, "--format", "json"))
        assert run.code == 1
        error = run.json()["error"]
        assert error["type"] == "GenerationFailedError"
        assert error["generation_id"] == sandbox.tasks()[0]["id"]
        assert "rivya fetch" not in run.err
        assert list(landing.iterdir()) == []

    def test_the_same_key_is_paid_for_once(self, sandbox: SandboxProcess, landing: Path) -> None:
        for _ in range(2):
            assert rivya(*generate(landing, "--idempotency-key", "once")).code == 0
        assert sandbox.ledger()["charges"] == 1
        assert len(list(landing.iterdir())) == 1

    def test_a_relative_reference_that_is_not_there(self, landing: Path) -> None:
        run = rivya(*generate(landing, "-r", "none.png"))
        assert (run.code, run.out) == (2, "")
        assert "/none.png' does not exist" in run.err
        assert "an absolute path" not in run.err

    def test_without_a_connection(self, landing: Path) -> None:
        run = rivya(*generate(landing, "--conn-id", "no_such_one"))
        assert (run.code, run.out) == (3, "")

    def test_a_lost_answer_names_the_key(self, sandbox: SandboxProcess, landing: Path) -> None:
        sandbox.fault(kind="cut_after", method="POST", path="/api/v1/generations", times=9)
        run = rivya(*generate(landing))
        assert run.code == 1
        key = re.search(r"--idempotency-key (call-[0-9a-f]{32})", run.err)
        assert key is not None
        assert "Another request needs another key." in run.err
        sandbox.control("DELETE", "faults")
        assert rivya(*generate(landing, "--idempotency-key", key[1])).code == 0
        assert sandbox.ledger()["charges"] == 1


class TestFetch:
    def test_a_timeout_says_how_and_it_works(self, sandbox: SandboxProcess, landing: Path) -> None:
        sandbox.reset(speed=1)
        run = rivya(*generate(landing, "--timeout", "0.2"))
        assert (run.code, run.out) == (1, "")
        [task] = sandbox.tasks()
        assert f"rivya fetch {task['id']} --output {landing}" in run.err
        sandbox.advance(600)
        fetched = rivya("fetch", task["id"], "--output", str(landing), "--format", "json")
        assert fetched.code == 0
        assert fetched.json()["generation_id"] == task["id"]
        assert len(list(landing.iterdir())) == 1
        assert posts(sandbox) == 1

    def test_ctrl_c_says_how(self, sandbox: SandboxProcess, landing: Path) -> None:
        sandbox.reset(speed=1)
        code, out, err = interrupted(": queued", *generate(landing))
        [task] = sandbox.tasks()
        assert (code, out) == (130, "")
        assert f"rivya fetch {task['id']} --output {landing}" in err
        assert "Traceback" not in err

    @pytest.mark.parametrize("style", ["table", "json"])
    def test_unknown(self, landing: Path, style: str) -> None:
        run = rivya("fetch", "task_nope", "--output", str(landing), "--format", style)
        assert run.code == 1
        assert "task_nope" in run.err
        assert (json.loads(run.out)["error"]["code"] if style == "json" else run.out) in ("not_found", "")

    def test_bad_place(self, sandbox: SandboxProcess) -> None:
        run = rivya("fetch", "task_nope", "--output", "/proc/none/")
        assert run.code == 2
        assert sandbox.requests() == []

    def test_a_generation_that_failed(self, sandbox: SandboxProcess, landing: Path) -> None:
        sandbox.fault(kind="generation_fails", times=1)
        assert rivya(*generate(landing)).code == 1
        run = rivya("fetch", sandbox.tasks()[0]["id"], "--output", str(landing))
        assert (run.code, run.out) == (1, "")
        assert "failed at the gateway" in run.err


def test_a_bar_and_then_the_picture_on_a_terminal(landing: Path) -> None:
    code, drawn = on_terminal(*generate(landing), TERM="xterm-kitty", COLUMNS="60", NO_COLOR="1")
    assert code == 0
    assert "queued" in drawn
    assert "0:00:0" in drawn
    [file] = landing.iterdir()
    bar, _, behind = drawn.rpartition("\x1b[2K")
    assert "\x1b_G" not in bar
    assert behind.startswith(f"{file}  (")
    [picture] = pictures_in(behind)
    with Image.open(io.BytesIO(picture)) as image:
        image.load()
    assert re.search(r"\x1b\[[0-9;]*[34][0-9]", drawn) is None, "a colour, though none is wanted"


class TestSandboxCommand:
    def test_it_serves_until_ctrl_c(self) -> None:
        process = subprocess.Popen(
            [*COMMAND, "sandbox", "--port", "0", "--speed", "50"],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Rivya sandbox listening on http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 0

    @pytest.mark.parametrize("port", ["-1", "70000", "x"])
    def test_bad_port(self, port: str) -> None:
        run = rivya("sandbox", "--port", port)
        assert (run.code, run.out) == (2, "")
        assert run.err.startswith("usage: rivya sandbox ")


def test_a_connection_made_in_the_ui_is_found(sandbox: SandboxProcess, tmp_path: Path) -> None:
    """The UI makes a row of the metadata database; ``airflow connections import`` makes the same."""
    home = {"AIRFLOW_HOME": str(tmp_path / "home")}
    new_database(tmp_path / "home")
    file = tmp_path / "connections.json"
    row = {"conn_type": "rivya", "host": sandbox.url, "password": "rvya_sk_sandbox"}
    file.write_text(json.dumps({"made_in_ui": row}))
    subprocess.run(
        [sys.executable, "-m", "airflow", "connections", "import", str(file)],
        env=environment(**home),
        capture_output=True,
        check=True,
        timeout=110,
    )
    run = rivya_process("credits", "--conn-id", "made_in_ui", "--format", "json", more=home)
    assert run.code == 0, run.err
    assert run.json()["credits"] == 1000

"""What the command line does where a connection of type ``toapis``, or ``--gateway``, says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.catalog.bundled import load_catalog
from tests.cli_process import Run, interrupted, rivya
from tests.integration.conftest import QUICK
from tests.sandbox_process import SandboxProcess

CONNECTION = ("--conn-id", "toapis_default")
CREATE = "/v1/images/generations"
pytestmark = pytest.mark.usefixtures("_connections")


@pytest.fixture
def _connections(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    for gateway in ("rivya", "toapis"):
        document = sandbox.connection(gateway, extra=QUICK)
        monkeypatch.setenv(f"AIRFLOW_CONN_{gateway.upper()}_DEFAULT", document)


def generate_command(landing: Path, *more: str) -> list[str]:
    arguments = ("-m", "nano-banana-2", "-p", "A red bicycle", "--output", str(landing))
    return ["generate", *arguments, *CONNECTION, *more]


def generate(landing: Path, *more: str) -> Run:
    return rivya(*generate_command(landing, *more))


def posts(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    return [entry for entry in sandbox.requests() if (entry["method"], entry["path"]) == ("POST", CREATE)]


class TestGenerate:
    def test_an_image_from_a_photograph(self, sandbox: SandboxProcess, landing: Path, photo: Path) -> None:
        sandbox.assume(toapis_reference_field="reference_images")
        spelled = ("--dialect", "references=reference_images")
        run = generate(landing, "--params", '{"size": "16:9"}', "-r", str(photo), *spelled)
        assert run.code == 0, run.err
        [file] = landing.iterdir()
        assert run.out.startswith(f"{file}  (")
        assert "is submitted." in run.err
        assert "The gateway does not say what it cost" in run.err
        assert "None" not in run.err
        assert sandbox.ledger("toapis")["charges"] == 1
        assert sandbox.ledger("rivya")["charges"] == 0

    def test_bad_input_is_told_at_once_and_costs_nothing(
        self, sandbox: SandboxProcess, landing: Path
    ) -> None:
        run = generate(landing, "--params", '{"size": "17:9"}', "--dialect", "resolution=up", "-r", "/no.png")
        assert run.code == 2
        for path in ("model_params.size", "dialect.resolution", "reference_media[0]"):
            assert path in run.err
        assert posts(sandbox) == []

    def test_a_lost_answer_is_looked_up(self, sandbox: SandboxProcess, landing: Path) -> None:
        sandbox.fault(kind="cut_after", method="POST", path=CREATE)
        run = generate(landing)
        assert run.code == 0, run.err
        assert "Looking it up at the gateway, under the id call-" in run.err
        assert sandbox.ledger("toapis")["charges"] == len(posts(sandbox)) == 1

    @pytest.mark.parametrize("more", [(), ("--idempotency-key", "row-17")])
    def test_ctrl_c_while_it_is_looked_up(
        self, sandbox: SandboxProcess, landing: Path, more: tuple[str, ...]
    ) -> None:
        sandbox.assume(toapis_lookup="never")
        sandbox.fault(kind="cut_after", method="POST", path=CREATE)
        code, out, err = interrupted("Looking it up", *generate_command(landing, *more))
        assert (code, out) == (130, "")
        [entry] = sandbox.ledger("toapis")["entries"]
        assert f"rivya fetch {entry['client_business_id']} --output {landing} --conn-id toapis" in err
        assert "never sends it a second time" in err
        assert len(posts(sandbox)) == 1

    def test_the_same_key_is_paid_for_once(self, sandbox: SandboxProcess, landing: Path) -> None:
        runs = [generate(landing, "--idempotency-key", "row-17", "--format", "json") for _ in range(2)]
        assert [run.code for run in runs] == [0, 0]
        assert runs[0].json()["outputs"] == runs[1].json()["outputs"]
        assert "Nothing is sent" in runs[1].err
        other = generate(landing, "--idempotency-key", "row-17", "-p", "A blue one")
        assert other.code == 2
        assert "another request was sent under 'row-17'" in other.err
        assert sandbox.ledger("toapis")["charges"] == len(posts(sandbox)) == 1

    def test_too_little_balance(self, sandbox: SandboxProcess, landing: Path) -> None:
        sandbox.set_credits(1, "toapis")
        run = generate(landing, "--idempotency-key", "row-17")
        assert run.code == 1
        assert "Nothing was submitted" in run.err
        sandbox.set_credits(100, "toapis")
        assert generate(landing, "--idempotency-key", "row-17").code == 0


class TestFetch:
    def test_a_video_is_found_without_being_told(self, sandbox: SandboxProcess, landing: Path) -> None:
        sandbox.reset(speed=1)
        run = generate(landing, "-m", "veo3.1-fast", "--timeout", "0.2")
        [task] = sandbox.tasks()
        assert f"rivya fetch {task['id']} --output {landing} --conn-id toapis_default\n" in run.err
        sandbox.advance(3600)
        for more in ((), ("--category", "video")):
            run = rivya("fetch", task["id"], "--output", str(landing), *CONNECTION, *more)
            assert run.code == 0, run.err
        assert [file.suffix for file in landing.iterdir()] == [".mp4"]

    def test_by_the_key_that_it_was_sent_under(self, sandbox: SandboxProcess, landing: Path) -> None:
        assert generate(landing, "--idempotency-key", "row-17").code == 0
        run = rivya("fetch", "row-17", "--output", str(landing), "--format", "json", *CONNECTION)
        assert run.json()["generation_id"] == sandbox.tasks()[0]["id"]

    @pytest.mark.parametrize("category", ["image", "video", None])
    def test_unknown(self, landing: Path, category: str | None) -> None:
        more = ("--category", category) if category else ()
        run = rivya("fetch", "task_nope", "--output", str(landing), *CONNECTION, *more)
        assert (run.code, run.out) == (1, "")
        assert "task_nope" in run.err
        assert ("images were looked at as well as its videos" in run.err) == (category is None)


class TestCredits:
    def test_in_credits(self, sandbox: SandboxProcess) -> None:
        sandbox.set_credits(42, "toapis")
        run = rivya("credits", *CONNECTION)
        assert (run.code, run.said) == (0, "")
        assert run.out == f"42 credits  (toapis_default, {sandbox.url})\n"

    def test_in_what_the_gateway_counts_in(self, sandbox: SandboxProcess) -> None:
        sandbox.assume(toapis_balance_fields="earlier")
        run = rivya("credits", *CONNECTION, "--format", "json")
        assert run.json()["unit"] == "balance units"
        assert " balance units  (" in rivya("credits", *CONNECTION).out

    def test_without_end(self, sandbox: SandboxProcess) -> None:
        sandbox.assume(toapis_unlimited_quota=True)
        assert rivya("credits", *CONNECTION).out.startswith("unlimited  (")
        document = rivya("credits", *CONNECTION, "--format", "json").json()
        assert (document["credits"], document["unlimited"]) == (None, True)


class TestValidate:
    ASKED = ("validate", "-m", "nano_banana_2", "-p", "A bicycle", "--params", '{"size": "16:9"}')

    @pytest.mark.parametrize(
        "how", [("--gateway", "toapis"), CONNECTION, (*CONNECTION, "--gateway", "toapis")]
    )
    def test_by_name_or_by_connection(self, how: tuple[str, ...]) -> None:
        document = rivya(*self.ASKED, *how, "--format", "json").json()
        assert document["gateway"] == "toapis"
        assert document["request"]["model_params"] == {"size": "16:9"}

    def test_a_fault_of_a_model_that_is_asked_for_by_another_name(self) -> None:
        run = rivya("validate", "-m", "nano-banana-2", "--gateway", "toapis")
        assert "Warning: model: 'nano-banana-2' is sent as 'gemini-3.1-flash-image-preview'" in run.err
        assert "prompt: is missing, gemini-3.1-flash-image-preview needs one" in run.err

    def test_both_and_different(self) -> None:
        run = rivya(*self.ASKED, *CONNECTION, "--gateway", "rivya")
        assert (run.code, run.out) == (2, "")
        assert "gateway: the connection 'toapis_default' is of type 'toapis'" in run.err

    def test_a_reference_by_url_takes_the_gateways_own_connection(self, sandbox: SandboxProcess) -> None:
        url = f"{sandbox.url}/nothing/here.png"
        run = rivya(*self.ASKED, "--gateway", "toapis", "-r", url)
        assert run.code == 2
        assert "reference_media[0]: it could not be fetched" in run.err

    def test_of_a_price_that_is_not_documented(self) -> None:
        run = rivya("validate", "-m", "sora-2", "-p", "A bicycle", "--gateway", "toapis")
        assert run.code == 0
        assert run.out == "Valid for sora-2: its price is not documented.\n"


class TestModels:
    def test_list(self) -> None:
        run = rivya("models", "list", "--gateway", "toapis")
        catalog = load_catalog("toapis")
        assert all(f" {name} " in run.out for spec in catalog for name in (spec.id, *spec.aliases))
        assert f"{len(catalog)} models of ToAPIs" in run.err

    @pytest.mark.parametrize("name", ["gemini-3.1-flash-image-preview", "nano-banana-2"])
    def test_show(self, name: str) -> None:
        run = rivya("models", "show", name, "--gateway", "toapis")
        assert run.code == 0
        for text in ("nano_banana_2", "resolution=metadata", "references=image_urls", "per image"):
            assert text in run.out

    def test_what_is_not_there(self) -> None:
        run = rivya("models", "show", "z-image", "--gateway", "toapis")
        assert run.code == 2
        assert "ToAPIs has no model 'z-image'" in run.err

"""``rivya models ...``, ``validate`` and ``credits`` as processes, on the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped,unused-ignore]  # its stubs are another distribution

from airflow_provider_rivya.catalog.bundled import load_catalog
from tests.cli_process import rivya
from tests.sandbox_process import SandboxProcess

Connect = Callable[..., None]
CATALOG = load_catalog()


class TestModels:
    def test_list(self) -> None:
        run = rivya("models", "list")
        assert run.code == 0
        assert all(f" {model_id} " in run.out for model_id in CATALOG.ids)
        assert f"{len(CATALOG)} models" in run.err

    def test_list_for_scripts(self) -> None:
        run = rivya("models", "list", "--category", "audio", "--format", "json")
        assert run.code == 0
        assert run.err == ""
        wanted = [spec for spec in CATALOG if spec.category == "audio"]
        assert [model["id"] for model in run.json()] == [spec.id for spec in wanted]
        assert (
            yaml.safe_load(rivya("models", "list", "--category", "audio", "--format", "yaml").out)
            == run.json()
        )

    @pytest.mark.parametrize("gateway", ["rivya", "toapis"])
    def test_list_fits_a_narrow_terminal(self, gateway: str) -> None:
        run = rivya("models", "list", "--gateway", gateway, COLUMNS="80")
        assert max(map(len, (run.out + run.err).splitlines())) <= 80
        assert "…" not in run.out
        assert all(f" {model_id} " in run.out for model_id in load_catalog(gateway).ids)

    def test_show(self) -> None:
        run = rivya("models", "show", "nano-banana-2")
        assert run.code == 0
        for text in ("5 credits per generation", "aspect_ratio", "1K, 2K, 4K", "up to 14", "30 MB"):
            assert text in run.out
        document = rivya("models", "show", "nano-banana-2", "--format", "json").json()
        assert document["price"] == {"credits": 5, "exact": True}
        assert [param["key"] for param in document["params"]][:2] == ["aspect_ratio", "resolution"]

    @pytest.mark.parametrize("style", ["table", "json"])
    def test_show_what_is_not_there(self, style: str) -> None:
        run = rivya("models", "show", "Nano Banana 3", "--format", style)
        assert run.code == 2
        assert "nano-banana-2" in run.err
        assert (run.json()["error"]["faults"][0]["path"] if style == "json" else run.out) in ("model", "")

    @pytest.mark.parametrize(
        "arguments", [["list", "--category", "text"], ["list", "--format", "xml"], ["show"], ["x"]]
    )
    def test_bad_input(self, arguments: list[str]) -> None:
        run = rivya("models", *arguments)
        assert run.code == 2
        assert run.out == ""
        assert "usage: rivya models" in run.err


class TestValidate:
    def test_right(self, tmp_path: Path, photo: Path) -> None:
        params, prompt = tmp_path / "params.json", tmp_path / "prompt.txt"
        params.write_text('{"aspect_ratio": "16:9", "google_search": true}')
        prompt.write_text("A bicycle")
        asked = [
            "validate",
            "-m",
            "nano-banana-2",
            "-p",
            f"@{prompt}",
            "--params",
            f"@{params}",
            "-r",
            str(photo),
        ]
        run = rivya(*asked)
        assert (run.code, run.said) == (0, "")
        assert run.out == "Valid for nano-banana-2: 5 credits per generation.\n"
        document = rivya(*asked, "--format", "json").json()
        assert document["request"] == {
            "model": "nano-banana-2",
            "prompt": "A bicycle",
            "model_params": {"aspect_ratio": "16:9", "google_search": "true"},
        }

    def test_all_faults_at_once(self, tmp_path: Path) -> None:
        asked = ["validate", "-m", "nano-banana-2", "--params", '{"imageSize": "1:1", "resolution": "8K"}']
        asked += ["-r", str(tmp_path / "none.png")]
        run = rivya(*asked)
        assert (run.code, run.out) == (2, "")
        assert "which calls this 'aspect_ratio'" in run.err
        scripted = rivya(*asked, "--format", "json")
        assert scripted.code == 2
        assert [fault["path"] for fault in scripted.json()["error"]["faults"]] == [
            "reference_media[0]",
            "prompt",
            "model_params.imageSize",
            "model_params.resolution",
        ]

    def test_a_warning_is_no_fault(self) -> None:
        run = rivya(
            "validate", "-m", "flux-kontext-pro", "-p", "x", "--params", '{"novel": 1}', "--format", "json"
        )
        assert run.code == 0
        assert "novel" in run.json()["warnings"][0]
        assert "Warning: " in run.err

    @pytest.mark.parametrize(
        ("params", "told"),
        [("{", "not JSON"), ("[1]", "not list"), ("@/no/such/file", "cannot be read"), ("5", "not int")],
    )
    def test_bad_params(self, params: str, told: str) -> None:
        run = rivya("validate", "-m", "z-image", "-p", "x", "--params", params)
        assert (run.code, run.out) == (2, "")
        assert told in run.err

    def test_parameters_from_stdin(self) -> None:
        run = rivya("validate", "-m", "z-image", "-p", "x", "--params", "@-", stdin='{"aspect_ratio": "4:3"}')
        assert run.code == 0

    def test_a_url_needs_the_connection(self) -> None:
        asked = ["validate", "-m", "nano-banana-2", "-p", "x", "-r", "https://example.org/a.png"]
        run = rivya(*asked, "--conn-id", "no_such_one")
        assert run.code == 3
        assert "no connection 'no_such_one'" in run.err


@pytest.mark.usefixtures("connect")
class TestCredits:
    def test_balance(self, sandbox: SandboxProcess) -> None:
        sandbox.reset(credits=42)
        run = rivya("credits")
        assert (run.code, run.said) == (0, "")
        assert run.out.startswith("42 credits ")
        document = rivya("credits", "--format", "json").json()
        where = {"conn_id": "rivya_default", "gateway": sandbox.url}
        assert document == {"credits": 42, "unit": "credits", "unlimited": False, **where}

    def test_no_connection(self) -> None:
        run = rivya("credits", "--conn-id", "no_such_one", "--format", "json")
        assert run.code == 3
        assert run.json()["error"]["type"] == "ConnectionConfigError"

    def test_wrong_key(self, connect: Connect) -> None:
        connect(key="rvya_sk_wrong")
        run = rivya("credits")
        assert (run.code, run.out) == (3, "")
        assert "api_key_invalid" in run.err

    def test_nobody_there(self, connect: Connect) -> None:
        connect(host="http://127.0.0.1:9", retries=0)
        run = rivya("credits")
        assert (run.code, run.out) == (1, "")

    def test_bad_input(self) -> None:
        assert rivya("credits", "now").code == 2

"""The catalogue's data file is written as it is laid out, and brought up to date from the live list."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.catalog.bundled import parse_catalog
from tests.tools.live_list import entry
from tools.generate_models import CHECKOUT, main
from tools.models.bundle import dumps, updated
from tools.models.live import compare
from tools.models.target import RIVYA, TARGETS

DATA = RIVYA.data
TEXT = (CHECKOUT / DATA).read_text(encoding="utf-8")
CATALOG = parse_catalog(json.loads(TEXT))
TODAY = "2026-06-01"


@pytest.fixture
def data() -> dict[str, Any]:
    return dict(json.loads(TEXT))


@pytest.fixture
def live() -> list[dict[str, Any]]:
    return [entry(spec) for spec in CATALOG]


@pytest.mark.parametrize("gateway", TARGETS)
def test_the_layout_is_kept(gateway: str) -> None:
    text = (CHECKOUT / TARGETS[gateway].data).read_text(encoding="utf-8")
    assert dumps(json.loads(text)) == text


def test_nothing_new_changes_nothing(data: dict[str, Any], live: list[dict[str, Any]]) -> None:
    new, difference = updated(data, live, TODAY)
    assert not difference
    assert new == data


def test_after_an_update_there_is_no_difference(data: dict[str, Any], live: list[dict[str, Any]]) -> None:
    before = copy.deepcopy(data)
    changed = {model["id"]: model for model in live}
    changed["z-image"].update(base_credits=2, max_prompt_length=None, file_kinds=["image"])
    changed["z-image"].update(supported_api_inputs=["text", "file"], reference_media={"max_files": 2})
    changed["wan-2-6"].update(file_kinds=[], reference_media=None, max_prompt_length=9)
    params = changed["nano-banana-2"]["params"]
    params[0]["options"] = ["1:1", "16:9"]
    params[0]["default"] = "1:1"
    params[2]["required"] = True
    params[3:] = [{"key": "seed", "type": "number", "min": 0, "max": 9, "step": 1, "default": 3}]
    live.append(
        {
            **copy.deepcopy(changed["kling-2-6"]),
            "id": "kling-9",
            "display_name": "Kling 9",
            "base_credits": 1.5,
        }
    )
    live.append({"id": "bare-model", "category": "audio"})
    new, difference = updated(data, live, TODAY)
    assert difference
    assert data == before
    catalog = parse_catalog(json.loads(dumps(new)))
    again = compare(catalog, live)
    # The number of files goes with its kinds: a model without files has none.
    assert (again.added, again.removed, again.changed) == ((), (), ())
    assert catalog.as_of == TODAY
    assert len(catalog) == len(CATALOG) + 2
    z_image = catalog.get("z-image")
    assert z_image is not None
    assert z_image.reference is not None
    assert not z_image.reference_complete
    assert z_image.reference.max_files == 2
    bare = catalog.get("bare-model")
    assert bare is not None
    assert not bare.params_complete
    assert bare.notes


def test_only_what_the_list_knows_is_changed(data: dict[str, Any], live: list[dict[str, Any]]) -> None:
    next(model for model in live if model["id"] == "happyhorse-1-0")["base_credits"] = 30
    new, _ = updated(data, live, TODAY)
    told = [(a, b) for a, b in zip(data["models"], new["models"], strict=True) if a != b]
    assert len(told) == 1
    assert {key for key in told[0][0] if told[0][0][key] != told[0][1][key]} == {"credits"}


def test_a_model_that_is_not_listed_stays(data: dict[str, Any], live: list[dict[str, Any]]) -> None:
    new, difference = updated(data, live[1:], TODAY)
    assert difference.removed == (CATALOG.models[0].id,)
    assert len(new["models"]) == len(data["models"])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / DATA).parent.mkdir(parents=True)
    for target in TARGETS.values():
        (tmp_path / target.data).write_bytes((CHECKOUT / target.data).read_bytes())
    return tmp_path


def test_the_program(checkout: Path, live: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    run = ["--checkout", str(checkout)]
    assert main([*run, "--check"]) == 1
    assert main(run) == 0
    assert main([*run, "--check"]) == 0
    strays = [checkout / target.folder / "gone.md" for target in TARGETS.values()]
    for stray in strays:
        stray.write_text("")
        assert main([*run, "--check"]) == 1
    live[0]["base_credits"] = 77
    answer = checkout / "answer.json"
    answer.write_text(json.dumps({"data": live}))
    assert main([*run, "--update-from", str(answer)]) == 0
    assert not any(stray.exists() for stray in strays)
    assert "credits: 3 -> 77" in capsys.readouterr().out
    assert "77 credits" in (checkout / f"docs/models/{live[0]['id']}.md").read_text()
    assert main([*run, "--check"]) == 0


@pytest.mark.parametrize("content", ["", "{}", "no json"])
def test_no_usable_list(checkout: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    answer = checkout / "answer.json"
    answer.write_text(content)
    assert main(["--checkout", str(checkout), "--update-from", str(answer)]) == 2
    assert "cannot be used" in capsys.readouterr().err
    assert (checkout / DATA).read_text(encoding="utf-8") == TEXT


def test_no_such_list(checkout: Path) -> None:
    assert main(["--checkout", str(checkout), "--update-from", str(checkout / "none")]) == 2

"""The generated parameter types are in step with the catalogue, and help mypy find mistakes."""

from __future__ import annotations

import subprocess
import sys
import typing
from pathlib import Path

import pytest

from airflow_provider_rivya import model_params, model_params_toapis
from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.model import ModelSpec, ParamSpec
from tools.generate_models import CHECKOUT
from tools.models.target import TARGETS
from tools.models.typed import class_name, render

MODULES = {"rivya": model_params, "toapis": model_params_toapis}
MODELS = [(gateway, spec) for gateway in MODULES for spec in load_catalog(gateway)]


@pytest.mark.parametrize("gateway", MODULES)
def test_the_module_is_in_step_with_the_catalogue(gateway: str) -> None:
    written = (CHECKOUT / TARGETS[gateway].params).read_text(encoding="utf-8")
    assert render(load_catalog(gateway)) == written, "run: make models"


@pytest.mark.parametrize(("gateway", "spec"), MODELS, ids=lambda part: getattr(part, "id", part))
def test_types_of_a_model(gateway: str, spec: ModelSpec) -> None:
    typed = getattr(MODULES[gateway], class_name(spec.id))
    hints = typing.get_type_hints(typed)
    assert list(hints) == [param.key for param in spec.params]
    assert typed.__required_keys__ == {param.key for param in spec.required_params}
    for param in spec.params:
        assert _matches(param, hints[param.key]), param.key


def _matches(param: ParamSpec, hint: object) -> bool:
    if param.choices:
        return typing.get_args(hint) == param.choices
    if param.open:
        return hint is str
    if param.type in ("boolean", "object", "json"):
        return hint == {"boolean": bool, "object": dict[str, typing.Any], "json": typing.Any}[param.type]
    if param.type == "select":
        return typing.get_args(hint) == param.options
    if param.type == "number":
        # Where only whole numbers are on the grid, a float would be a mistake.
        whole = isinstance(param.step, int)
        return hint is int if whole else hint in (int, float)
    if param.type == "array" and param.items is not None:
        item = typing.get_args(hint)[0]
        return bool(item.__required_keys__ == {field.key for field in param.items.fields})
    return hint is str


def test_a_name_that_begins_with_a_digit() -> None:
    assert class_name("4o-image") == "Model4oImageParams"
    assert class_name("nano-banana-2") == "NanoBanana2Params"


HEAD = """
from collections.abc import Mapping
from typing import Any
from airflow_provider_rivya.model_params import ElevenlabsTurbo25Params, NanoBanana2Params, Seedream40Params
from airflow_provider_rivya.model_params_toapis import GptImage2Params, KlingV3Params

def operator(model_params: Mapping[str, Any] | str | None) -> None: ...

"""
RIGHT = """
look: NanoBanana2Params = {"aspect_ratio": "16:9", "output_format": "png"}
voice: ElevenlabsTurbo25Params = {"voice": "TX3LPaxmHKxFdv7VOQHJ", "stability": 0.5}
many: Seedream40Params = {"max_images": 2, "seed": 7}
pixels: GptImage2Params = {"resolution": "2k", "n": 2, "metadata": {"a": [1]}}
clip: KlingV3Params = {"duration": 10, "audio": True}
operator(look)
operator(model_params=NanoBanana2Params(resolution="2K"))
"""
WRONG = {
    'x: NanoBanana2Params = {"resolution": "8K"}': "typeddict-item",
    'x: NanoBanana2Params = {"imageSize": "16:9"}': "typeddict-unknown-key",
    'x: NanoBanana2Params = {"google_search": True}': "typeddict-item",
    'x: ElevenlabsTurbo25Params = {"stability": 0.5}': "typeddict-item",
    'x: Seedream40Params = {"max_images": 1.5}': "typeddict-item",
    'x: GptImage2Params = {"n": "2"}': "typeddict-item",
    'x: GptImage2Params = {"response_format": "b64_json"}': "typeddict-item",
    'x: KlingV3Params = {"duration": 17}': "typeddict-item",
}


def test_mypy_accepts_the_right_and_refuses_the_wrong(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(HEAD + RIGHT)
    # Each in a function of its own, so that the names do not meet.
    bodies = "".join(f"def f{number}() -> None:\n    {line}\n" for number, line in enumerate(WRONG))
    wrong.write_text(HEAD + bodies)
    found = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", str(tmp_path)),
            *("--no-error-summary", "--no-pretty", str(right), str(wrong)),
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    lines = found.stdout.splitlines()
    assert not [line for line in lines if "right.py" in line], found.stdout
    errors = [line for line in lines if "wrong.py" in line and ": error:" in line]
    first = HEAD.count("\n") + 2
    expected = [(first + 2 * number, code) for number, code in enumerate(WRONG.values())]
    told = [(int(line.split("wrong.py:")[1].split(":")[0]), line.rpartition("[")[2][:-1]) for line in errors]
    assert told == expected, found.stdout

"""What Airflow reads of an installed provider: valid by its schemas, and everything that it names exists."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml  # type: ignore[import-untyped,unused-ignore]  # its stubs are another distribution

from airflow_provider_rivya import __version__
from airflow_provider_rivya.api.connection import connection_fields
from airflow_provider_rivya.get_provider_info import get_provider_info

ROOT = Path(__file__).parents[2]

LIST_CONNECTION_TYPES = """
from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService
(found,) = [entry for entry in HookMetaService.hook_meta_data() if entry.connection_type == "rivya"]
print("ANSWER", found.model_dump_json())
"""

USE_DECORATORS = """
from airflow.sdk import DAG, task

with DAG("test", schedule=None) as dag:

    @task.rivya_generate(model="z-image")
    def picture():
        return "A lighthouse"

    @task.toapis_generate(model="nano-banana-2")
    def another():
        return "A lighthouse"

    picture()
    another()
print("ANSWER", *(type(dag.task_dict[name]).__name__ for name in ("picture", "another")))
"""


def schema(name: str) -> Any:
    spec = find_spec("airflow")
    assert spec is not None
    assert spec.submodule_search_locations
    for place in spec.submodule_search_locations:
        if (path := Path(place) / name).exists():
            return json.loads(path.read_text())
    pytest.skip(f"this Airflow has no {name}")


def test_it_is_what_airflow_asks_of_an_installed_provider() -> None:
    jsonschema.validate(get_provider_info(), schema("provider_info.schema.json"))
    assert get_provider_info()["versions"] == [__version__]


def test_the_connection_form_is_valid_for_airflow() -> None:
    whole = schema("provider.yaml.schema.json")
    part = {**whole["properties"]["connection-types"], "definitions": whole.get("definitions", {})}
    if "conn-fields" not in part["items"]["properties"]:
        pytest.skip("this Airflow has no conn-fields")
    strict = json.loads(json.dumps(part))
    strict["items"]["additionalProperties"] = False
    # Read by Airflow 3.3 and later; before that the name comes from the hook, where it is the same.
    strict["items"]["properties"].setdefault("hook-name", {"type": "string"})
    jsonschema.validate(get_provider_info()["connection-types"], strict)


def test_every_form_field_has_a_default_its_own_schema_accepts() -> None:
    for entry in get_provider_info()["connection-types"][0]["conn-fields"].values():
        jsonschema.Draft202012Validator.check_schema(entry["schema"])
        jsonschema.validate(entry["schema"]["default"], entry["schema"])
        jsonschema.validate(None, entry["schema"])


def test_every_module_and_class_it_names_exists() -> None:
    info = get_provider_info()
    for part in ("hooks", "operators", "sensors", "triggers"):
        modules = [module for entry in info[part] for module in entry["python-modules"]]
        own = {f"airflow_provider_rivya.{part}.{name}" for name in ("rivya", "toapis")}
        assert own <= set(modules)
        for module in modules:
            importlib.import_module(module)
    for path in (*info["extra-links"], *(entry["class-name"] for entry in info["task-decorators"])):
        assert callable(named(path))
    for connection in info["connection-types"]:
        hook = named(connection["hook-class-name"])
        assert (hook.conn_type, hook.hook_name) == (connection["connection-type"], connection["hook-name"])


def test_the_registry_is_told_of_every_class_that_the_provider_has() -> None:
    """Its format is that of other packages in it; ``.airflow-registry.yaml`` is read from the repository."""
    told = yaml.safe_load((ROOT / ".airflow-registry.yaml").read_text())
    info, project = get_provider_info(), tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (told["package-name"], told["display-name"]) == (info["package-name"], info["name"])
    assert told["description"] == info["description"]
    assert (told["docs-url"], told["source-url"]) == (
        project["urls"]["Documentation"],
        project["urls"]["Source"],
    )
    assert (ROOT / told["logo"].partition("/main/")[2]).is_file()
    for part in ("hooks", "operators", "sensors", "triggers"):
        modules = {module for entry in info[part] for module in entry["python-modules"]}
        public = {
            f"{module}.{name}"
            for module in modules
            for name, found in vars(importlib.import_module(module)).items()
            if getattr(found, "__module__", "") == module and name.startswith(("Rivya", "ToApis"))
        }
        assert {entry["module"] for entry in told[part]} == public
    decorators = [entry["class-name"] for entry in info["task-decorators"]]
    assert sorted(entry["module"] for entry in told["other"]) == sorted(decorators)


def named(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def answer_of(program: str, folder: Path) -> str:
    """
    Return what a program prints after ``ANSWER`` where this provider is installed.

    Airflow finds providers by entry point: an installation's metadata is laid beside the sources.
    """
    metadata = folder / "site" / "airflow_provider_rivya-0.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: airflow-provider-rivya\nVersion: 0.0\n")
    (metadata / "entry_points.txt").write_text(
        "[apache_airflow_provider]\n"
        "provider_info = airflow_provider_rivya.get_provider_info:get_provider_info\n"
    )
    env = dict(os.environ)
    env["PYTHONPATH"] = os.pathsep.join([str(metadata.parent), str(ROOT)])
    env["AIRFLOW_HOME"] = str(folder / "home")
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.rpartition("ANSWER ")[2]


def test_airflow_offers_the_decorators_as_attributes_of_task(tmp_path: Path) -> None:
    assert answer_of(USE_DECORATORS, tmp_path).split() == [
        "RivyaGenerateDecoratedOperator",
        "ToApisGenerateDecoratedOperator",
    ]


def test_airflow_lists_the_connection_type_with_its_fields(tmp_path: Path) -> None:
    listed = json.loads(answer_of(LIST_CONNECTION_TYPES, tmp_path))
    assert listed["hook_class_name"] == "airflow_provider_rivya.hooks.rivya.RivyaHook"
    assert listed["hook_name"] == "Rivya"
    assert set(listed["extra_fields"]) == {entry.name for entry in connection_fields()}
    assert {name: field["schema"]["title"] for name, field in listed["extra_fields"].items()} == {
        entry.name: entry.label for entry in connection_fields()
    }
    standard = {name: field for name, field in listed["standard_fields"].items() if field}
    assert standard["password"]["title"] == "API key"
    assert {name for name, field in standard.items() if field["hidden"]} == {"login", "url_schema"}

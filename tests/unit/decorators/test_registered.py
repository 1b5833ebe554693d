from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from airflow_provider_rivya.get_provider_info import get_provider_info

ROOT = Path(__file__).parents[3]

USE = """
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


def test_what_is_registered_exists() -> None:
    info = get_provider_info()
    for part in ("hooks", "operators", "sensors", "triggers"):
        modules = [module for entry in info[part] for module in entry["python-modules"]]
        assert modules == [f"airflow_provider_rivya.{part}.{name}" for name in ("rivya", "toapis")]
        for module in modules:
            import_module(module)
    for path in (*info["extra-links"], *(entry["class-name"] for entry in info["task-decorators"])):
        module, _, name = path.rpartition(".")
        assert callable(getattr(import_module(module), name))


def test_airflow_offers_it_as_an_attribute_of_task(tmp_path: Path) -> None:
    """Airflow finds providers by entry point: an installation's metadata is laid beside the sources."""
    folder = tmp_path / "site" / "airflow_provider_rivya-0.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: airflow-provider-rivya\nVersion: 0.0\n")
    (folder / "entry_points.txt").write_text(
        "[apache_airflow_provider]\n"
        "provider_info = airflow_provider_rivya.get_provider_info:get_provider_info\n"
    )
    env = dict(os.environ)
    env["PYTHONPATH"] = os.pathsep.join([str(folder.parent), str(ROOT)])
    env["AIRFLOW_HOME"] = str(tmp_path / "home")
    done = subprocess.run(
        [sys.executable, "-c", USE],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.rpartition("ANSWER ")[2].split() == [
        "RivyaGenerateDecoratedOperator",
        "ToApisGenerateDecoratedOperator",
    ]

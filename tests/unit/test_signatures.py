"""A misspelt argument in a DAG file is an error in an editor: all classes list their arguments."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from mypy import api

from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from airflow_provider_rivya.operators.toapis import ToApisGenerateOperator
from airflow_provider_rivya.sensors.rivya import RivyaCreditsSensor, RivyaTaskSensor
from airflow_provider_rivya.sensors.toapis import ToApisTaskSensor

ROOT = Path(__file__).parents[2]

RIGHT = """
from datetime import timedelta

from airflow.sdk import DAG

from airflow_provider_rivya.decorators.rivya import rivya_generate_task
from airflow_provider_rivya.decorators.toapis import toapis_generate_task
from airflow_provider_rivya.model_params import NanoBanana2Params
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from airflow_provider_rivya.operators.toapis import ToApisGenerateOperator
from airflow_provider_rivya.sensors.rivya import RivyaCreditsSensor, RivyaTaskSensor
from airflow_provider_rivya.sensors.toapis import ToApisTaskSensor

with DAG("typed") as dag:
    params: NanoBanana2Params = {"aspect_ratio": "16:9"}
    first = RivyaGenerateOperator(
        task_id="first", model="nano-banana-2", prompt="A lighthouse", model_params=params, retries=2
    )
    second = ToApisGenerateOperator(
        task_id="second",
        model="nano-banana-2",
        prompt=first.output,
        reference_media=[first.output, "/data/a.jpg"],
        dialect={"resolution": "top"},
        execution_timeout=timedelta(minutes=5),
    )
    RivyaTaskSensor(task_id="third", generation_id=first.output, mode="reschedule", soft_fail=True)
    ToApisTaskSensor(task_id="fourth", generation_id="task_1", category="video")
    RivyaCreditsSensor(task_id="fifth", min_credits=10, timeout=60)
    rivya_generate_task(model="nano-banana-2", output_path="/data/", retries=2)
    toapis_generate_task(model="nano-banana-2", toapis_conn_id="other")
"""

WRONG = {
    'RivyaGenerateOperator(task_id="a", model="z-image", promt="A lighthouse")': "promt",
    'RivyaGenerateOperator(task_id="a", model="z-image", prompt="A", retires=2)': "retires",
    'RivyaGenerateOperator(task_id="a", model="z-image", prompt="A", if_exists="replace")': "if_exists",
    'RivyaGenerateOperator(task_id="a", model="z-image", prompt="A", timeout=60)': "timeout",
    'ToApisGenerateOperator(task_id="a", model="z-image", rivya_conn_id="x")': "rivya_conn_id",
    'RivyaTaskSensor(task_id="a", generation_id="t", poke_intervall=5)': "poke_intervall",
    'ToApisTaskSensor(task_id="a", generation_id="t", category="sound")': "category",
    'RivyaCreditsSensor(task_id="a", credits=5)': "credits",
    'rivya_generate_task(model="z-image", output_pth="/data/")': "output_pth",
    'toapis_generate_task(model="z-image", rivya_conn_id="x")': "rivya_conn_id",
}


def check(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    out, err, _ = api.run(
        ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache"), str(path)]
    )
    assert err == ""
    return [line for line in out.splitlines() if ": error:" in line]


def test_an_editor_tells_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    begins = RIGHT.count("\n") + 1
    errors = check(tmp_path / "typed_dag.py", RIGHT + "\n".join(WRONG) + "\n")
    for number, (line, name) in enumerate(WRONG.items(), start=begins):
        (told,) = [error for error in errors if f"typed_dag.py:{number}:" in error]
        assert name in told, line
    assert len(errors) == len(WRONG), errors


@pytest.mark.parametrize(
    "operator",
    [RivyaGenerateOperator, ToApisGenerateOperator, RivyaTaskSensor, ToApisTaskSensor, RivyaCreditsSensor],
)
def test_every_argument_is_in_the_signature_and_the_documentation(operator: Any) -> None:
    parameters = inspect.signature(operator.__init__).parameters
    named = [name for name, parameter in parameters.items() if parameter.kind is parameter.KEYWORD_ONLY]
    assert set(operator.template_fields) - {"op_args", "op_kwargs"} <= set(named)
    documented = operator.__doc__ + (RivyaGenerateOperator.__doc__ or "") + (RivyaTaskSensor.__doc__ or "")
    assert [name for name in named if f":param {name}:" not in documented] == []

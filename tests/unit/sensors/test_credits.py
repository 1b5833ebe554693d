from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_rivya.sensors.rivya import RivyaCreditsSensor


@pytest.mark.parametrize("value", [True, None, [], -1, -0.5, float("nan"), float("inf"), 10**400])
def test_what_is_no_balance_is_refused_when_the_dag_is_parsed(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^min_credits: .*; allowed: a number of credits, 0 or more$"):
        RivyaCreditsSensor(task_id="enough", min_credits=value)


@pytest.mark.parametrize("value", [0, 100, 0.5, "{{ params.least }}"])
def test_what_may_be_one_is_kept(value: Any) -> None:
    sensor = RivyaCreditsSensor(task_id="enough", min_credits=value)
    assert sensor.min_credits == value
    assert (sensor.conn_id, sensor.mode) == ("rivya_default", "poke")


def test_it_renders_what_it_says() -> None:
    assert RivyaCreditsSensor.template_fields == ("min_credits", "rivya_conn_id")

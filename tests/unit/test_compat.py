from __future__ import annotations

import pytest

from airflow_provider_rivya._compat import remote_executor

CELERY = "airflow.providers.celery.executors.celery_executor.CeleryExecutor"


@pytest.mark.parametrize(
    ("configured", "chosen", "expected"),
    [
        ("LocalExecutor", None, None),
        ("CeleryExecutor", None, "CeleryExecutor"),
        (CELERY, None, "CeleryExecutor"),
        ("LocalExecutor,CeleryExecutor", None, None),
        ("LocalExecutor, CeleryExecutor", "CeleryExecutor", "CeleryExecutor"),
        ("KubernetesExecutor,LocalExecutor", "LocalExecutor", None),
        (f"LocalExecutor,far:{CELERY}", "far", "CeleryExecutor"),
        (f"far:{CELERY}", None, "CeleryExecutor"),
        ("near:airflow.executors.local_executor.LocalExecutor", "near", None),
        (f"LocalExecutor;team_a={CELERY}", None, None),
        ("LocalExecutor", CELERY, "CeleryExecutor"),
    ],
)
def test_which_executor_may_use_another_machine(
    configured: str, chosen: str | None, expected: str | None
) -> None:
    assert remote_executor(chosen, configured) == expected


def test_without_an_argument_the_configuration_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    assert remote_executor() == "CeleryExecutor"

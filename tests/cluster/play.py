"""Plays scenarios on one testbed: those that leave its components alone side by side, then the others."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.cluster.cluster_run import ClusterRun
from tests.cluster.testbed import Testbed
from tests.e2e.crash.judge import Verdict, judge, last_line, table
from tests.e2e.crash.matrix import DAGS, SPEED, has_state_store, stopping
from tests.e2e.crash.scenario import Scenario
from tests.sandbox_process import SandboxProcess
from tools.stack.config import CHECKOUT, StackConfig
from tools.stack.processes import ProcessError

AT_ONCE = 6
OPTIONS = {
    # Airflow is to see a death in half a minute; sooner, and a busy machine would be taken for a dead one.
    "scheduler": {
        "task_instance_heartbeat_timeout": "30",
        "task_instance_heartbeat_timeout_detection_interval": "5",
        "scheduler_health_check_threshold": "30",
        "orphaned_tasks_check_interval": "20",
    },
    "triggerer": {"triggerer_health_check_threshold": "30"},
    "core": {"executor": "CeleryExecutor,LocalExecutor"},
}
TOLD_WIDTH = 150


Figures = dict[str, dict[str, Any]]
"""What scenarios have measured, by their names."""


def play_all(
    scenarios: Sequence[Scenario], folder: Path, say: Callable[[str], None], python: Path, seconds: float
) -> tuple[list[Verdict], Figures]:
    """
    Play scenarios; one verdict each.

    :param seconds: after which no further one begins.
    :param folder: emptied; holds the Airflow home, the specs and the output afterwards.
    :param python: interpreter of the environment with Airflow and Celery.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "specs").mkdir(parents=True)
    create_lock, stop, over = threading.Lock(), threading.Event(), time.monotonic() + seconds
    state_store, verdicts = has_state_store(python), list[Verdict]()
    config = StackConfig(
        home=folder / "airflow",
        dags_folder=DAGS,
        python=python,
        options=OPTIONS,
        env={"CRASH_SPECS": str(folder / "specs"), "PYTHONPATH": str(CHECKOUT)},
    )
    with SandboxProcess(speed=SPEED) as sandbox, Testbed(config, say=say) as testbed:
        runs = [
            _run(scenario, testbed, sandbox, create_lock, stop, folder, state_store) for scenario in scenarios
        ]
        testbed.start()

        def play(run: ClusterRun) -> None:
            verdict = _play(run)
            verdicts.append(verdict)
            for line in told(run, verdict):
                say(line)

        with stopping(stop):
            for run in runs:
                run.create_connection()
            with ThreadPoolExecutor(AT_ONCE) as pool, stopping(stop):
                for _ in pool.map(play, (run for run in runs if run.scenario.stage == "together")):
                    pass
            alone = [run for run in runs if run.scenario.stage == "alone"]
            for number, run in enumerate(alone):
                if time.monotonic() > over:
                    left = ", ".join(other.scenario.name for other in alone[number:])
                    say(f"not played, as the time is over: {left}")
                    break
                play(run)
                try:
                    testbed.recover()
                except (ProcessError, TimeoutError) as error:
                    say(f"not played on: {error}")
                    break
        for run in runs:
            run.proxy.close()
    return verdicts, {run.scenario.name: run.figures for run in runs if run.figures}


def _run(scenario: Scenario, testbed: Testbed, sandbox: SandboxProcess, *where: object) -> ClusterRun:
    arguments = {
        name: value.replace("{disk}", str(testbed.disk)) if isinstance(value, str) else value
        for name, value in scenario.arguments.items()
    }
    sandbox.control("POST", "keys", {"key": scenario.key, "account": scenario.name})
    return ClusterRun(dataclasses.replace(scenario, arguments=arguments), testbed, sandbox, *where)  # type: ignore[arg-type]


def _play(run: ClusterRun) -> Verdict:
    began = time.monotonic()
    error: BaseException | None = None
    try:
        run.scenario.play(run)
    except Exception as caught:
        error = caught
    return judge(run, time.monotonic() - began, error)


def told(run: ClusterRun, verdict: Verdict) -> Iterable[str]:
    """What is said of a scenario as soon as it has ended."""
    yield f"{'held' if verdict.held else 'NOT HELD'}: {verdict.scenario.name} ({verdict.seconds:.0f} s)"
    yield from (f"    {fault}" for fault in verdict.faults)
    yield f"    tries on {', '.join(run.hosts())}"
    yield from (f"    {name}: {json.dumps(value)}" for name, value in run.figures.items())


def report(verdicts: Sequence[Verdict], figures: Figures) -> str:
    """What was measured, the log lines that tell the fate, the table, and the sum."""
    measured = [f"{name}, {what}: {json.dumps(v)}" for name, of in figures.items() for what, v in of.items()]
    fates = [
        f"{verdict.scenario.name}: {line[:TOLD_WIDTH]}" for verdict in verdicts for line in verdict.told[:2]
    ]
    load = f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    parts = ["Measured:", *measured, "", "What the logs tell:", *fates, "", table(verdicts), load, ""]
    return "\n".join([*parts, last_line(verdicts)])

"""Runs scenarios: one Airflow, a sandbox for each set of assumptions, a proxy for each scenario."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.e2e.crash.judge import Verdict, judge
from tests.e2e.crash.scenario import Scenario
from tests.e2e.crash.scenario_run import ScenarioRun
from tests.sandbox_process import SandboxProcess
from tools.stack import postgres
from tools.stack.config import CHECKOUT, StackConfig
from tools.stack.database import installed_airflow
from tools.stack.stack import AirflowStack

DAGS = Path(__file__).with_name("dags")
SPEED = 5.0
"""An image takes four seconds: long enough to be deferred for, short enough to wait for."""

AT_ONCE = 5
"""Scenarios side by side; with SQLite two, as its one lock makes Airflow's components fail each other."""

EXTRA = [path for path in os.environ.get("CRASH_PYTHONPATH", "").split(os.pathsep) if path]
"""Folders with further packages for the components, such as drivers of PostgreSQL."""

FAST = {
    "scheduler": {
        "task_instance_heartbeat_timeout": "20",
        "task_instance_heartbeat_timeout_detection_interval": "3",
        "scheduler_health_check_threshold": "10",
        "orphaned_tasks_check_interval": "10",
    },
    "triggerer": {"triggerer_health_check_threshold": "10"},
}
"""Makes Airflow see a crash in seconds instead of minutes."""


def has_state_store(python: Path) -> bool:
    """Whether the Airflow of that environment has a task state store: 3.3 and later."""
    return [int(part) for part in installed_airflow(python).split(".")[:2]] >= [3, 3]


def run_matrix(
    scenarios: Sequence[Scenario],
    folder: Path,
    say: Callable[[str], None] = lambda _text: None,
    python: Path = Path(sys.executable),
) -> list[Verdict]:
    """
    Run scenarios, those that kill no component side by side.

    Where what they need is not at hand, PostgreSQL or a task state store, they are left out and said to be.

    :param python: interpreter of the environment that Airflow is installed in.
    :param folder: emptied; holds the Airflow homes, the specs and the output afterwards.
    :return: one verdict each, in the order of ``scenarios``.
    """
    shutil.rmtree(folder, ignore_errors=True)
    state_store, possible = has_state_store(python), []
    for scenario in scenarios:
        lacking = scenario.lacks(postgresql=postgres.available(), state_store=state_store)
        if lacking:
            say(f"left out, as it needs {lacking}: {scenario.name}")
        else:
            possible.append(scenario)
    found: dict[str, Verdict] = {}
    for number, options in enumerate(dict.fromkeys(scenario.options for scenario in possible)):
        group = [scenario for scenario in possible if scenario.options == options]
        verdicts = _run_group(group, folder / f"stack-{number}", options, say, python, state_store)
        found |= {verdict.scenario.name: verdict for verdict in verdicts}
    return [found[scenario.name] for scenario in possible]


def _run_group(
    scenarios: Sequence[Scenario],
    folder: Path,
    options: tuple[tuple[str, str, str], ...],
    say: Callable[[str], None],
    python: Path,
    state_store: bool,
) -> list[Verdict]:
    for name in ("specs", "output"):
        (folder / name).mkdir(parents=True)
    create_lock, stop = threading.Lock(), threading.Event()
    verdicts: list[Verdict] = []
    with ExitStack() as open_things:
        sandboxes = {
            assumptions: open_things.enter_context(SandboxProcess(speed=SPEED))
            for assumptions in dict.fromkeys(scenario.assumptions for scenario in scenarios)
        }
        for assumptions, sandbox in sandboxes.items():
            sandbox.assume(**dict(assumptions))
        database = open_things.enter_context(postgres.Postgres()) if postgres.available() else None
        config = _config(folder, database.url if database else None, options, python)
        stack = open_things.enter_context(AirflowStack(config, say=say))
        if database:
            database.start(stack.keeper)
        runs = []
        for scenario in scenarios:
            sandbox = sandboxes[scenario.assumptions]
            sandbox.control("POST", "keys", {"key": scenario.key, "account": scenario.name})
            run = ScenarioRun(scenario, stack, sandbox, create_lock, stop, folder, state_store)
            open_things.enter_context(run.proxy)
            runs.append(run)
        in_environment = [run for run in runs if not run.scenario.stored_connection]
        stack.set_connections(
            {run.scenario.conn_id: json.dumps(run.scenario.conn(run.proxy)) for run in in_environment}
        )
        stack.start()
        for run in runs:
            if run.scenario.stored_connection:
                run.create_connection()

        def play(run: ScenarioRun) -> None:
            verdict = _play(run)
            verdicts.append(verdict)
            well = "held" if run.scenario.instead is None else run.scenario.instead.outcome
            say(f"{well if verdict.held else 'NOT HELD'}: {run.scenario.name} ({verdict.seconds:.0f} s)")
            for fault in verdict.faults:
                say(f"    {fault}")

        with ThreadPoolExecutor(AT_ONCE if database else 2) as pool, stopping(stop):
            together = [run for run in runs if run.scenario.stage == "together"]
            for future in [pool.submit(play, run) for run in together]:
                future.result()
        for run in runs:
            if run.scenario.stage == "alone":
                play(run)
    return verdicts


@contextlib.contextmanager
def stopping(event: threading.Event) -> Iterator[None]:
    """Set the event when the block is left by an exception, so that threads do not hold up the end."""
    try:
        yield
    except BaseException:
        event.set()
        raise


def _config(
    folder: Path, database: str | None, options: tuple[tuple[str, str, str], ...], python: Path
) -> StackConfig:
    merged = {section: dict(values) for section, values in FAST.items()}
    for section, name, value in options:
        merged.setdefault(section, {})[name] = value
    return StackConfig(
        home=folder / "airflow",
        dags_folder=DAGS,
        python=python,
        sql_alchemy_conn=database,
        options=merged,
        env={"CRASH_SPECS": str(folder / "specs"), "PYTHONPATH": os.pathsep.join([str(CHECKOUT), *EXTRA])},
        parallelism=8,
        fresh=True,
    )


def _play(run: ScenarioRun) -> Verdict:
    began = time.monotonic()
    error: BaseException | None = None
    try:
        run.scenario.play(run)
    except Exception as caught:
        error = caught
    return judge(run, time.monotonic() - began, error)

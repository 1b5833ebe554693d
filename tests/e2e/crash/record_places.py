"""The same crashes with the record in a file, as on an Airflow without a task state store."""

from __future__ import annotations

from dataclasses import replace

from tests.e2e.crash import task_kills
from tests.e2e.crash.proxy import CREATE
from tests.e2e.crash.scenario import Expected, Scenario
from tests.e2e.crash.scenario_run import ScenarioRun
from tests.e2e.crash.words import DELIVERED_BEFORE, NOTHING_RECORDED, REATTACHED

IN_A_FILE = {"state_path": "file://{output}-records/"}


def _with_a_file(scenario: Scenario) -> Scenario:
    arguments = {**scenario.arguments, **IN_A_FILE}
    return replace(scenario, name=f"{scenario.name}_record_in_a_file", arguments=arguments)


def record_place_not_writable(run: ScenarioRun) -> None:
    """Where no record can be looked for, nothing is paid: there might be one."""
    run.output.parent.joinpath(f"{run.scenario.name}-records").write_text("no folder")
    run.start()
    run.finish("failed")
    assert run.proxy.count(CREATE) == 0
    assert run.failure()["submitted"] is None, run.failure()
    run.output.parent.joinpath(f"{run.scenario.name}-records").unlink()
    run.clear()
    run.finish()


def run_made_again_beside_its_record(run: ScenarioRun) -> None:
    """A file outlives the DAG run that it is of: the run made again delivers the same generation."""
    task_kills.once(run)
    first = run.xcom()["generation_id"]
    run.delete_run()
    task_kills.once(run)
    assert run.xcom()["generation_id"] == first
    assert run.proxy.count(CREATE) == 1, run.proxy.calls


def run_made_again_without_its_record(run: ScenarioRun) -> None:
    """Deleting the file does not do while the gateway remembers the key; a clear does."""
    task_kills.once(run)
    run.delete_run()
    for file in run.output.parent.joinpath(f"{run.scenario.name}-records").iterdir():
        file.unlink()
    task_kills.once(run)
    assert run.proxy.count(CREATE) == 2, run.proxy.calls
    run.clear()
    run.wait_task("success", tries=2)
    run.finish()


SCENARIOS = [
    *(
        _with_a_file(scenario)
        for scenario in task_kills.SCENARIOS
        if scenario.name.endswith(
            (
                "after_intent",
                "create_taken_in",
                "answered_not_recorded",
                "recorded_not_deferred",
                "downloading",
                "landed_not_recorded",
                "at_every_moment",
            )
        )
    ),
    Scenario(
        "run_made_again_beside_its_record",
        Expected(says=(REATTACHED,)),
        run_made_again_beside_its_record,
        arguments=IN_A_FILE,
    ),
    Scenario(
        "run_made_again_without_its_record",
        Expected(paid=2, files=2, says=(DELIVERED_BEFORE,)),
        run_made_again_without_its_record,
        arguments=IN_A_FILE,
    ),
    Scenario(
        "record_place_not_writable",
        Expected(
            says=(
                "Without it nothing is submitted, as an earlier try may have paid already",
                NOTHING_RECORDED,
            )
        ),
        record_place_not_writable,
        arguments={**IN_A_FILE, "retries": 1},
    ),
]

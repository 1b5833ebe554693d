"""The same crashes with the record in a file, as on an Airflow without a task state store."""

from __future__ import annotations

from dataclasses import replace

from tests.e2e.crash import task_kills
from tests.e2e.crash.drive import Drive
from tests.e2e.crash.proxy import CREATE
from tests.e2e.crash.scenario import Expected, Scenario
from tests.e2e.crash.words import DELIVERED_BEFORE, NOTHING_RECORDED, REATTACHED

IN_A_FILE = {"state_path": "file://{output}-records/"}


def _with_a_file(scenario: Scenario) -> Scenario:
    arguments = {**scenario.arguments, **IN_A_FILE}
    return replace(scenario, name=f"{scenario.name}_record_in_a_file", arguments=arguments)


def record_place_not_writable(drive: Drive) -> None:
    """Where no record can be looked for, nothing is paid: there might be one."""
    drive.output.parent.joinpath(f"{drive.scenario.name}-records").write_text("no folder")
    drive.start()
    drive.finish("failed")
    assert drive.proxy.count(CREATE) == 0
    assert drive.failure()["submitted"] is None, drive.failure()
    drive.output.parent.joinpath(f"{drive.scenario.name}-records").unlink()
    drive.clear()
    drive.finish()


def run_made_again_beside_its_record(drive: Drive) -> None:
    """A file outlives the DAG run that it is of: the run made again delivers the same generation."""
    task_kills.once(drive)
    first = drive.xcom()["generation_id"]
    drive.delete_run()
    task_kills.once(drive)
    assert drive.xcom()["generation_id"] == first
    assert drive.proxy.count(CREATE) == 1, drive.proxy.calls


def run_made_again_without_its_record(drive: Drive) -> None:
    """Deleting the file does not do while the gateway remembers the key; a clear does."""
    task_kills.once(drive)
    drive.delete_run()
    for file in drive.output.parent.joinpath(f"{drive.scenario.name}-records").iterdir():
        file.unlink()
    task_kills.once(drive)
    assert drive.proxy.count(CREATE) == 2, drive.proxy.calls
    drive.clear()
    drive.wait_task("success", tries=2)
    drive.finish()


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

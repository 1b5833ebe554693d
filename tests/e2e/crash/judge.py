"""The verdict on a scenario: by the sandbox's ledger, and by the bytes that lie in the output folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.e2e.crash import batch_verdict
from tests.e2e.crash.scenario import Scenario
from tests.e2e.crash.scenario_run import ScenarioRun
from tests.sandbox_process import SandboxProcess
from tools.stack.rest import RestError

MISTAKES = ("TypeError", "AttributeError", "NameError", "UnboundLocalError")


@dataclass(frozen=True)
class Verdict:
    """
    What came of a scenario.

    :param paid: charges at the gateway that did not come back.
    :param beyond: of them, those that nobody asked for.
    :param lost: generations that succeeded, were charged, and are not stored.
    :param faults: everything that is not as expected; empty when the scenario held.
    :param told: the log lines that tell the fate.
    """

    scenario: Scenario
    seconds: float
    state: str = "-"
    charges: int = 0
    refunds: int = 0
    files: int = 0
    beyond: int = 0
    lost: int = 0
    tries: int = 0
    faults: list[str] = field(default_factory=list)
    told: tuple[str, ...] = ()

    @property
    def held(self) -> bool:
        return not self.faults


def judge(run: ScenarioRun, seconds: float, error: BaseException | None) -> Verdict:
    """Compare what is there with what the scenario expects."""
    scenario, sandbox = run.scenario, run.sandbox
    expected = scenario.expected
    faults = [] if error is None else [f"{type(error).__name__}: {error}"]
    booked = sandbox.ledger(scenario.gateway.name)["entries"]
    entries = [entry for entry in booked if entry["account"] == scenario.name]
    charges = sum(1 for entry in entries if entry["kind"] == "charge")
    refunds = sum(1 for entry in entries if entry["kind"] == "refund")
    paid = charges - refunds
    if (paid, refunds) != (expected.paid, expected.refunded):
        faults.append(f"{paid} paid and {refunds} refunded, not {expected.paid} and {expected.refunded}")
    stored = run.stored()
    missing = not_stored(sandbox, scenario.name, entries, stored.values())
    lost = max(0, len(missing) - expected.abandoned)
    if lost:
        faults.append(f"lost: {', '.join(missing)}")
    if len(stored) != expected.files:
        faults.append(f"{len(stored)} files, not {expected.files}: {sorted(map(str, stored))[:10]}")
    state = _state(run)
    if state != expected.state:
        faults.append(f"the run is {state}, not {expected.state}")
    if scenario.batch:
        faults += batch_verdict.faults_of(run)
    else:
        faults += [f"delivered {other}, which is not its own" for other in _of_others(run, state)]
    log = run.log()
    faults += [f"not in the log: {text!r}" for text in expected.says if text not in log]
    faults += [f"not played: {what}" for what in (*run.proxy.not_played, *run.not_died)]
    # A retry hides them: what a crash leads to is one of the provider's own errors, or Airflow's.
    faults += [f"a {name} in the log" for name in MISTAKES if f'"exc_type":"{name}"' in log]
    beyond = max(0, paid - expected.paid)
    told = tuple(line for text in expected.says for line in log.splitlines() if text in line)
    return Verdict(
        scenario, seconds, state, charges, refunds, len(stored), beyond, lost, _tries(run), faults, told
    )


def not_stored(
    sandbox: SandboxProcess, account: str, entries: Sequence[dict[str, Any]], stored: Iterable[str]
) -> list[str]:
    """Return the paid and succeeded generations whose bytes are not among the stored ones."""
    refunded = {entry["task_id"] for entry in entries if entry["kind"] == "refund"}
    digests = set(stored)
    missing: list[str] = []
    for task in sandbox.tasks():
        if task["account"] != account or task["id"] in refunded:
            continue
        for content in results_of(sandbox, task["id"]):
            if hashlib.sha256(content).hexdigest() not in digests:
                missing.append(task["id"])
    return missing


def results_of(sandbox: SandboxProcess, task_id: str) -> Iterator[bytes]:
    """Fetch what a generation has come to, if it has succeeded."""
    for index in count():
        answer = sandbox.get(f"/sandbox/results/{task_id}/{index}", key=None)
        if answer.status == 404:
            return
        yield answer.body


def _state(run: ScenarioRun) -> str:
    try:
        return run.ask(lambda: run.client.run_state(run.scenario.name, run.run_id))
    except Exception as error:
        return f"not known ({error})"


def _of_others(run: ScenarioRun, state: str) -> list[str]:
    """Return the generations in the XComs of a run that has succeeded which another scenario has made."""
    if state != "success":
        return []
    try:
        delivered = [run.delivered_id(index) for index in run.scenario.map_indexes]
    except RestError as error:
        return [f"a result that cannot be read ({error})"]
    own = run.generation_ids()
    return [str(generation) for generation in delivered if generation not in own]


def report(verdicts: Sequence[Verdict]) -> str:
    """The matrix for a person: what is not promised first and apart, and one line that sums up the rest."""
    promised = [verdict for verdict in verdicts if verdict.scenario.instead is None]
    others = [verdict for verdict in verdicts if verdict.scenario.instead is not None]
    parts = [
        "\n".join(["Not promised, as docs/recover.md says:", "", table(others)]) if others else "",
        "\n".join([table(promised), "", last_line(promised)]) if promised else "",
    ]
    return "\n\n\n".join(part for part in parts if part)


def _tries(run: ScenarioRun) -> int:
    try:
        tasks = run.tasks()
    except RestError:  # the run never began
        return 0
    return max((task.try_number for task in tasks if task.state), default=0)


def table(verdicts: Sequence[Verdict]) -> str:
    """Some verdicts for a person, each with its faults, and with what decides it, below."""
    width = max(len(verdict.scenario.name) for verdict in verdicts)
    head = f"{'scenario':{width}}  held  charges  refunds  files  tries  state    seconds"
    lines = [head, "-" * len(head)]
    for v in verdicts:
        word = ("yes" if v.scenario.instead is None else "-") if v.held else "NO"
        lines.append(
            f"{v.scenario.name:{width}}  {word:4}  {v.charges:7}  {v.refunds:7}  "
            f"{v.files:5}  {v.tries:5}  {v.state[:7]:7}  {v.seconds:7.1f}"
        )
        if (instead := v.scenario.instead) is not None:
            lines.append(f"    {instead.outcome}: {instead.decided_by}")
        lines += [f"    {fault}" for fault in v.faults]
    return "\n".join(lines)


def last_line(verdicts: Sequence[Verdict]) -> str:
    """``N scenarios, N held, charges beyond one: 0, results lost: 0``."""
    held = sum(verdict.held for verdict in verdicts)
    beyond = sum(verdict.beyond for verdict in verdicts)
    lost = sum(verdict.lost for verdict in verdicts)
    return f"{len(verdicts)} scenarios, {held} held, charges beyond one: {beyond}, results lost: {lost}"

"""Processes of one account that do not know of each other share what the gateway allows, and lose nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.request import Request, urlopen

from benchmarks.account.tempo import connection
from benchmarks.chart import Series, draw
from benchmarks.figure import Figure
from benchmarks.processes import PROJECT, server

GENERATIONS = 500
WORKERS, TRIGGERERS = 8, 3
A_MINUTE, BURST = 300, 50
LIMITS = {"toapis_rate_group": "default"}
PATIENCE = 420.0
GOAL_LATE = 1.15
GOAL_STORM = 4.0
IMAGES = PROJECT / "docs" / "images"

Mode = Literal["tasks", "workers"]
MODES: dict[Mode, str] = {
    "tasks": "each task alone, as Airflow's",
    "workers": "each worker with one pace, as a batch's",
}
SETTLED = 15
"""Seconds after which the processes have met the limit."""


def measure(generations: int = GENERATIONS) -> Iterator[Figure]:
    """
    Let workers submit, and triggerers wait, at a sandbox that takes in 300 submissions a minute.

    All are real processes with the real hook, job, record and trigger; nothing but the gateway's answers
    tells them of each other. There is no Airflow around them: so many tasks would measure Airflow.
    """
    for mode, meant in MODES.items():
        told = play(mode, generations, IMAGES / f"account-{mode}.png")
        what = f"{generations} submissions of {WORKERS} workers at {A_MINUTE} a minute, {meant}"
        yield Figure(f"{what}: delivered", told["delivered"], "", generations, "above", detail=told)
        yield Figure(f"{what}: tries that failed", told["failed"], "", 0)
        yield Figure(f"{what}: paid for", told["charges"], "", generations)
        yield Figure(f"{what}: 429 for a delivered one", told["refused"] / max(1, told["delivered"]), "")
        yield Figure(f"{what}: the last one taken in, by the least time", told["late"], "x", GOAL_LATE)
        yield Figure(
            f"{what}: busiest second of submissions after {SETTLED} s, by the limit",
            told["storm"],
            "x",
            GOAL_STORM,
        )


@dataclass
class Crew:
    """The processes, and what they have said."""

    environment: dict[str, str]
    said: list[dict[str, Any]] = field(default_factory=list)
    workers: list[subprocess.Popen[str]] = field(default_factory=list)
    triggerers: list[subprocess.Popen[str]] = field(default_factory=list)
    _listening: list[threading.Thread] = field(default_factory=list)

    def start(self, role: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(  # noqa: S603 - of our own making
            [sys.executable, "-m", f"benchmarks.account.{role}", *arguments],
            cwd=PROJECT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        listener = threading.Thread(target=self._listen, args=(process,), daemon=True)
        (self.workers if role == "worker" else self.triggerers).append(process)
        self._listening.append(listener)
        return process

    def listen(self) -> None:
        """Hear them all; what one says is told to the one whom it concerns."""
        for listener in self._listening:
            listener.start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            told = json.loads(line)
            self.said.append(told)
            if "submitted" in told:
                number = told["submitted"]
                asked = {"number": number, "id": told["id"], "at": told["at"]}
                _tell(self.triggerers[number % len(self.triggerers)], asked)
            elif "event" in told:
                _tell(self.workers[told["number"] % len(self.workers)], told)

    def wait(self, seconds: float) -> None:
        """Wait until all workers are through."""
        give_up = time.monotonic() + seconds
        for process in self.workers:
            process.wait(max(1.0, give_up - time.monotonic()))

    def end(self) -> None:
        for process in (*self.workers, *self.triggerers):
            process.kill()
            process.wait()
        for listener in self._listening:
            listener.join(5)
        for process in (*self.workers, *self.triggerers):
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _tell(process: subprocess.Popen[str], told: object) -> None:
    if process.stdin is not None:
        process.stdin.write(f"{json.dumps(told)}\n")
        process.stdin.flush()


def play(
    mode: Mode,
    generations: int,
    picture: Path,
    *,
    workers: int = WORKERS,
    triggerers: int = TRIGGERERS,
    speed: float = 1.0,
    limits: Mapping[str, object] = LIMITS,
    polling: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """
    Submit, wait for and land so many, and tell how it went.

    :param speed: of the sandbox's generations; its limits stay what they are.
    :param limits: switches of the sandbox.
    :param polling: extra fields of the connection.
    """
    sandbox = ("-m", "airflow_provider_rivya.sandbox", "--port", "0", "--quiet", "--credits", "1000000")
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="rivya-bench-"))
        ready = "Rivya sandbox listening on "
        url = stack.enter_context(server(*sandbox, "--speed", str(speed), ready=ready))
        _control(url, "/sandbox/assumptions", limits)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        crew = Crew({**kept, "AIRFLOW_HOME": f"{folder}/airflow", **connection(url, polling)})
        stack.callback(crew.end)
        for _ in range(triggerers):
            crew.start("triggerer")
        for first in range(workers):
            crew.start("worker", mode, folder, str(first), str(generations), str(workers))
        crew.listen()
        crew.wait(PATIENCE)
        found = _control(url, "/sandbox/requests")["requests"]
        charges = _control(url, "/sandbox/ledger?gateway=toapis")["charges"]
        return _tell_of(crew.said, found, charges, picture)


def _tell_of(
    said: Sequence[dict[str, Any]], requests: Sequence[dict[str, Any]], charges: int, picture: Path
) -> dict[str, Any]:
    """Return how it went, by what the processes have said and the sandbox has seen."""
    asked = [request for request in requests if request["path"].startswith(("/v1/images", "/v1/videos"))]
    moments = [datetime.fromisoformat(request["at"]).timestamp() for request in asked]
    begun = moments[0]
    submissions, refused, looks = Counter[int](), Counter[int](), Counter[int]()
    taken_in = begun
    for request, moment in zip(asked, moments, strict=True):
        second = int(moment - begun)
        if request["method"] != "POST":
            looks[second] += 1
            continue
        submissions[second] += 1
        if request["status"] == 429:
            refused[second] += 1
        else:
            taken_in = max(taken_in, moment)
    seconds = range(max(submissions) + 1)
    a_second = A_MINUTE / 60
    draw(
        picture,
        "Submissions a second of processes that do not know of each other",
        [
            Series("all", [submissions[second] for second in seconds]),
            Series("of them told to wait (429)", [refused[second] for second in seconds]),
        ],
        (a_second, f"the account's limit, {A_MINUTE} a minute"),
    )
    taken = sum(submissions.values()) - sum(refused.values())
    least = max(1.0, (taken - BURST) / a_second)
    later = [submissions[second] for second in seconds[SETTLED : int(taken_in - begun)]]
    return {
        "delivered": sum("delivered" in each for each in said),
        "failed": sum("failed" in each for each in said),
        "errors": [each["error"] for each in said if "failed" in each][:3],
        "charges": charges,
        "deferrals": sum("told_to_wait" in each for each in said),
        "refused": sum(refused.values()),
        "status_calls": sum(looks.values()),
        "status_calls_refused": sum(
            request["method"] == "GET" and request["status"] == 429 for request in asked
        ),
        "wall_s": round(moments[-1] - begun, 1),
        "late": round((taken_in - begun) / least, 3),
        "storm": round(max(later, default=0) / a_second, 2),
        "submissions_a_second": [submissions[second] for second in seconds],
    }


def _control(url: str, path: str, body: object | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"{url}{path}", data=data), timeout=30) as response:  # noqa: S310 - our own sandbox
        return json.load(response)

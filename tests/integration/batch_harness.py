"""
One batch, try after try, on :class:`BatchJob`: real hook, files and gateway, but no Airflow task.

Time passes where somebody waits, here and at the gateway alike, so that a minute costs nothing. A try may
die at a named moment: from then on nothing of it reaches gateway or ledger, in any of its threads.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_rivya.api import http
from airflow_provider_rivya.batch import manifest
from airflow_provider_rivya.batch.arguments import BatchArguments
from airflow_provider_rivya.batch.job import BatchJob
from airflow_provider_rivya.batch.plan import PlanFolder
from airflow_provider_rivya.batch.row_job import RowWords
from airflow_provider_rivya.batch.run import Waiting
from airflow_provider_rivya.batch.table.planned import Asked
from airflow_provider_rivya.batch.table.rows import read_rows
from airflow_provider_rivya.batch.window import Limits
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.landing.fetch import Retries
from airflow_provider_rivya.submission.context import SubmissionPolicy, TryFacts
from airflow_provider_rivya.submission.identity import Identity
from tests.integration.batch_faults import (
    CrashingClient,
    CrashingJob,
    FaultInjector,
    Killed,
    SharedClock,
    Stop,
)
from tests.integration.gateways import TestedGateway
from tests.integration.job_harness import SHORT
from tests.integration.leaks import SECRETS
from tests.sandbox_process import SandboxProcess

Row = dict[str, Any]


@dataclass(frozen=True)
class BatchOutcome:
    """
    What became of one try.

    :param summary: the XCom.
    :param error: what it raised instead; ``None`` of a try that has died, too.
    :param waiting: what a trigger would be told.
    """

    summary: dict[str, Any] | None = None
    error: GenerationError | None = field(default=None, repr=False)
    died: bool = False
    waiting: Waiting | None = None

    @property
    def text(self) -> str:
        return str(self.error)

    @property
    def xcom(self) -> dict[str, Any]:
        assert self.summary is not None, self.text
        return self.summary

    @property
    def counts(self) -> dict[str, int]:
        return {status: count for status, count in self.xcom["counts"].items() if count}


@dataclass
class BatchHarness:
    """
    One batch.

    :param rows: of the table; read where no plan stands.
    :param source: path or URI, and connection, of a table with these rows; ``None``: they are a list.
    :param asked: of each row, beside key, model, prompt and parameters.
    :param arguments: of :class:`BatchArguments`.
    """

    gateway: TestedGateway
    sandbox: SandboxProcess
    landing: Path
    rows: list[Row]
    source: tuple[str, str | None] | None = None
    limits: Limits = field(default_factory=lambda: Limits(max_running=20))
    asked: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    timeout: float = 3600.0
    retries: int = 2
    stop: Stop = field(init=False)
    clock: SharedClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = SharedClock(self.sandbox)
        self.stop = Stop(self.clock)
        self._tries, self._max_tries = 0, self.retries

    # -- what Airflow and people do ------------------------------------------------------------------

    def run(self, injector: FaultInjector | None = None, here: float | None = None) -> BatchOutcome:
        """
        Run the next try.

        :param here: seconds to wait in this process; ``None``: to its end.
        """
        self._tries += 1
        with (
            closing(self.gateway.hook(self.gateway.conn_id, stop=self.stop)) as hook,
            self._inject(injector or FaultInjector()) as injector,
        ):
            job = self._job(hook, injector)
            try:
                plan = job.plan(lambda: self._table(injector))
                ledger = job.open_ledger()
                over = job.run(plan, ledger, deadline=self.clock.time() + self.timeout, here=here)
                if isinstance(over, Waiting):
                    return BatchOutcome(waiting=over)
                return BatchOutcome(job.conclude(plan, ledger, over))
            except GenerationError as error:
                return _failed(error)
            except Killed:
                return BatchOutcome(died=True)

    def clear(self, rows: list[Row] | None = None) -> None:
        """Clear the task, as a person does; the table may be another one by then."""
        self._max_tries = self._tries + self.retries
        self.rows = self.rows if rows is None else rows

    # -- what is left of it --------------------------------------------------------------------------

    @property
    def charges(self) -> int:
        """How many generations were paid, and not refunded."""
        entries = self.sandbox.ledger(self.gateway.name)["entries"]
        kinds = [entry["kind"] for entry in entries]
        return kinds.count("charge") - kinds.count("refund")

    @property
    def posts(self) -> int:
        return sum(
            request["method"] == "POST" and request["path"] == self.gateway.create
            for request in self.sandbox.requests()
        )

    def manifest(self) -> dict[str, Row]:
        """The lines by row key; each file is that of a generation for the request of its row."""
        lines = [json.loads(line) for line in (self.results / "manifest.jsonl").read_text().splitlines()]
        prompts = {task["id"]: task["prompt"] for task in self.sandbox.tasks()}
        wanted = {str(row["sku"]): row["title"] for row in self.rows}
        for line in lines:
            for output in line["outputs"]:
                path = Path(output["uri"].removeprefix("file://"))
                made = self.sandbox.get(f"/sandbox/results/{line['generation_id']}/0", key=None).body
                assert path.read_bytes() == made
                assert hashlib.sha256(made).hexdigest() == output["sha256"]
                assert (path.stem, prompts[line["generation_id"]]) == (
                    line["row_key"],
                    wanted[line["row_key"]],
                )
        assert [line["row_key"] for line in lines] == list(wanted)
        return {line["row_key"]: line for line in lines}

    @property
    def results(self) -> Path:
        return self.landing / "_manifest" / "run"

    @property
    def succeeded(self) -> bool:
        return (self.results / "_SUCCESS").exists()

    def left_behind(self) -> list[str]:
        """Files that belong to nothing: half of an output, or of a segment."""
        return [path.name for path in self.landing.rglob(".*") if path.is_file()]

    # -- its parts -----------------------------------------------------------------------------------

    def _table(self, injector: FaultInjector) -> Iterator[Row]:
        for row in self.rows if self.source is None else read_rows(*self.source):
            injector.at("row")
            yield dict(row)

    @contextmanager
    def _inject(self, injector: FaultInjector) -> Iterator[FaultInjector]:
        write, mark = PlanFolder.write, manifest.mark_success

        def fated_write(*arguments: Any) -> Any:
            injector.at("plan")
            return write(*arguments)

        def fated_mark(*arguments: Any) -> None:
            injector.at("success")
            mark(*arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(http, "time", self.clock)  # of the turns of its calls
            patch.setattr(PlanFolder, "write", fated_write)
            patch.setattr(manifest, "mark_success", fated_mark)
            yield injector

    def _job(self, hook: Any, injector: FaultInjector) -> BatchJob:
        facts = TryFacts(
            epoch=self._max_tries,
            try_number=self._tries,
            retries_left=self._max_tries - self._tries + 1,
            first_since_clear=self._tries + self.retries == self._max_tries + 1,
            try_id=str(UUID(int=int(self.clock.time() * 1000) << 80 | 7 << 76 | 2 << 62 | self._tries)),
        )
        client: Any = CrashingClient(hook, injector)
        policy = SubmissionPolicy(
            **{
                "on_rerun_after_delivery": "reuse",
                "look_up_pauses": SHORT.look_up_pauses,
                **self.policy,
            }
        )
        words = RowWords(True, facts.retries_left, self.gateway.replays_keys, policy.resubmits)
        asked = Asked(
            **{"row_key": "sku", "model": self.gateway.model, "prompt": "{title}", **self.asked},
        )
        job = CrashingJob(
            client=client,
            identity=Identity("", "dag", "run", "make", -1),
            facts=facts,
            policy=policy,
            words=words,
            arguments=BatchArguments(
                asked,
                **{
                    "output_path": f"file://{self.landing}/",
                    "manifest_format": "jsonl",
                    "limits": self.limits,
                    **self.arguments,
                },
            ),
            stop=self.stop,
            retries=Retries(pause=0.0),
            clock=self.clock,
        )
        object.__setattr__(job, "injector", injector)
        return job


def _failed(error: GenerationError) -> BatchOutcome:
    assert not SECRETS.search(f"{error} {error!r}"), "an exception shows a secret"
    return BatchOutcome(error=error)

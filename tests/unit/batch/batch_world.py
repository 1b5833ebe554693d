"""
A batch in a model world: a gateway in memory, real files, tries that die at any step, doubles, clears.

Everything between the table and the manifest is the real thing. A *step* is whatever the world could see: a
segment or a shard that is written, a request that arrives, an answer, a look-up, a look, a file that is
fetched. A try with a fuse is dead from its n-th step on, in all of its threads; one that is held stands still
there, until it is let go.
"""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uuid6 import uuid7

from airflow_provider_rivya.batch.arguments import BatchArguments
from airflow_provider_rivya.batch.job import BatchJob
from airflow_provider_rivya.batch.plan import Plan
from airflow_provider_rivya.batch.row_job import RowWords
from airflow_provider_rivya.batch.run import Over
from airflow_provider_rivya.batch.segments import Ledger
from airflow_provider_rivya.batch.table.planned import Asked
from airflow_provider_rivya.batch.window import Limits
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.landing.fetch import Retries
from airflow_provider_rivya.submission.context import SubmissionPolicy, TryFacts
from airflow_provider_rivya.submission.identity import Identity, new_holder
from tests.unit.batch.batch_gateway import Client, Gateway
from tests.unit.batch.batch_steps import Clock, Fuse, Killed, Stop

Row = dict[str, Any]
PATIENCE = 600.0


class SteppingLedger(Ledger):
    """A ledger whose segments are steps."""

    fuse: Fuse

    def _append(self, entries: Any) -> None:
        self.fuse.step()
        super()._append(entries)
        self.fuse.step()


class Job(BatchJob):
    """A job whose writes are steps."""

    fuse: Fuse

    def plan(self, table: Any) -> Plan:
        self.fuse.step()
        plan = super().plan(table)
        self.fuse.step()
        return plan

    def open_ledger(self) -> Ledger:
        ledger = SteppingLedger(self.folders.state, self.folders.batch, new_holder(), self._clock.monotonic)
        ledger.fuse = self.fuse
        ledger.open()
        return ledger

    def conclude(self, plan: Plan, ledger: Ledger, over: Over) -> dict[str, Any]:
        self.fuse.step()
        return super().conclude(plan, ledger, over)


@dataclass
class World:
    """
    One batch task, its tries and its table.

    :param asked: of each row, beside its key and prompt.
    """

    folder: Path
    gateway: Gateway
    limits: Limits = field(default_factory=lambda: Limits(max_running=4))
    on_uncertain: Any = "resubmit"
    on_rerun: Any = "reuse"
    incremental: bool = False
    run_id: str = "run"
    rows: list[Row] = field(default_factory=list)
    asked: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    epoch: int = 2
    tries: int = 0
    clock: Clock = field(default_factory=Clock)

    def job(self, fuse: Fuse) -> Job:
        self.tries += 1
        replays_keys = self.gateway.replays_keys
        client: Any = Client(self.gateway, fuse)
        policy = SubmissionPolicy(self.on_rerun, self.on_uncertain, look_up_pauses=(1.0, 2.0))
        job = Job(
            client=client,
            identity=Identity("", "dag", self.run_id, "task", -1),
            facts=TryFacts(self.epoch, self.tries, 2, try_id=str(uuid7())),
            policy=policy,
            words=RowWords(True, 2, replays_keys, policy.resubmits),
            arguments=BatchArguments(
                Asked(
                    **{
                        "row_key": "key",
                        "model": "z-image" if replays_keys else "gpt-4o-image",
                        "prompt": "{prompt}",
                        **self.asked,
                    }
                ),
                f"{self.folder}/out/",
                limits=self.limits,
                incremental=self.incremental,
                **{"manifest_format": "jsonl", **self.arguments},
            ),
            stop=Stop(self.clock),
            retries=Retries(1),
            clock=self.clock,
        )
        object.__setattr__(job, "fuse", fuse)
        return job

    def attempt(self, fuse: Fuse | None = None) -> dict[str, Any] | BaseException:
        """Run one try; return the XCom, or what it died of."""
        job = self.job(fuse or Fuse())
        try:
            plan = job.plan(lambda: list(self.rows))
            ledger = job.open_ledger()
            over = job.run(plan, ledger, deadline=self.clock.time() + PATIENCE, here=None)
            assert isinstance(over, Over)
            return job.conclude(plan, ledger, over)
        except (Killed, GenerationError) as error:
            return error

    def double(self, step: int) -> None:
        """Run one try up to a step, another one beside it to its end, and then the rest of the first."""
        fuse = Fuse(hold=step)
        first = threading.Thread(target=lambda: suppress_all(lambda: self.attempt(fuse)))
        first.start()
        while first.is_alive() and not fuse.held.wait(0.01):
            pass
        self.clock.sleep(5.0)
        self.attempt()
        fuse.let_go.set()
        first.join(60)
        assert not first.is_alive()

    def clear(self, rows: Sequence[Row] | None = None) -> None:
        self.epoch = self.tries + 2
        self.rows = list(self.rows if rows is None else rows)

    def manifest(self) -> dict[str, Row]:
        """The lines by row key; each file is that of a generation for its row's prompt."""
        (path,) = (self.folder / "out" / "_manifest").glob(f"{self.run_id}/manifest.jsonl")
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        prompts = {row["key"]: row["prompt"] for row in self.rows}
        by_hash = {hashlib.sha256(made.content).hexdigest(): made for made in self.gateway.made}
        for line in lines:
            for output in line["outputs"]:
                stands = Path(output["uri"].removeprefix("file://")).read_bytes()
                assert hashlib.sha256(stands).hexdigest() == output["sha256"]
                assert by_hash[output["sha256"]].prompt == prompts[line["row_key"]]
                assert Path(output["uri"]).stem == line["row_key"]
        assert [line["row_key"] for line in lines] == list(prompts)
        return {line["row_key"]: line for line in lines}


def suppress_all(act: Any) -> None:
    with suppress(Exception):
        act()


def table(count: int, word: str = "a") -> list[Row]:
    return [{"key": f"r{number}", "prompt": f"{word} {number}"} for number in range(count)]


def new_folder(parent: Path) -> Path:
    folder = parent / uuid.uuid4().hex
    folder.mkdir()
    return folder

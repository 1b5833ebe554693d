"""
One batch, try after try, on :class:`BatchJob`: real hook, files and gateway, but no Airflow task.

Time passes where somebody waits, here and at the gateway alike, so that a minute costs nothing. A try may
die at a named moment: from then on nothing of it reaches gateway or ledger, in any of its threads.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID

import pytest

from airflow_provider_rivya.api import http
from airflow_provider_rivya.batch import manifest
from airflow_provider_rivya.batch.arguments import BatchArguments
from airflow_provider_rivya.batch.job import BatchJob
from airflow_provider_rivya.batch.plan import PlanFolder
from airflow_provider_rivya.batch.row_job import RowWords
from airflow_provider_rivya.batch.run import Waiting
from airflow_provider_rivya.batch.segments import Ledger
from airflow_provider_rivya.batch.table.planned import Asked
from airflow_provider_rivya.batch.table.rows import read_rows
from airflow_provider_rivya.batch.window import Limits
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.landing.fetch import Retries
from airflow_provider_rivya.stop import StopFlag
from airflow_provider_rivya.submission.context import SubmissionPolicy, TryFacts
from airflow_provider_rivya.submission.identity import Identity, new_holder
from tests.integration.gateways import TestedGateway
from tests.integration.job_harness import SHORT
from tests.integration.leaks import SECRETS
from tests.sandbox_process import SandboxProcess

Row = dict[str, Any]
Moment = Literal["row", "plan", "create", "created", "write", "look", "download", "success"]
"""A row is read, a plan is to stand, a request is to be sent, its answer has come, a segment is to be
written, a generation is to be looked at, a file is to be fetched, ``_SUCCESS`` is to be made."""

QUICKLY: Final = 0.01


class Killed(BaseException):
    """The process of this try is no more."""


class Fate:
    """
    What happens to a try: it dies, unless something else is to happen.

    :param moment: at which kind of moment; ``None``: nothing happens.
    :param number: at the how-manieth of them.
    :param instead: is called then, once.
    :param answered: they count from when so many requests were answered.
    """

    def __init__(
        self,
        moment: Moment | None = None,
        number: int = 1,
        instead: Callable[[], Any] | None = None,
        answered: int = 0,
    ) -> None:
        self._moment = moment
        self._left = number
        self._instead = instead
        self._unanswered = answered
        self._guard = threading.Lock()
        self.dead = False

    def at(self, moment: Moment) -> None:
        with self._guard:
            self._unanswered -= moment == "created"
            if moment == self._moment and self._unanswered <= 0:
                self._left -= 1
                if self._left == 0 and self._instead is not None:
                    self._instead()
                self.dead = self.dead or (self._left <= 0 and self._instead is None)
            if self.dead:
                raise Killed(moment)


class SharedClock:
    """Time that passes when somebody waits, at the gateway too."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self._sandbox = sandbox
        self._ahead = 0.0
        self._guard = threading.Lock()

    def time(self) -> float:
        return time.time() + self._ahead

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    def sleep(self, seconds: float, /) -> None:
        if seconds > QUICKLY:
            with self._guard:
                self._sandbox.advance(seconds)
                self._ahead += seconds


class Stop(StopFlag):
    """A flag whose waits take no time."""

    def __init__(self, clock: SharedClock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float, /) -> bool:
        if not self.is_set():
            self._clock.sleep(timeout)
        return self.is_set()


class MortalClient:
    """A hook that reaches the gateway as long as its try lives."""

    def __init__(self, hook: Any, fate: Fate) -> None:
        self._hook = hook
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hook, name)

    def create_generation(self, *arguments: Any, **more: Any) -> Any:
        self._fate.at("create")
        made = self._hook.create_generation(*arguments, **more)
        self._fate.at("created")
        return made

    def get_generation(self, *arguments: Any, **more: Any) -> Any:
        self._fate.at("look")
        return self._hook.get_generation(*arguments, **more)

    def downloader(self) -> Any:
        self._fate.at("download")
        return self._hook.downloader()


class MortalLedger(Ledger):
    """A ledger that is written as long as its try lives."""

    fate: Fate

    def _append(self, entries: Any) -> None:
        self.fate.at("write")
        super()._append(entries)


class MortalJob(BatchJob):
    """A job whose ledger dies with it."""

    fate: Fate

    def open_ledger(self) -> Ledger:
        ledger = MortalLedger(self.state, self.batch, new_holder(), self._clock.monotonic)
        ledger.fate = self.fate
        ledger.open()
        return ledger


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

    def run(self, fate: Fate | None = None, here: float | None = None) -> BatchOutcome:
        """
        Run the next try.

        :param here: seconds to wait in this process; ``None``: to its end.
        """
        self._tries += 1
        with (
            closing(self.gateway.hook(self.gateway.conn_id, stop=self.stop)) as hook,
            self._fated(fate or Fate()) as fated,
        ):
            job = self._job(hook, fated)
            try:
                plan = job.plan(lambda: self._table(fated))
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

    def _table(self, fate: Fate) -> Iterator[Row]:
        for row in self.rows if self.source is None else read_rows(*self.source):
            fate.at("row")
            yield dict(row)

    @contextmanager
    def _fated(self, fate: Fate) -> Iterator[Fate]:
        write, mark = PlanFolder.write, manifest.mark_success

        def fated_write(*arguments: Any) -> Any:
            fate.at("plan")
            return write(*arguments)

        def fated_mark(*arguments: Any) -> None:
            fate.at("success")
            mark(*arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(http, "time", self.clock)  # of the turns of its calls
            patch.setattr(PlanFolder, "write", fated_write)
            patch.setattr(manifest, "mark_success", fated_mark)
            yield fate

    def _job(self, hook: Any, fate: Fate) -> BatchJob:
        facts = TryFacts(
            epoch=self._max_tries,
            try_number=self._tries,
            retries_left=self._max_tries - self._tries + 1,
            first_since_clear=self._tries + self.retries == self._max_tries + 1,
            try_id=str(UUID(int=int(self.clock.time() * 1000) << 80 | 7 << 76 | 2 << 62 | self._tries)),
        )
        client: Any = MortalClient(hook, fate)
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
        job = MortalJob(
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
        object.__setattr__(job, "fate", fate)
        return job


def _failed(error: GenerationError) -> BatchOutcome:
    assert not SECRETS.search(f"{error} {error!r}"), "an exception shows a secret"
    return BatchOutcome(error=error)

"""
A batch in a model world: a gateway in memory, real files, tries that die at any step, doubles, clears.

Everything between the table and the manifest is the real thing. A *step* is whatever the world could see: a
segment or a shard that is written, a request that arrives, an answer, a look-up, a look, a file that is
fetched. A try with a fuse is dead from its n-th step on, in all of its threads; one that is held stands still
there, until it is let go.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image
from uuid6 import uuid7

from airflow_provider_rivya.api.call import FilePart
from airflow_provider_rivya.api.connection import read_connection
from airflow_provider_rivya.api.rivya import RIVYA
from airflow_provider_rivya.api.schemas import Balance, Generation, GenerationFailure, UploadedFile
from airflow_provider_rivya.api.toapis import TOAPIS
from airflow_provider_rivya.batch.arguments import BatchArguments
from airflow_provider_rivya.batch.job import BatchJob
from airflow_provider_rivya.batch.plan import Plan
from airflow_provider_rivya.batch.row_job import RowWords
from airflow_provider_rivya.batch.run import Over
from airflow_provider_rivya.batch.segments import Ledger
from airflow_provider_rivya.batch.table.planned import Asked
from airflow_provider_rivya.batch.window import Limits
from airflow_provider_rivya.exceptions import GatewayUnreachableError, GenerationError, RateLimitedError
from airflow_provider_rivya.landing.fetch import Retries
from airflow_provider_rivya.submission.context import SubmissionPolicy, TryFacts
from airflow_provider_rivya.submission.identity import Identity, new_holder

Row = dict[str, Any]
PATIENCE = 600.0


class Killed(BaseException):
    """The process of this try is no more."""


class Clock:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._guard = threading.Lock()

    def time(self) -> float:
        return time.time() + self._ahead

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    def sleep(self, seconds: float, /) -> None:
        with self._guard:
            self._ahead += max(0.0, seconds)


class Stop:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float, /) -> bool:
        self._clock.sleep(timeout)
        return False


class Fuse:
    """
    Counts the steps of one try.

    :param kill: the step at which it dies; ``hold``: the one at which it stands still.
    """

    def __init__(self, kill: int | None = None, hold: int | None = None) -> None:
        self.steps = 0
        self._kill = kill
        self._hold = hold
        self._guard = threading.Lock()
        self.held, self.let_go = threading.Event(), threading.Event()

    def step(self, *, stands: bool = True) -> None:
        """
        Come to a step.

        :param stands: a try may stand still here; not between its last look at the ledger and the paid call,
            as nothing that is stored could tell what happens there.
        """
        with self._guard:
            self.steps += 1
            number = self.steps
        if self._kill is not None and number >= self._kill:
            raise Killed
        if stands and self._hold is not None and number >= self._hold and not self.let_go.is_set():
            self.held.set()
            assert self.let_go.wait(30)


@dataclass
class Made:
    id: str
    key: str
    prompt: str
    state: str = "succeeded"
    cost: float = 1.0
    content: bytes = b""
    code: str = "server_error"


@dataclass
class Gateway:
    """
    :param replays_keys: whether it answers a repeated key with what it has made.
    :ivar losses: what happens to the next requests: ``answer`` and ``request`` are lost,
        ``later`` is told to come again.
    :ivar failures: how often a prompt fails, and is refunded, before it succeeds.
    :ivar tells: whether its answer to a request says what that costs.
    :ivar refused: prompts whose content it refuses, and refunds.
    """

    replays_keys: bool = True
    made: list[Made] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    cost: float = 1.0
    tells: bool = False
    guard: threading.Lock = field(default_factory=threading.Lock)

    def create(self, key: str, prompt: str) -> tuple[Made, str]:
        with self.guard:
            loss = self.losses.pop(0) if self.losses else ""
            if loss == "request":
                raise GatewayUnreachableError("lost", retryable=True, maybe_taken_in=True)
            if loss == "later":
                raise RateLimitedError("not now", retryable=True, retry_after=90.0)
            known = [made for made in self.made if made.key == key]
            if known and self.replays_keys:
                return known[0], loss
            made = Made(f"task_{len(self.made)}", key, prompt, cost=self.cost)
            if self.failures.get(prompt, 0) > 0:
                self.failures[prompt] -= 1
                made.state, made.cost = "failed", 0.0
            if prompt in self.refused:
                made.state, made.cost, made.code = "failed", 0.0, "content_policy_violation"
            image = Image.new("RGB", (16, 16), (len(self.made) % 256, len(self.made) // 256, 7))
            image.save(buffer := io.BytesIO(), "PNG")
            made.content = buffer.getvalue()
            self.made.append(made)
            return made, loss

    def paid(self, prompt: str) -> int:
        return sum(made.cost > 0 for made in self.made if made.prompt == prompt)


class _Stream:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.coding = ""
        self.length = len(data)

    def chunks(self) -> Iterator[bytes]:
        yield self._data


class Client:
    """A try's way to the gateway."""

    clock_skew = 0.0

    def __init__(self, gateway: Gateway, fuse: Fuse) -> None:
        self._gateway = gateway
        self._fuse = fuse
        self.api = RIVYA if gateway.replays_keys else TOAPIS
        self.conn_id = f"{self.api.name}_default"
        self.settings = read_connection(
            conn_id=self.conn_id,
            conn_type=self.api.name,
            default_host=self.api.default_host,
            host="http://127.0.0.1:1",
            schema=None,
            port=None,
            password="a-key",
            extra=None,
        )

    def create_generation(self, body: str, key: str | None = None, **_: Any) -> Generation:
        self._fuse.step(stands=False)
        made, loss = self._gateway.create(key or "", json.loads(body)["prompt"])
        self._fuse.step()
        if loss == "answer":
            raise GatewayUnreachableError("lost", retryable=True, maybe_taken_in=True)
        told = made.cost if self._gateway.tells else None
        return Generation(id=made.id, status="queued", created_at=datetime.now(UTC), credits_reserved=told)

    def get_generation(self, generation_id: str, **_: Any) -> Generation:
        self._fuse.step()
        return self._shown(next(made for made in self._gateway.made if made.id == generation_id))

    def find_generation(self, key: str, **_: Any) -> Generation | None:
        self._fuse.step()
        found = [made for made in self._gateway.made if made.key == key]
        return self._shown(found[-1]) if found else None

    @staticmethod
    def _shown(made: Made) -> Generation:
        return Generation(
            id=made.id,
            status=made.state,
            credits_final=made.cost,
            failure=GenerationFailure(code=made.code) if made.state == "failed" else None,
            urls=(f"https://cdn.example/{made.id}",) if made.state == "succeeded" else (),
        )

    def send_file(self, part: FilePart, *_: Any) -> UploadedFile:
        return UploadedFile(url=f"https://cdn.example/{part.name}")

    def downloader(self) -> Any:
        return self

    @contextmanager
    def open(self, url: str, **_: Any) -> Iterator[_Stream]:
        self._fuse.step()
        generation_id = url.rpartition("/")[2]
        yield _Stream(next(made.content for made in self._gateway.made if made.id == generation_id))

    def get_credits(self) -> Balance:
        return Balance(credits=1000)

    def refresh(self) -> None:
        """There is nothing to read."""


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
        ledger = SteppingLedger(self.state, self.batch, new_holder(), self._clock.monotonic)
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
                manifest_format="jsonl",
                limits=self.limits,
                incremental=self.incremental,
                **self.arguments,
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

"""What the sandbox remembers: accounts, keys, tasks, files and the ledger of every credit."""

from __future__ import annotations

import secrets
import string
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from airflow_provider_rivya.sandbox.assumptions.current import Assumptions
from airflow_provider_rivya.sandbox.models.pictures import Format
from airflow_provider_rivya.sandbox.state.accounts import PRESET_KEYS, ApiKey

REMEMBERED_REQUESTS = 20_000

SECONDS_OF_CATEGORY: Mapping[str, float] = {"image": 20.0, "audio": 30.0, "video": 120.0}
QUEUED_SHARE = 0.2


@dataclass(frozen=True)
class StoredFile:
    """An upload, with the bytes. ``pixels`` is width and height of a picture that can be read."""

    id: str
    account: str
    kind: str
    name: str
    mime_type: str
    content: bytes
    created: float
    pixels: tuple[int, int] | None = None
    duration_seconds: float | None = None
    duration_token: str | None = None


@dataclass(frozen=True)
class Reference:
    """A reference of a task: our own file, or only the URL of a foreign one."""

    url: str
    kind: str
    file: StoredFile | None = None


@dataclass(frozen=True)
class Failure:
    """How a task fails: ``error`` is what the status answer shows, ``refund`` one of the switch's values."""

    error: dict[str, Any] | None
    refund: str


@dataclass
class Task:
    """
    A generation. Its status follows from the time that has passed, see :meth:`status_at`.

    :param params: what its results are made from.
    :param host: the name of the gateway's hosts at which it was made.
    :param model_name: the model as the caller spelled it, where that differs from its id.
    :param pixels: width and height of its pictures, ``picture_format`` their format; ``None`` where the
        parameters decide.
    :param inline_results: whether the caller asked for the results themselves in the answer.
    :param charged_at_completion: whether its credits are taken then, and not at once.
    """

    id: str
    account: str
    model: Mapping[str, Any]
    prompt: str
    params: dict[str, Any]
    references: tuple[Reference, ...]
    credits: float
    created: float
    processing_from: float
    done_at: float
    result_token: str
    failure: Failure | None = None
    client_request_id: str | None = None
    idempotency_key: str | None = None
    gateway: str = "rivya"
    model_name: str = ""
    client_business_id: str | None = None
    host: str = ""
    pixels: tuple[int, int] | None = None
    picture_format: Format | None = None
    inline_results: bool = False
    charged_at_completion: bool = False

    def status_at(self, now: float) -> str:
        if now >= self.done_at:
            return "failed" if self.failure else "succeeded"
        return "processing" if now >= self.processing_from else "queued"

    def updated_at(self, now: float) -> float:
        """When the status last changed."""
        return max(
            t for t in (self.created, self.processing_from, self.done_at) if t <= max(now, self.created)
        )

    def final_credits(self, now: float) -> float:
        status = self.status_at(now)
        if status == "succeeded" or (status == "failed" and self.failure and self.failure.refund == "none"):
            return self.credits
        return 0


@dataclass(frozen=True)
class LedgerEntry:
    seq: int
    gateway: str
    at: str
    kind: str
    credits: float
    task_id: str
    account: str
    model: str
    idempotency_key: str | None
    client_request_id: str | None
    client_business_id: str | None


@dataclass(frozen=True)
class Booking:
    """
    What falls due when its task has ended: a ``charge``, a ``refund`` or a ``settlement`` after the work.

    :param credits: of a settlement, where more is charged; below 0 where some are returned.
    """

    kind: str
    task: Task
    credits: float | None = None

    @property
    def change(self) -> float:
        """What it does to the balance."""
        if self.credits is not None:
            return -self.credits
        return self.task.credits if self.kind == "refund" else -self.task.credits


@dataclass
class State:
    """
    Everything in memory, used from one event loop: no method awaits, so each is atomic.

    :param starting_credits: balance of every account at the start and after a reset.
    :param speed: how many times faster than 20 s an image is made.
    """

    starting_credits: float
    speed: float
    assumptions: Assumptions = field(default_factory=Assumptions)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.assumptions.reset()
        self.enabled = True
        self.clock_offset = 0.0
        self.keys = {key.key: key for key in PRESET_KEYS}
        self.balances: dict[str, float] = {}
        self.tasks: dict[str, Task] = {}
        self.tasks_by_result: dict[str, Task] = {}
        self.tasks_by_business_id: dict[tuple[str, str], list[Task]] = {}
        self.due: list[Booking] = []
        self.files: dict[str, StoredFile] = {}
        self.ledger: list[LedgerEntry] = []
        self.requests: deque[dict[str, Any]] = deque(maxlen=REMEMBERED_REQUESTS)
        self.requests_seen = 0
        self.windows: dict[str, tuple[float, int]] = {}
        self.buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self.url_secret = secrets.token_bytes(16)

    def now(self) -> float:
        """Seconds since the epoch on the sandbox's clock, which tests can move forward."""
        return time.time() + self.clock_offset

    def new_id(self, prefix: str) -> str:
        if self.assumptions.text("id_style") == "short":
            return f"{prefix}_{secrets.token_hex(6)}"
        alphabet = string.ascii_letters + string.digits + "-_."
        return f"{prefix}_{''.join(secrets.choice(alphabet) for _ in range(63))}Z"

    def find_key(self, text: str, gateway: str) -> ApiKey | None:
        """Return a key that the gateway knows, whatever its state."""
        key = self.keys.get(text)
        return key if key is not None and key.gateway == gateway else None

    def balance(self, account: str) -> float:
        """Return what the account may still spend."""
        self.settle()
        return self.balances.setdefault(account, self.starting_credits)

    def shown_balance(self, account: str) -> float:
        """Return what ``GET /api/v1/credits`` says, with or without running reservations."""
        balance = self.balance(account)
        if self.assumptions.flag("balance_excludes_reservations"):
            return balance
        now = self.now()
        running = (t for t in self.tasks.values() if t.account == account and now < t.done_at)
        return balance + sum(task.credits for task in running)

    def add_task(self, task: Task, settled: float = 0) -> None:
        """
        Take a task in and charge it, at once or, where it is to cost anything, at its completion.

        :param settled: the share of its credits that is charged once more when it is done, or returned.
        """
        self.tasks[task.id] = task
        self.tasks_by_result[task.result_token] = task
        if task.client_business_id is not None:
            self.tasks_by_business_id.setdefault((task.account, task.client_business_id), []).append(task)
        refunded = task.failure is not None and task.failure.refund != "none"
        if not task.charged_at_completion:
            self.balances[task.account] = self.balance(task.account) - task.credits
            self._book("charge", task, task.created)
            if refunded:
                self.due.append(Booking("refund", task))
            elif settled:
                self.due.append(Booking("settlement", task, settled * task.credits))
        elif not refunded:
            self.due.append(Booking("charge", task))

    def settle(self) -> None:
        """Book every charge and refund that is due by now, in the order in which they fell due."""
        now = self.now()
        ordered = sorted(self.due, key=lambda booking: (self._due_at(booking), booking.task.id))
        ready = [booking for booking in ordered if self._due_at(booking) <= now]
        self.due = ordered[len(ready) :]
        for booking in ready:
            task = booking.task
            self.balances[task.account] = (
                self.balances.get(task.account, self.starting_credits) + booking.change
            )
            self._book(booking.kind, task, self._due_at(booking), booking.credits)

    def to_come(self, account: str) -> float:
        """Return the credits of tasks that are taken in, but not charged yet."""
        return sum(b.task.credits for b in self.due if b.kind == "charge" and b.task.account == account)

    def _due_at(self, booking: Booking) -> float:
        failure = booking.task.failure
        late = booking.kind == "refund" and failure is not None and failure.refund == "later"
        wait = self.assumptions.limit("refund_delay_seconds") or 0.0
        return booking.task.done_at + (wait if late else 0.0)

    def _book(self, kind: str, task: Task, at: float, credits: float | None = None) -> None:
        self.ledger.append(
            LedgerEntry(
                seq=len(self.ledger) + 1,
                gateway=task.gateway,
                at=iso(at),
                kind=kind,
                credits=task.credits if credits is None else credits,
                task_id=task.id,
                account=task.account,
                model=str(task.model["id"]),
                idempotency_key=task.idempotency_key,
                client_request_id=task.client_request_id,
                client_business_id=task.client_business_id,
            )
        )

    def find_task(self, task_id: str, account: str) -> Task | None:
        """Return the account's task while it is still readable."""
        task = self.tasks.get(task_id)
        kept = self.assumptions.limit("task_retention_seconds")
        if task is None or task.account != account or (kept is not None and self.now() > task.created + kept):
            return None
        return task

    def file_expiry(self, file: StoredFile) -> float | None:
        kept = self.assumptions.limit("file_ttl_seconds")
        return None if kept is None else file.created + kept

    def find_file(self, file_id: str, account: str | None = None) -> StoredFile | None:
        """Return a file that is still there; with ``account``, only one of its own."""
        file = self.files.get(file_id)
        if file is None or (account is not None and file.account != account):
            return None
        expiry = self.file_expiry(file)
        return file if expiry is None or self.now() <= expiry else None

    def request_allowed(self, key: str) -> float | None:
        """
        Count one request of a key against the rate limit.

        :return: ``None`` if it may pass, else the seconds until the window ends.
        """
        limit = self.assumptions.limit("rate_limit_per_window")
        if limit is None:
            return None
        length = self.assumptions.limit("rate_limit_window_seconds") or 0.0
        now = self.now()
        began, count = self.windows.get(key, (now, 0))
        if now >= began + length:
            began, count = now, 0
        self.windows[key] = (began, count + 1)
        return None if count < limit else began + length - now

    def remember_request(self, **facts: Any) -> dict[str, Any]:
        """Log a request on its arrival; the caller puts in the status when there is one."""
        self.requests_seen += 1
        entry = {"seq": self.requests_seen, "at": iso(self.now()), **facts}
        self.requests.append(entry)
        return entry

    def known_accounts(self, gateway: str | None = None) -> Iterable[str]:
        """Return the accounts, or those that have a key of one gateway."""
        if gateway is not None:
            return sorted({key.account for key in self.keys.values() if key.gateway == gateway})
        return sorted({key.account for key in self.keys.values()} | set(self.balances))


def iso(seconds: float) -> str:
    """Return ISO 8601 in UTC with milliseconds and ``Z``, the form the contract's examples have."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"

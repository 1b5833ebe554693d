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

from airflow_provider_rivya.sandbox.assumptions import Assumptions

SCOPES = (
    "models:read",
    "generations:create",
    "generations:read",
    "files:create",
    "files:read",
    "credits:read",
    "webhooks:manage",
    "chat:create",
    "chat:read",
)
"""All documented scopes, https://rivya.ai/docs/api-authentication."""

KEY_STATES = ("active", "revoked", "expired")
REMEMBERED_REQUESTS = 20_000

SECONDS_OF_CATEGORY: Mapping[str, float] = {"image": 20.0, "audio": 30.0, "video": 120.0}
QUEUED_SHARE = 0.2


@dataclass(frozen=True)
class ApiKey:
    key: str
    account: str
    scopes: frozenset[str]
    state: str = "active"


PRESET_KEYS = (
    ApiKey("rvya_sk_sandbox", "sandbox", frozenset(SCOPES)),
    ApiKey("rvya_sk_sandbox_other", "other", frozenset(SCOPES)),
    ApiKey("rvya_sk_sandbox_revoked", "sandbox", frozenset(SCOPES), "revoked"),
    ApiKey("rvya_sk_sandbox_expired", "sandbox", frozenset(SCOPES), "expired"),
    ApiKey("rvya_sk_sandbox_noscope", "sandbox", frozenset()),
)


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

    error: dict[str, str] | None
    refund: str


@dataclass
class Task:
    """A generation. Its status follows from the time that has passed, see :meth:`status_at`."""

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
    at: str
    kind: str
    credits: float
    task_id: str
    account: str
    model: str
    idempotency_key: str | None
    client_request_id: str | None


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
        self.refundable: dict[str, Task] = {}
        self.files: dict[str, StoredFile] = {}
        self.ledger: list[LedgerEntry] = []
        self.requests: deque[dict[str, Any]] = deque(maxlen=REMEMBERED_REQUESTS)
        self.requests_seen = 0
        self.windows: dict[str, tuple[float, int]] = {}
        self.url_secret = secrets.token_bytes(16)

    def now(self) -> float:
        """Seconds since the epoch on the sandbox's clock, which tests can move forward."""
        return time.time() + self.clock_offset

    def new_id(self, prefix: str) -> str:
        if self.assumptions.text("id_style") == "short":
            return f"{prefix}_{secrets.token_hex(6)}"
        alphabet = string.ascii_letters + string.digits + "-_."
        return f"{prefix}_{''.join(secrets.choice(alphabet) for _ in range(63))}Z"

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

    def add_task(self, task: Task) -> None:
        """Take a task in and charge it."""
        self.balances[task.account] = self.balance(task.account) - task.credits
        self.tasks[task.id] = task
        self.tasks_by_result[task.result_token] = task
        if task.failure is not None and task.failure.refund != "none":
            self.refundable[task.id] = task
        self._book("charge", task, task.created)

    def settle(self) -> None:
        """Book every refund that is due by now, in the order in which they fell due."""
        now = self.now()
        due = sorted((self._refund_due(task), task.id) for task in self.refundable.values())
        for when, task_id in due:
            if when > now:
                return
            task = self.refundable.pop(task_id)
            self.balances[task.account] = (
                self.balances.get(task.account, self.starting_credits) + task.credits
            )
            self._book("refund", task, when)

    def _refund_due(self, task: Task) -> float:
        late = task.failure is not None and task.failure.refund == "later"
        return task.done_at + ((self.assumptions.limit("refund_delay_seconds") or 0.0) if late else 0.0)

    def _book(self, kind: str, task: Task, at: float) -> None:
        self.ledger.append(
            LedgerEntry(
                seq=len(self.ledger) + 1,
                at=iso(at),
                kind=kind,
                credits=task.credits,
                task_id=task.id,
                account=task.account,
                model=str(task.model["id"]),
                idempotency_key=task.idempotency_key,
                client_request_id=task.client_request_id,
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

    def known_accounts(self) -> Iterable[str]:
        return sorted({key.account for key in self.keys.values()} | set(self.balances))


def iso(seconds: float) -> str:
    """Return ISO 8601 in UTC with milliseconds and ``Z``, the form the contract's examples have."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"

"""Whose a submission is: the task instance, its try, its process; and its idempotency key. Pure."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Protocol


class SubmissionKey(Protocol):
    """Makes the idempotency keys of one submission's attempts."""

    @property
    def namespace(self) -> str:
        """``idempotency_namespace`` of the connection: tells two Airflow deployments on one account apart."""

    @property
    def row_key(self) -> str | None:
        """What a mapped task's row is known by in the place of its position; ``None``: its position."""

    def key(self, epoch: int, attempt: int, fingerprint: str) -> str: ...


@dataclass(frozen=True, slots=True)
class ChosenKey:
    """A key that a person or a program has chosen: the first attempt is sent under it as it is."""

    value: str
    namespace: str = ""
    row_key: str | None = None

    def key(self, epoch: int, attempt: int, fingerprint: str) -> str:
        return self.value if attempt == 0 else f"{self.value}-{attempt}"


@dataclass(frozen=True, slots=True)
class Identity:
    """
    Which task instance a record belongs to; stable over retries, clears and re-renders.

    :param namespace: ``idempotency_namespace`` of the connection: tells two Airflow deployments
        on one account apart.
    :param row_key: of a mapped task's row: what it is known by in the place of its position.
    :param within: what tells the instance from others of the same map index: the region and iteration of a
        loop, the item of an iterable task (Airflow 3.4 and later).
    """

    namespace: str
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    row_key: str | None = None
    within: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """sha256 (hex) of the identity and nothing else."""
        row = (str(self.map_index),) if self.row_key is None else ("row", self.row_key)
        return _digest(self.namespace, self.dag_id, self.run_id, self.task_id, *row, *self.within)

    @property
    def task(self) -> str:
        """What a person knows it by, whatever the run; apart from all others of a run."""
        mapped = f" [{self.map_index}]" if self.map_index >= 0 else ""
        return f"{self.dag_id}.{self.task_id}{mapped} {self.part}".rstrip()

    @property
    def title(self) -> str:
        """What a person knows it by."""
        mapped = f" [{self.map_index}]" if self.map_index >= 0 else ""
        return f"{self.dag_id}.{self.task_id} {self.run_id}{mapped}"

    @property
    def owner(self) -> str:
        """Who has written what stands in a folder: for people, and apart from all others."""
        return f"{self.title} {self.digest[:8]}"

    @property
    def part(self) -> str:
        """
        What tells instances apart to whom their task and map index are the same; empty where nothing does.

        A short digest, for a key in the task state store of a task instance.
        """
        row = () if self.row_key is None else ("row", self.row_key)
        return _digest(*row, *self.within)[:16] if row or self.within else ""

    def key(self, epoch: int, attempt: int, fingerprint: str) -> str:
        """
        Return the key for one attempt, 46 characters of [a-z0-9-].

        The try number is not in it: a retry must send the same key.
        """
        return f"rivya-{_digest(self.digest, str(epoch), str(attempt), fingerprint)[:40]}"


@dataclass(frozen=True, slots=True)
class RowIdentity:
    """
    Which row of a batch a record belongs to: by its key, as its position changes with the table.

    :param batch: digest of the identity of the task instance, or of the task where runs share their rows.
    """

    namespace: str
    batch: str
    row_key: str

    def key(self, epoch: int, attempt: int, fingerprint: str) -> str:
        """Return the key for one attempt, in the form of :meth:`Identity.key`."""
        return f"rivya-{_digest(self.batch, self.row_key, str(epoch), str(attempt), fingerprint)[:40]}"


def in_order(instance_id: object) -> str | None:
    """
    Return the id of a task instance's try if such ids tell which try was later, as UUIDs of version 7 do.

    Airflow gives a task instance a new one for each try; ``try_number`` is 1 again when a DAG run is deleted
    and made again, beside a record in a file.
    """
    try:
        found = uuid.UUID(str(instance_id))
    except ValueError:
        return None
    return str(found) if found.version == 7 else None


def is_later(try_id: str | None, than: str | None) -> bool:
    """Whether one try certainly came after another one."""
    return try_id is not None and than is not None and try_id > than


def new_holder() -> str:
    """Return a name for this process, which no other one has."""
    return uuid.uuid4().hex[:16]


def made_at(try_id: str | None) -> float | None:
    """Return when a try was made, seconds since the epoch, by the clock of Airflow's servers."""
    return None if try_id is None else (uuid.UUID(try_id).int >> 80) / 1000


def was_there(try_id: str | None, moment: float) -> bool:
    """Whether a try is older than a moment: the clear that made it is no answer to a question of then."""
    made = made_at(try_id)
    return made is not None and made < moment


def _digest(*parts: str) -> str:
    # Lengths keep ("a", "bc") and ("ab", "c") apart.
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()

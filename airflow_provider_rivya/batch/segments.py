"""
The ledger in object storage: numbered files, each created exclusively and never changed.

The number is the fence: of two live copies of one task the one that loses the next number has been overtaken,
and stops.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.batch.ledger import Book, Entry
from airflow_provider_rivya.exceptions import Fault, GenerationError, InvalidRequestError
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.storage.atomic_file import SmallFile
from airflow_provider_rivya.submission.keeper import FRESH
from airflow_provider_rivya.submission.record import is_signed, signed

if TYPE_CHECKING:
    from airflow_provider_rivya.storage.place import OutputPlace
    from airflow_provider_rivya.submission.record import Record

VERSION: Final = 1
_READS_AT_ONCE: Final = 8
_TAKE_OVERS: Final = 5
_NAME: Final = re.compile(r"ledger-([0-9]{8})\.jsonl")
_HEADER: Final = {"version", "batch", "number", "holder", "entries", "check"}
_WHAT: Final = "ledger of this batch"


class LedgerLostError(GenerationError):
    """Another copy of this task has gone on with the ledger."""


class UnreadableLedgerError(GenerationError):
    """
    The ledger, or another file of a batch, is there and cannot be understood.

    That is never taken for "nothing was paid".

    :param what: which one.
    """

    def __init__(self, what: str, problem: str) -> None:
        super().__init__(
            f"The {what} cannot be used: {problem}",
            advice="It records what was paid for: do not remove it before you have looked.",
            fate="Nothing is sent without it, and what was sent before is not paid again.",
            final=True,
        )


@contextmanager
def told_with(faults: list[Fault], argument: str) -> Iterator[None]:
    """
    Tell what cannot be used with whatever else is wrong with a batch.

    :param faults: those that are known; what is found is added.
    :param argument: that gives its place.
    """
    try:
        yield
    except UnreadableLedgerError as error:
        faults.append(Fault(argument, error.message, error.advice or ""))
    except InvalidRequestError as error:
        faults += error.faults


@contextmanager
def kept(what: str, doing: str) -> Iterator[None]:
    """
    Tell what keeps a file that records what is paid for from being read or written.

    :raises GenerationError: which a retry may mend; that a file exists is raised as it comes.
    """
    try:
        yield
    except (GenerationError, FileExistsError):
        raise
    except Exception as error:
        raise GenerationError(
            f"The {what} could not be {doing} ({type(error).__name__}: {clean(error)})",
            advice="Without it nothing is submitted, as that could pay twice.",
            fate="A retry goes on with what is written; what was sent is found again under its key.",
            retryable=True,
        ) from error


def read_kept(file: SmallFile, what: str) -> bytes | None:
    """Return the content of a file that records what is paid for; ``None``: there is certainly none."""
    with kept(what, "read"):
        return file.read()


class Ledger:
    """
    The book of a batch, and its segments. Thread-safe.

    :param folder: where the segments lie; shared by all workers.
    :param batch: digest of whose rows these are; that of another batch is refused.
    :param holder: this process, in the segments that it writes.
    :ivar written: segments that this process has written.
    :ivar lost: another copy has gone on with it; nothing may be sent any more.
    """

    def __init__(
        self, folder: OutputPlace, batch: str, holder: str, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.book = Book()
        self.lost = False
        self.written = 0
        self._folder = folder
        self._batch = batch
        self.holder = holder
        self._now = now
        self._next = 1
        self._confirmed_at = float("-inf")
        self._flushed_at = now()
        self._pending: list[Entry] = []
        self._fault: Exception | None = None
        self._guard = threading.RLock()  # of the book
        self._writing = threading.RLock()  # of the segments; taken before the other one

    # -- beginning ---------------------------------------------------------------------------------

    def open(self) -> None:
        """
        Read what there is, and take it over: an earlier copy that still lives stops at its next segment.

        :raises UnreadableLedgerError: it is of another batch, of a newer release, or damaged.
        """
        for attempt in range(_TAKE_OVERS, 0, -1):
            self.read()
            try:
                self._append([])
                return
            except LedgerLostError:
                if attempt == 1:
                    raise
                self.lost = False  # somebody has written between the reading and the writing: read that too

    def read(self) -> None:
        """Read the segments that are new since the last time."""
        listed = self._listed()
        wanted = range(self._next, max(listed, default=0) + 1)
        gap = next((number for number in wanted if number not in listed), None)
        if gap is not None:
            self._entries(gap, self._content(gap))
        with ThreadPoolExecutor(_READS_AT_ONCE, thread_name_prefix="rivya-ledger") as pool:
            for first in range(0, len(wanted), _READS_AT_ONCE):  # no more than these in memory
                block = wanted[first : first + _READS_AT_ONCE]
                for number, content in zip(block, pool.map(self._content, block), strict=True):
                    for entry in self._entries(number, content):
                        self.book.add(entry, listed.get(number, -math.inf))
                    self._next = number + 1

    def glance(self) -> None:
        """
        Look at the newest segment alone.

        :raises UnreadableLedgerError: see :meth:`open`.
        """
        if last := max(self._listed(), default=0):
            self._entries(last, self._content(last))

    def _listed(self) -> dict[int, float]:
        """Return the numbers of the segments, and when each was written."""
        segments = {
            int(found[1]): file.changed_at
            for name, file in self._folder.listed().items()
            if (found := _NAME.fullmatch(name))
        }
        return {number: -math.inf if at is None else at for number, at in segments.items()}

    def _content(self, number: int) -> bytes | None:
        return read_kept(self._file(number), _WHAT)

    def _entries(self, number: int, content: bytes | None) -> list[Entry]:
        uri = self._file(number).uri
        if content is None:
            raise UnreadableLedgerError(_WHAT, f"{uri} is missing")
        try:
            header, *lines = [json.loads(line) for line in content.splitlines()]
            if header.get("version") != VERSION:
                told = clean(header.get("version"), 80)
                problem = f"has version {told}; this release reads version {VERSION}"
            elif header.get("batch") != self._batch:
                problem = "is the ledger of another batch"
            elif not _is_whole(header, number, content):
                problem = "is damaged, or was changed by hand"
            else:
                return list(map(Entry.from_json, lines))
        except (ValueError, AttributeError, RecursionError) as error:
            problem = f"is damaged ({clean(error, 200)})"
        raise UnreadableLedgerError(_WHAT, f"{uri} {problem}")

    # -- going on ----------------------------------------------------------------------------------

    def note(self, entry: Entry) -> None:
        """Take in what has become of a row; it is written with the next segment."""
        with self._guard:
            self.book.add(entry)
            self._pending.append(entry)

    def commit(self, entries: Sequence[Entry]) -> None:
        """
        Write entries, and what is noted, before anything else happens.

        :raises LedgerLostError: another copy was first.
        """
        with self._writing:
            self._append(entries)
            with self._guard:
                for entry in entries:
                    self.book.add(entry)

    def flush(self, *, at_least: int = 1, seconds: float = 0.0) -> None:
        """
        Write what is noted, if that is enough of it or long enough ago.

        :raises LedgerLostError: another copy was first.
        """
        with self._writing:
            with self._guard:
                count = len(self._pending)
            if count >= at_least or (count and self._now() - self._flushed_at >= seconds > 0):
                self._append([])

    def confirm(self) -> None:
        """
        Make sure that no other copy has gone on with the ledger, as of a second ago at the most.

        :raises LedgerLostError: one has.
        """
        with self._writing:
            if self.lost:
                raise self._lost()
            if self._now() - self._confirmed_at < FRESH:
                return
            moment = self._now()
            if self._content(self._next) is not None and not self._mine(self._next):
                self.lost = True
                raise self._lost()
            self._confirmed_at = moment

    def record(self, row: str) -> Record | None:
        """Return the record of a row as this process knows it."""
        with self._guard:
            return self.book.record(row)

    def spent(self, epoch: int) -> float:
        with self._guard:
            return self.book.spent(epoch)

    @property
    def usable(self) -> bool:
        return not self.lost and self._fault is None

    def check(self) -> None:
        """
        Make sure that the ledger is still this copy's, and could be written, as far as this copy knows.

        :raises GenerationError: it is not, or could not.
        """
        if self.lost:
            raise self._lost()
        if self._fault is not None:
            raise GenerationError(
                f"The ledger of the batch could not be written ({type(self._fault).__name__}: "
                f"{clean(self._fault)})",
                advice="Without it nothing is submitted, as a crash would then pay twice.",
                fate="A retry goes on with what is written; what was sent is found again under its key.",
                retryable=True,
            ) from self._fault

    # -- its parts ---------------------------------------------------------------------------------

    def _append(self, entries: Iterable[Entry]) -> None:
        with self._writing:
            if self.lost:
                raise self._lost()
            with self._guard:
                pending = list(self._pending)
            lines = (json.dumps(entry.to_json()) + "\n" for entry in (*pending, *entries))
            content = "".join(lines).encode()
            moment = self._now()
            while True:
                try:
                    self._file(self._next).create(self._header(content) + content)
                    break
                except FileExistsError:
                    if not self._mine(self._next):
                        self.lost = True
                        raise self._lost() from None
                    self._next += 1  # a write of before has arrived although its answer was lost
                except Exception as error:
                    self._fault = error
                    self.check()
            self._next += 1
            self.written += 1
            self._confirmed_at = self._flushed_at = moment
            with self._guard:
                del self._pending[: len(pending)]

    def _header(self, content: bytes) -> bytes:
        told = {"version": VERSION, "batch": self._batch, "number": self._next, "holder": self.holder}
        return json.dumps(signed({**told, "entries": _digest(content)})).encode() + b"\n"

    def _mine(self, number: int) -> bool:
        try:
            header = json.loads((self._content(number) or b"").partition(b"\n")[0])
            return bool(header.get("holder") == self.holder)
        except (ValueError, AttributeError, RecursionError):
            return False

    def _file(self, number: int) -> SmallFile:
        return SmallFile(self._folder, f"ledger-{number:08}.jsonl")

    @staticmethod
    def _lost() -> LedgerLostError:
        return LedgerLostError(
            "Another copy of this task has gone on with the batch",
            advice="Airflow may have taken this one for dead: the other one goes on.",
            fate="This one sends nothing any more. What it has submitted is in the ledger, or is found again "
            "under its keys; nothing is paid twice.",
            retryable=True,
        )


def _is_whole(header: dict[str, Any], number: int, content: bytes) -> bool:
    """Whether a segment is what was written as this one; those of 0.9.0 do not tell."""
    if not header.keys() & {"number", "entries", "check"}:
        return header.keys() <= _HEADER
    entries = content.partition(b"\n")[2]
    told = (header.get("number"), header.get("entries"))
    return header.keys() == _HEADER and is_signed(header) and told == (number, _digest(entries))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]

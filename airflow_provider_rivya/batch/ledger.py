"""What is known of each row of a batch: folded from the entries of its ledger, one after the other. Pure."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from airflow_provider_rivya.submission.record import Record, is_count, is_number, is_text

Status = Literal[
    "succeeded",  # landed by this run
    "failed",  # at the gateway
    "refused",  # its content, or its request, by the gateway
    "invalid",  # before anything was sent
    "not_landed",  # it is paid for and its files are not where they belong; a retry fetches them
    "uncertain",  # it was sent, and nobody knows whether it was taken in
    "reused",  # landed earlier, and not made again
    "not_submitted",  # nothing of it was sent
]
STATUSES: Final[tuple[Status, ...]] = (
    "succeeded",
    "failed",
    "refused",
    "invalid",
    "not_landed",
    "uncertain",
    "reused",
    "not_submitted",
)
LANDED: Final = ("succeeded", "reused")

EPOCHS: Final = 10_000
"""How many clears of one run are told apart; above that an epoch says which run it is of."""
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class RowError:
    """
    Why a row has no result.

    :param kind: a word for programs, as in the XCom ``failure`` of a generate task.
    :param epoch: in which it was seen: a clear asks again.
    :param final: another attempt of this epoch would end the same way.
    """

    status: Status
    kind: str
    text: str
    epoch: int
    final: bool = True

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("status", "kind", "text", "epoch", "final")}

    @property
    def is_sound(self) -> bool:
        known = self.status in STATUSES and isinstance(self.final, bool)
        return known and is_text(self.kind) and is_text(self.text) and is_count(self.epoch)


@dataclass(frozen=True, slots=True)
class RowResult:
    """
    What was landed of a row.

    :param epoch: in which.
    :param document: the :class:`~airflow_provider_rivya.result.GenerationResult` without its URLs, as JSON
        text: ten thousand of them are kept in memory.
    """

    epoch: int
    document: str

    def read(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.document)
        return document

    @property
    def is_sound(self) -> bool:
        document = json.loads(self.document)
        cost = document.get("credits_final")
        return is_count(self.epoch) and (cost is None or is_number(cost))


@dataclass(slots=True)
class RowState:
    """
    One row.

    :param record: of its submission.
    :param price: what its generation was expected to cost.
    :param begun: generations that were begun in the record's epoch.
    :param result: what was stored of it last.
    :param references: sha256 of the reference files, where somebody wants to know.
    :param stored_at: when it was recorded that the result is stored, by the clock of the ledger's store; its
        files were not changed after that.
    :param run: that the record was begun in; see :data:`EPOCHS`.
    :param cost: of the record, in millionths of a credit.
    """

    record: Record | None = None
    price: float | None = None
    result: RowResult | None = None
    error: RowError | None = None
    begun: int = 0
    references: list[str] | None = None
    stored_at: float = field(default=math.inf, compare=False)
    run: int = 0
    cost: int = 0

    @property
    def stored(self) -> RowResult | None:
        """What is stored of it; ``None``: nothing, or nothing that stands there any more."""
        return None if self.error is not None and self.error.status == "not_landed" else self.result


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One line of the ledger: what is new about a row.

    :param price: of the record's generation, as it was planned.
    """

    row: str
    record: Record | None = None
    price: float | None = None
    result: RowResult | None = None
    error: RowError | None = None
    references: list[str] | None = None

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {"row": self.row}
        if self.references is not None:
            document["references"] = self.references
        if self.record is not None:
            document["record"] = self.record.to_json()
        if self.price is not None:
            document["price"] = self.price
        if self.result is not None:
            document["result"] = {"epoch": self.result.epoch, "document": self.result.document}
        if self.error is not None:
            document["error"] = self.error.to_json()
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Entry:
        """:raises ValueError: it is none."""
        try:
            record, result, error = (document.get(name) for name in ("record", "result", "error"))
            entry = cls(
                row=document["row"],
                record=None if record is None else Record.from_json(record),
                price=document.get("price"),
                result=None if result is None else RowResult(**result),
                error=None if error is None else RowError(**error),
                references=document.get("references"),
            )
            if not (document.keys() <= _FIELDS and entry.is_sound):
                raise ValueError("an entry of the ledger has fields of another type")
            return entry
        except (KeyError, TypeError, AttributeError) as problem:
            raise ValueError(f"an entry of the ledger is not readable ({problem})") from None

    @property
    def is_sound(self) -> bool:
        """Whether what was read has the types that it should have."""
        references: Any = [] if self.references is None else self.references
        return (
            is_text(self.row)
            and (self.price is None or is_number(self.price))
            and isinstance(references, list)
            and all(map(is_text, references))
            and (self.result is None or self.result.is_sound)
            and (self.error is None or self.error.is_sound)
        )


_FIELDS: Final = {"row", "record", "price", "result", "error", "references"}


@dataclass(slots=True)
class Book:
    """The rows of a batch, and what they have cost."""

    rows: dict[str, RowState] = field(default_factory=dict)
    _spent: Counter[int] = field(default_factory=Counter)  # by run

    def add(self, entry: Entry, at: float = math.inf) -> None:
        """
        Take in what is new about a row.

        :param at: when it was written, by the store's clock; not told of what this process has just learnt.
        """
        state = self.rows.setdefault(entry.row, RowState())
        if entry.references is not None:
            state.references = entry.references
        if entry.record is not None:
            self._record(state, entry.record, entry.price)
        if entry.result is not None:
            state.result, state.error, state.stored_at = entry.result, None, at
            self._cost(state, entry.result.read().get("credits_final"))
        if entry.error is not None:
            state.error = entry.error

    def record(self, row: str) -> Record | None:
        state = self.rows.get(row)
        return state.record if state else None

    def spent(self, epoch: int) -> float:
        """
        Return what was, or may have been, paid in the run that an epoch is of.

        :param epoch: of any of its clears.
        """
        return self._spent[epoch // EPOCHS] / _MILLION

    def pending(self) -> Iterator[str]:
        """Yield the rows that may be running at the gateway."""
        return (row for row, state in self.rows.items() if state.record is not None and state.record.pending)

    def _record(self, state: RowState, record: Record, price: float | None) -> None:
        before = state.record
        if before is None or before.key != record.key:
            same_epoch = before is not None and before.epoch == record.epoch
            state.begun = state.begun + 1 if same_epoch else 1
            state.result = state.error = None
            state.price = price
            # What is known to have been paid stays with the run that paid it, whoever goes on with it.
            state.run, state.cost = record.epoch // EPOCHS, 0
        elif record.unanswered and not before.unanswered:
            state.error = None
        state.record = record
        self._cost(state)

    def _cost(self, state: RowState, final: float | None = None) -> None:
        if (record := state.record) is not None:
            cost = cost_of(record, state.price) if final is None else final
            self._spent[state.run] += (exact := round(cost * _MILLION)) - state.cost
            state.cost = exact


def cost_of(record: Record, price: float | None) -> float:
    """
    Return what a generation has cost, or may have.

    :param price: what it was expected to cost, where the gateway has not told.
    """
    if record.cost_nothing:
        return 0.0
    return record.credits if record.credits is not None else price or 0.0

"""
The plan of a batch: every row checked, priced and written down before anything is paid.

Its rows lie in shards that are never changed; ``plan.json``, created last and exclusively, says which those
are. Who finds it reads the plan, and never the table.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from airflow_provider_rivya.batch.segments import UnreadableLedgerError, kept, read_kept
from airflow_provider_rivya.batch.table.planned import Asked, PlannedRow, RowFault
from airflow_provider_rivya.batch.table.request import RowMaker
from airflow_provider_rivya.batch.table.sums import Sums
from airflow_provider_rivya.credits import in_credits
from airflow_provider_rivya.exceptions import TOLD, Fault, GenerationError, InvalidRequestError, told
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.request.prepare import prepare_request
from airflow_provider_rivya.storage.atomic_file import SmallFile
from airflow_provider_rivya.submission.record import SIGNATURE, is_signed, signed

if TYPE_CHECKING:
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.stop import Stop
    from airflow_provider_rivya.storage.place import OutputPlace

log = logging.getLogger(__name__)

VERSION: Final = 1
OPENED_AT_ONCE: Final = 8
_WHAT: Final = "plan of this batch"
SHARD: Final = 1_000
"""Rows of one shard."""

OnInvalid = Literal["fail", "skip"]
Table: TypeAlias = "Callable[[], Iterable[Mapping[str, Any]]]"
"""Opens a table."""


@dataclass(frozen=True, slots=True)
class Plan:
    """
    A plan that stands.

    :param batch: digest of whose rows these are.
    :param rows: how many, those that are left out among them.
    :param invalid: rows that are left out.
    :param credits: the documented price of all rows; ``None``: that of some is not known.
    :param exact: whether that price depends on nothing else.
    :param shards: names and sha256 of their files, in order.
    :param title: what a person knows the batch by.
    :param made_at: seconds since the epoch.
    """

    batch: str
    rows: int
    invalid: int
    credits: float | None
    exact: bool
    shards: tuple[tuple[str, str], ...]
    title: str = ""
    made_at: float = 0.0
    version: int = VERSION

    @property
    def valid(self) -> int:
        return self.rows - self.invalid

    def summary(self, max_running: int, least_seconds: float) -> str:
        """Say what the plan comes to."""
        price = "an undocumented price for some rows" if self.credits is None else in_credits(self.credits)
        kind = "" if self.exact or self.credits is None else " (an estimate)"
        left_out = f", {self.invalid} of them invalid and left out" if self.invalid else ""
        return (
            f"{self.rows} row(s){left_out}; {price}{kind} for all; at least "
            f"{least_seconds:.0f} s with {max_running} at once."
        )


class PlanFolder:
    """
    Where a plan is written and read.

    :param folder: of one plan.
    :param batch: digest of whose rows these are; ``None``: whosever they are.
    """

    def __init__(self, folder: OutputPlace, batch: str | None) -> None:
        self.folder = folder
        self._batch = batch

    def read(self) -> Plan | None:
        """
        Return the plan that stands, if one does.

        :raises UnreadableLedgerError: it is of another batch, of a newer release, or damaged.
        """
        content = read_kept(SmallFile(self.folder, "plan.json"), _WHAT)
        if content is None:
            return None
        try:
            document = json.loads(content)
            if document.get("version") != VERSION:
                told = clean(document.get("version"), 80)
                problem = f"has version {told}; this release reads version {VERSION}"
            elif self._batch not in (None, document.get("batch")):
                problem = "is the plan of another batch"
            elif SIGNATURE in document and not is_signed(document):  # those of 0.9.0 are not
                problem = "is damaged, or was changed by hand"
            else:
                document.pop(SIGNATURE, None)
                return Plan(**{**document, "shards": tuple(map(tuple, document["shards"]))})
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            problem = "is damaged"
        raise UnreadableLedgerError(_WHAT, f"{self.folder.uri_of('plan.json')} {problem}")

    def rows(self, plan: Plan) -> Iterator[PlannedRow]:
        """Yield the planned rows in order, a shard at a time."""
        for name, digest in plan.shards:
            content = read_kept(SmallFile(self.folder, name), _WHAT)
            if content is None or hashlib.sha256(content).hexdigest() != digest:
                problem = "is missing" if content is None else "is not as it was written"
                raise UnreadableLedgerError(_WHAT, f"{self.folder.uri_of(name)} {problem}")
            for line in content.splitlines():
                yield PlannedRow(**json.loads(line))

    def write(self, draft: Draft) -> Plan:
        """
        Let a plan stand; if another copy's stands already, that one rules.

        :raises UnreadableLedgerError: see :meth:`read`.
        """
        try:
            content = json.dumps(signed(asdict(draft.plan)), indent=1).encode()
            with kept(_WHAT, "written"):
                SmallFile(self.folder, "plan.json").create(content)
        except FileExistsError:
            there = self.read()
            if there is not None:
                return there
            problem = f"{self.folder.uri_of('plan.json')} was there, and is gone"
            raise UnreadableLedgerError(_WHAT, problem) from None
        return draft.plan

    def shard(self, number: int, rows: Sequence[PlannedRow]) -> tuple[str, str]:
        """Write one shard; its name says what is in it, so that two copies never mix theirs."""
        lines = (json.dumps(_slim(row), ensure_ascii=False) + "\n" for row in rows)
        content = "".join(lines).encode()
        digest = hashlib.sha256(content).hexdigest()
        name = f"rows-{number:05}-{digest[:12]}.jsonl"
        with kept(_WHAT, "written"):
            SmallFile(self.folder, name).replace(content)
        return name, digest

    def drop(self, shards: Iterable[tuple[str, str]]) -> None:
        """Remove the shards of a plan that does not come to stand."""
        for name, _ in shards:
            SmallFile(self.folder, name).remove()


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A plan that is checked.

    :param faults: of rows that are left out.
    :param warnings: what the documentation leaves open, and for how many rows.
    """

    plan: Plan
    faults: Sequence[RowFault]
    warnings: Mapping[str, int]


class FaultyPlanError(InvalidRequestError):
    """
    The table, or what is asked for its rows, is wrong: nothing was sent.

    :ivar table_faults: those of no row; ``row_faults``: every fault of every row.
    """

    def __init__(self, faults: Sequence[Fault], row_faults: Sequence[RowFault], subject: str) -> None:
        self.table_faults, self.row_faults = tuple(faults), tuple(row_faults)
        same: dict[Fault | int, list[RowFault]] = {}
        for number, fault in enumerate(row_faults):  # what comes from no column, many rows have alike
            same.setdefault(number if fault.column else fault.fault, []).append(fault)
        shown = [*faults, *(_as_fault(each[0], len(each) - 1) for each in islice(same.values(), TOLD))]
        super().__init__(shown, subject=subject, more=max(0, len(same) - TOLD))


def check_plan(
    table: Table,
    asked: Asked,
    folder: PlanFolder,
    *,
    gateway: str,
    batch: str,
    max_credits_total: float | None = None,
    on_invalid: OnInvalid = "fail",
    faults: Sequence[Fault] = (),
    own_key: str = "",
    subject: str = "The batch",
    title: str = "",
    opener: GatewayClient | None = None,
    stop: Stop | None = None,
) -> Draft:
    """
    Check all rows, and write them down; the plan does not stand before :meth:`PlanFolder.write`.

    :param faults: what is known to be wrong already.
    :param own_key: of the connection: it must stand nowhere in a row.
    :param opener: opens the reference files of all rows; without one they are opened when their row comes.
    :param stop: set when the task is asked to stop: then no further row is looked at.
    :raises FaultyPlanError: with every fault of templates, table and rows.
    """
    warnings: Counter[str] = Counter()
    maker = RowMaker(asked, gateway, lambda text: warnings.update((text,)), own_key)
    found, wrong, shards = [*faults, *maker.faults], list[RowFault](), list[tuple[str, str]]()
    block: list[PlannedRow] = []
    sums = Sums(gateway, max_credits_total, asked.budget.allow_estimates)
    count = invalid = 0
    try:
        for row in table():
            _go_on(stop)
            made = maker.make(count, row)
            if isinstance(made, list):
                wrong += made
                invalid += 1
                why, carry = "; ".join(told(fault.of_row() for fault in made)), maker.carried(row)
                made = PlannedRow(count, made[0].row_key or "", "", carry=carry, invalid=why)
            else:
                sums.add(made)
            block.append(made)
            count += 1
            if len(block) >= SHARD:
                shards.append(folder.shard(len(shards), block))
                block = []
    except InvalidRequestError as error:  # the table itself
        found += error.faults
    found += maker.unknown() if count else []
    if not count and not found:
        found.append(Fault("rows", "the table has no rows", "at least one row"))
    found += sums.faults(asked.model)
    # A row that cannot be named cannot be left out either.
    refused = on_invalid == "fail" or invalid == count or any(w.fault.path == "row_key" for w in wrong)
    if found or (wrong and refused):
        folder.drop(shards)
        # What follows from a column that is not there is no fault of the rows.
        wrong = [fault for fault in wrong if fault.column is None or maker.has(fault.column)]
        raise FaultyPlanError(found, wrong, subject)
    if block:
        shards.append(folder.shard(len(shards), block))
    plan = Plan(batch, count, invalid, sums.credits, sums.exact, tuple(shards), title, time.time())
    if opener is not None and (wrong := wrong_references(folder.rows(plan), asked, opener, stop)):
        folder.drop(shards)
        raise FaultyPlanError(found, wrong, subject)
    return Draft(plan, wrong, warnings)


def wrong_references(
    rows: Iterable[PlannedRow], asked: Asked, client: GatewayClient, stop: Stop | None = None
) -> list[RowFault]:
    """
    Return what is wrong with the rows' files.

    :param client: fetches those that are URLs, under its connection's rules.
    """

    def check(row: PlannedRow) -> list[RowFault]:
        _go_on(stop)
        try:
            with TemporaryDirectory(prefix="rivya-references-") as folder:
                prepare_request(row.arguments(asked), client, folder, stop=stop)
        except InvalidRequestError as error:
            return [RowFault(row.index, row.key, fault) for fault in error.faults]
        return []

    looked_at = (row for row in rows if row.references is not None and row.invalid is None)
    found: list[RowFault] = []
    with ThreadPoolExecutor(OPENED_AT_ONCE, thread_name_prefix="rivya-references") as pool:
        while block := list(islice(looked_at, SHARD)):  # a pool takes all that it is given at once
            found += chain.from_iterable(pool.map(check, block))
    return found


def _go_on(stop: Stop | None) -> None:
    """:raises GenerationError: the task was asked to stop."""
    if stop is not None and stop.is_set():
        raise GenerationError(
            "The task was asked to stop while its rows were checked",
            fate="Nothing was submitted and nothing was charged; a retry checks them again.",
            retryable=True,
        )


def _slim(row: PlannedRow) -> dict[str, Any]:
    document = {name: getattr(row, name) for name in PlannedRow.__slots__}
    return {name: value for name, value in document.items() if value is not None and value != {}}


def _as_fault(fault: RowFault, more: int) -> Fault:
    """:param more: rows that have it too."""
    text, _, _ = str(fault).partition(f": {fault.fault}")
    return replace(fault.fault, path=f"{text}{f' and {more} more' if more else ''}: {fault.fault.path}")

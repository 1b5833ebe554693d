"""``rivya batch status`` and ``failed``: what plan and ledger say, or a manifest; no gateway is asked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.batch.files.folders import owner_of
from airflow_provider_rivya.batch.ledger import LANDED, STATUSES
from airflow_provider_rivya.batch.manifest import Totals, line_of, status_of
from airflow_provider_rivya.batch.plan import Plan, PlanFolder
from airflow_provider_rivya.batch.segments import Ledger
from airflow_provider_rivya.batch.table.planned import PlannedRow
from airflow_provider_rivya.batch.table.rows import read_rows
from airflow_provider_rivya.cli.batch.arguments import folder_of, from_here
from airflow_provider_rivya.credits import plain
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.storage.place import OutputPlace

if TYPE_CHECKING:
    from argparse import Namespace

    from rich.console import RenderableType

    from airflow_provider_rivya.cli.output import Output

_MANIFESTS: Final = ("manifest.parquet", "manifest.jsonl")
_TOLD: Final = ("row_key", "status", "error_kind", "error", "generation_id", "attempts", "credits_final")
_HEADS: Final = {"not_landed": "running or not stored"}


@dataclass(frozen=True, slots=True)
class Seen:
    """
    A batch, wherever it was found.

    :param title: what a person knows it by.
    :param lines: as those of its manifest.
    :param totals: of them.
    :param where: its manifest, or its ledger while there is none.
    """

    title: str
    lines: list[dict[str, Any]]
    totals: Totals
    where: str


def status(arguments: Namespace, output: Output) -> int:
    """``rivya batch status``."""
    seen = list(_batches(arguments.uri))
    document = [
        {
            "batch": batch.title,
            "rows": batch.totals.rows,
            "counts": batch.totals.by_status(),
            "credits": batch.totals.credits(),
            "in": batch.where,
        }
        for batch in seen
    ]
    output.result(document, _table(seen), *(f"{clean(batch.title, 120)}: {batch.where}" for batch in seen))
    return 0


def failed(arguments: Namespace, output: Output) -> int:
    """``rivya batch failed``."""
    seen = list(_batches(arguments.uri))
    lines = [
        {"batch": batch.title, **{name: line.get(name) for name in _TOLD}}
        for batch in seen
        for line in batch.lines
        if line["status"] not in (*LANDED, "not_submitted")
    ]
    output.result(lines, *(_reason(line) for line in lines))
    if not lines:
        left = sum(batch.totals.counts["not_submitted"] for batch in seen)
        output.say(f"No row has failed{f'; {left} were not sent' if left else ''}.")
    return 0


def _reason(line: Mapping[str, Any]) -> str:
    text = str(line["error"] or "").partition("\n")[0]
    known = f" ({line['generation_id']})" if line["generation_id"] else ""
    return f"{line['row_key']}: {str(line['status']).replace('_', ' ')}{known}. {text}"


def _table(seen: Iterable[Seen]) -> RenderableType:
    from rich.table import Table

    seen = list(seen)
    there = [status for status in STATUSES if any(batch.totals.counts[status] for batch in seen)]
    heads = (_HEADS.get(status, status.replace("_", " ")) for status in there)
    table = Table("Batch", "Rows", *heads, "Credits")
    for batch in seen:
        counts = (str(batch.totals.counts[status]) for status in there)
        credits = batch.totals.final or batch.totals.reserved
        told = "not known" if credits is None else plain(credits)
        table.add_row(clean(batch.title, 120), str(batch.totals.rows), *counts, told)
    return table


# -- where batches are ---------------------------------------------------------------------------------


def _batches(uri: str) -> Iterator[Seen]:
    """
    Yield the batches that a place tells of.

    :raises InvalidRequestError: it tells of none.
    """
    if uri.endswith(_MANIFESTS):
        yield _of_manifest(from_here(uri))
        return
    place = OutputPlace(folder_of(uri))
    if faults := place.faults():
        raise InvalidRequestError(
            [Fault("uri", fault.problem, fault.allowed) for fault in faults], subject="The place", fate=""
        )
    place.prepare()
    names = [] if os.path.isfile(from_here(uri)) else place.names()
    for name in _MANIFESTS:
        if name in names:
            yield _of_manifest(place.uri_of(name), place.conn_id)
            return
    found = False
    for state in _states(place, names):
        if (seen := _of_state(state)) is not None:
            found = True
            yield seen
    for folder in () if found else _results(place, names):
        for name in set(_MANIFESTS).intersection(folder.names()):
            found = True
            yield _of_manifest(folder.uri_of(name), place.conn_id)
    if not found:
        problem = f"{place.uri} has neither a manifest nor the plan of a batch"
        allowed = "the folder of the outputs, that of a state_path, or a manifest"
        raise InvalidRequestError([Fault("uri", problem, allowed)], subject="The place", fate="")


def _states(place: OutputPlace, names: Iterable[str]) -> Iterator[OutputPlace]:
    """Yield the folders of ledgers and plans."""
    if any(name.startswith("plan-") for name in names):
        yield place
        return
    here = [name for name in names if name.startswith("batch-")]
    if here:
        yield from (place.folder(name) for name in here)
    elif ".rivya" in names:
        beside = place.folder(".rivya")
        yield from (beside.folder(name) for name in beside.names() if name.startswith("batch-"))


def _results(place: OutputPlace, names: Iterable[str]) -> Iterator[OutputPlace]:
    """Yield the folders of the runs' manifests, where plans and ledgers lie in a state_path."""
    if "_manifest" in names:
        for folder in map(place.folder("_manifest").folder, place.folder("_manifest").names()):
            yield folder
            yield from (folder.folder(name) for name in folder.names() if name.isdigit())


def _of_state(state: OutputPlace) -> Seen | None:
    """Read the latest plan, and the ledger, as they are now; whoever works on them is not disturbed."""
    standing: list[tuple[float, int, Plan, PlanFolder]] = []
    for name in state.names():
        digits = name.removeprefix("plan-")
        if digits == name or not digits.isdecimal():
            continue
        plans = PlanFolder(state.folder(name), None)
        if (plan := plans.read()) is not None:  # it has come to stand
            standing.append((plan.made_at, int(digits), plan, plans))
    if not standing:
        return None
    # Where runs share their rows, the epochs of a later one may be lower.
    _, epoch, plan, plans = max(standing, key=itemgetter(0, 1))
    ledger = Ledger(state, plan.batch, "")
    ledger.read()
    totals, lines = Totals(), list[dict[str, Any]]()
    for row in plans.rows(plan):
        known = ledger.book.rows.get(row.key)
        line = line_of(row, known, status_of(row, known, epoch))
        totals.add(row, line)
        lines.append(line)
    return Seen(plan.title or plan.batch[:16], lines, totals, state.uri)


def _of_manifest(uri: str, conn_id: str | None = None) -> Seen:
    totals, lines = Totals(), list[dict[str, Any]]()
    owner_of(OutputPlace(f"{uri.rpartition('/')[0]}/", conn_id))
    for line in read_rows(uri, conn_id):
        if not {"row_key", "index", "status", "error"} <= set(line) or line["status"] not in STATUSES:
            fault = Fault("uri", f"{clean(uri, 200)} is not the manifest of a batch")
            raise InvalidRequestError([fault], subject="The place", fate="")
        known = {"credits_reserved": None, "credits_final": None, **line}
        totals.add(PlannedRow(line["index"], line["row_key"], ""), known)
        lines.append(known)
    return Seen(uri.rstrip("/").split("/")[-2], lines, totals, uri)

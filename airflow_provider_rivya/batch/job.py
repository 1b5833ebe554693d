"""A batch from its table to its manifest: plan, run, conclude. No Airflow in here."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.batch import manifest, verdict
from airflow_provider_rivya.batch.arguments import BatchArguments
from airflow_provider_rivya.batch.gate import GatedClient
from airflow_provider_rivya.batch.ledger import EPOCHS, Book
from airflow_provider_rivya.batch.plan import (
    Draft,
    FaultyPlanError,
    Plan,
    PlanFolder,
    Table,
    check_plan,
)
from airflow_provider_rivya.batch.progress import Report
from airflow_provider_rivya.batch.row_job import BatchContext
from airflow_provider_rivya.batch.run import BatchRun, Over, Waiting
from airflow_provider_rivya.batch.segments import Ledger, UnreadableLedgerError
from airflow_provider_rivya.batch.table.planned import RowFault
from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.gallery.files import Beside
from airflow_provider_rivya.gallery.make import gallery_of_lines
from airflow_provider_rivya.landing.fetch import RETRIES, Retries
from airflow_provider_rivya.media.stills import Stills
from airflow_provider_rivya.stop import StopClock
from airflow_provider_rivya.storage.atomic_file import SmallFile
from airflow_provider_rivya.storage.checked import checked_place, try_place
from airflow_provider_rivya.storage.path import safe_name
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.identity import Identity, new_holder
from airflow_provider_rivya.submission.stores import record_folder
from airflow_provider_rivya.waiting.decide import PATIENCE, Patience

if TYPE_CHECKING:
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.batch.table.planned import PlannedRow
    from airflow_provider_rivya.stop import Stop
    from airflow_provider_rivya.submission.context import Clock, SubmissionPolicy, TryFacts, Words

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BatchJob:
    """
    One try of a batch.

    :param identity: of the task instance, or of whoever stands in its place.
    :param facts: of the try.
    :param words: what a retry will do with a row; ``remedies``: what to do about the batch.
    :param patience: with faults while it waits; ``retries``: of a transfer.
    :param report: who is told where it stands.
    :param title: what a person knows it by; that of its task, if none.
    """

    client: GatewayClient
    identity: Identity
    facts: TryFacts
    policy: SubmissionPolicy
    words: Words
    arguments: BatchArguments
    stop: Stop
    report: Report = field(default_factory=Report)
    remedies: verdict.Remedies | None = None
    patience: Patience = PATIENCE
    retries: Retries = RETRIES
    subject: str = "The batch"
    title: str = ""
    clock: Clock | None = None

    @cached_property
    def _clock(self) -> Clock:
        return self.clock or StopClock(self.stop)

    # -- whose rows these are, and where they lie --------------------------------------------------

    @cached_property
    def batch(self) -> str:
        """Digest of whose rows these are."""
        return (
            replace(self.identity, run_id="").digest if self.arguments.incremental else self.identity.digest
        )

    @cached_property
    def epoch(self) -> int:
        """Stands still over retries, grows with a clear; another one in each run, where those share rows."""
        clears = min(self.facts.epoch, EPOCHS - 1)
        if not self.arguments.incremental:
            return clears
        return (1 + int(self.identity.digest[:8], 16)) * EPOCHS + clears

    @cached_property
    def place(self) -> OutputPlace:
        return OutputPlace(self.arguments.output_path, self.arguments.output_conn_id).owned(self._owner)

    @property
    def _owner(self) -> str:
        return f"{self.batch[:16]}-"

    @cached_property
    def state(self) -> OutputPlace:
        """The folder of ledger and plans."""
        given = self.arguments.state_path
        folder = self.place.folder(".rivya") if given is None else record_folder(given)
        return folder.folder(f"batch-{self.batch[:16]}")

    @cached_property
    def results(self) -> OutputPlace:
        """The folder of the manifest."""
        run = safe_name(self.identity.run_id)
        if self.identity.map_index >= 0:
            run = f"{run}/{self.identity.map_index}"
        given = self.arguments.manifest_path
        folder = self.place.folder(f"_manifest/{run}") if given is None else record_folder(given)
        owner, claim = self.title or self.identity.task, not self.arguments.dry_run
        return manifest.folder_of(folder, owner, claim=claim).owned(self._owner)

    @cached_property
    def plans(self) -> PlanFolder:
        return PlanFolder(self.state.folder(f"plan-{self.epoch}"), self.batch)

    @property
    def manifest_name(self) -> str:
        chosen = self.arguments.manifest_format
        return f"manifest.{chosen or ('parquet' if manifest.has_pyarrow() else 'jsonl')}"

    # -- plan --------------------------------------------------------------------------------------

    def plan(self, table: Table) -> Plan:
        """
        Return the plan of this try: that of an earlier one, or a new one that is checked whole.

        :param table: opens the table; not called where a plan stands.
        :raises InvalidRequestError: with every fault; nothing was sent.
        """
        if not (faults := self.arguments.wrong()):
            if (standing := self._standing(faults)) is not None:
                log.info("Going on with the plan of %d row(s) that an earlier try has made.", standing.rows)
                return standing
            self._probe(faults)
        if faults:  # nothing can be written there, and the table's own faults are to be told with these
            with TemporaryDirectory(prefix="rivya-plan-") as folder:
                self._draft(table, faults, PlanFolder(OutputPlace(f"{folder}/"), self.batch))
        try:
            draft = self._draft(table, faults, self.plans)
        except FaultyPlanError as error:
            if error.row_faults:
                where = self._tell_faults(error.row_faults)
                raise error.replace(message=f"{error.message}\nAll faults are in {where}.") from None
            raise
        for text, count in list(draft.warnings.items())[:20]:
            log.warning("%s (%d row(s))", text, count)
        if draft.faults:
            where = self._tell_faults(draft.faults)
            log.warning("%d row(s) are invalid and left out; why is in %s.", draft.plan.invalid, where)
        else:  # of an earlier run there may be some
            SmallFile(self.results, manifest.FAULTS).remove()
        plan = self.plans.write(draft)
        log.info("The plan stands: %s", self.plan_in_words(plan))
        return plan

    def _standing(self, faults: list[Fault]) -> Plan | None:
        """Return the plan that stands; that plan or ledger cannot be used is told with all other faults."""
        try:
            if (plan := self.plans.read()) is None:
                self._ledger().glance()
            return plan
        except UnreadableLedgerError as error:
            faults.append(Fault("state_path", error.message, error.advice or ""))
            return None

    def plan_in_words(self, plan: Plan) -> str:
        at_once, rate = self.arguments.limits.max_running, self.client.settings.max_requests_per_second
        return plan.summary(at_once, self.client.api.least_seconds(plan.valid, at_once, rate))

    def _draft(self, table: Table, faults: Sequence[Fault], plans: PlanFolder) -> Draft:
        arguments = self.arguments
        return check_plan(
            table,
            arguments.asked,
            plans,
            gateway=self.client.api.name,
            batch=self.batch,
            max_credits_total=arguments.limits.max_credits_total,
            on_invalid=arguments.on_invalid,
            faults=faults,
            own_key=self.client.settings.api_key,
            subject=self.subject,
            title=self.title or self.identity.title,
            opener=self.client if arguments.check_references else None,
        )

    def _probe(self, faults: list[Fault]) -> None:
        """Try the output place, as a generation does, and that of the manifest."""
        path, conn_id = self.arguments.output_path, self.arguments.output_conn_id
        checked_place(path, conn_id, faults, mapped=False, outputs=1)
        if self.arguments.manifest_path is not None:
            try_place(record_folder(self.arguments.manifest_path), faults, "manifest_path")

    def _tell_faults(self, faults: Sequence[RowFault]) -> str:
        with TemporaryDirectory(prefix="rivya-faults-") as folder:
            path = os.path.join(folder, "faults")
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(json.dumps(fault.to_json(), ensure_ascii=False) + "\n" for fault in faults)
            manifest.put(self.results, manifest.FAULTS, path)
        return self.results.uri_of(manifest.FAULTS)

    # -- run ---------------------------------------------------------------------------------------

    def open_ledger(self) -> Ledger:
        """Take the ledger over; whoever else has it stops."""
        ledger = self._ledger()
        ledger.open()
        return ledger

    def recorded(self) -> Book | None:
        """Return what earlier tries have recorded; ``None``: that cannot be told."""
        try:
            ledger = self._ledger()
            ledger.read()
        except Exception:
            return None
        return ledger.book

    def _ledger(self) -> Ledger:
        return Ledger(self.state, self.batch, new_holder(), self._clock.monotonic)

    def run(
        self,
        plan: Plan,
        ledger: Ledger,
        *,
        deadline: float,
        here: float | None,
        ended: Collection[str] = (),
    ) -> Waiting | Over:
        """
        Work until all there is to do is wait, or nothing.

        :param deadline: when this try gives up, seconds since the epoch.
        :param here: seconds to wait in this process; ``None``: to the end.
        :param ended: generations that are known to have ended.
        """
        self.place.prepare()
        context = BatchContext(
            client=GatedClient(self.client),
            ledger=ledger,
            batch=self.batch,
            holder=ledger.holder,
            asked=self.arguments.asked,
            place=self.place,
            facts=replace(self.facts, epoch=self.epoch),
            policy=self.policy,
            words=self.words,
            stop=self.stop,
            clock=self._clock,
            if_exists=self.arguments.if_exists,
            patience=self.patience,
            retries=self.retries,
            extras=self.arguments.extras,
        )
        with Stills() as stills:
            if self.arguments.extras.asked_for:
                context = replace(context, beside=Beside(self.place, stills, self.stop.is_set))
            run = BatchRun(
                context,
                lambda: self.plans.rows(plan),
                plan.valid,
                self.arguments.limits,
                deadline,
                self.arguments.min_credits_left,
                self.report,
            )
            return run.go(here=here, ended=ended)

    # -- conclude ----------------------------------------------------------------------------------

    def conclude(self, plan: Plan, ledger: Ledger, over: Over) -> dict[str, Any]:
        """
        Write the manifest, and judge.

        :return: the XCom.
        :raises GenerationError: the batch has failed; everything that could be landed is.
        """
        summary, totals = self.summarise(plan, ledger, over)
        self.judge(over, totals)
        counts = ", ".join(f"{count} {name}" for name, count in summary["counts"].items() if count)
        told = (summary["ended"], counts, summary["credits"]["final"], summary["manifest_uri"])
        log.info("The batch is over (%s): %s; %s credits. Manifest: %s", *told)
        return summary

    def summarise(self, plan: Plan, ledger: Ledger, over: Over) -> tuple[dict[str, Any], manifest.Totals]:
        """Write the manifest; the XCom, and what it is made of."""
        # Copies that died have left what they were writing; one that was overtaken writes for nothing.
        for folder in (self.place, self.results, self.state, self.plans.folder):
            folder.sweep()
        totals = manifest.write_manifest(
            self.results,
            self.manifest_name,
            self._lines(plan, ledger),
            carry=self.arguments.asked.carry,
        )
        summary = manifest.summary(self.results, self.manifest_name, totals, over.ended)
        if totals.rows != plan.rows or sum(summary["counts"].values()) != plan.rows:
            raise RuntimeError(f"the manifest has {totals.rows} rows, and the plan {plan.rows}")
        if self.arguments.extras.gallery:
            counts = ", ".join(f"{count} {name}" for name, count in summary["counts"].items() if count)
            summary["gallery_uri"] = gallery_of_lines(
                self.place,
                lambda: (line for _, line in self._lines(plan, ledger)),
                self.identity.map_index,
                heading=f"{self.identity.task_id}, {self.identity.run_id}",
                about=f"{counts.replace('_', ' ')}; {summary['credits']['final']} credits",
                stopped=self.stop.is_set,
            )
        manifest.cut_to_fit(summary)
        return summary, totals

    def judge(self, over: Over, totals: manifest.Totals) -> None:
        """
        Say that the batch has succeeded, by ``_SUCCESS``.

        :raises GenerationError: it has not.
        """
        verdict.judge(
            over,
            totals,
            verdict.Tolerance(self.arguments.max_failed_rows, self.arguments.fail_on_budget),
            conn_id=self.client.conn_id,
            manifest_uri=self.results.uri_of(self.manifest_name),
            remedies=self.remedies or verdict.Remedies(self.words.again),
        )
        if not self.arguments.dry_run:
            manifest.mark_success(self.results)

    def _lines(self, plan: Plan, ledger: Ledger) -> Iterator[tuple[PlannedRow, dict[str, Any]]]:
        """Yield each row with its line, in order."""
        on_rerun = self.policy.on_rerun_after_delivery
        for row in self.plans.rows(plan):
            state = ledger.book.rows.get(row.key)
            yield row, manifest.line_of(row, state, manifest.status_of(row, state, self.epoch, on_rerun))

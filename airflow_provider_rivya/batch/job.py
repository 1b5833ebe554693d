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
from airflow_provider_rivya.batch.files.folders import BatchFolders
from airflow_provider_rivya.batch.gate import GatedClient
from airflow_provider_rivya.batch.ledger import Book
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
from airflow_provider_rivya.batch.segments import Ledger, told_with
from airflow_provider_rivya.batch.table.planned import RowFault
from airflow_provider_rivya.credits import in_credits
from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.gallery.files import Beside
from airflow_provider_rivya.gallery.make import gallery_of_lines
from airflow_provider_rivya.landing.fetch import RETRIES, Retries
from airflow_provider_rivya.media.stills import Stills
from airflow_provider_rivya.stop import StopClock
from airflow_provider_rivya.storage.atomic_file import SmallFile
from airflow_provider_rivya.storage.checked import checked_place, try_place
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
    left: dict[str, Any] = field(default_factory=dict, init=False, compare=False)
    """What a batch that fails has left all the same: where its manifest is, and how its rows are."""

    @cached_property
    def _clock(self) -> Clock:
        return self.clock or StopClock(self.stop)

    @cached_property
    def folders(self) -> BatchFolders:
        owner = self.title or self.identity.task
        return BatchFolders(self.identity, self.facts.epoch, self.arguments, owner)

    # -- plan --------------------------------------------------------------------------------------

    def plan(self, table: Table) -> Plan:
        """
        Return the plan of this try: that of an earlier one, or a new one that is checked whole.

        :param table: opens the table; not called where a plan stands.
        :raises InvalidRequestError: with every fault; nothing was sent.
        """
        faults = self.arguments.wrong()
        if not faults and (standing := self._standing(faults)) is not None:
            log.info("Going on with the plan of %d row(s) that an earlier try has made.", standing.rows)
            return standing
        if faults:  # nothing can be written there, and the table's own faults are to be told with these
            with TemporaryDirectory(prefix="rivya-plan-") as folder:
                self._draft(table, faults, PlanFolder(OutputPlace(f"{folder}/"), self.folders.batch))
        try:
            draft = self._draft(table, faults, self.folders.plans)
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
            SmallFile(self.folders.results, manifest.FAULTS).remove()
        plan = self.folders.plans.write(draft)
        log.info("The plan stands: %s", self.plan_in_words(plan))
        return plan

    def _standing(self, faults: list[Fault]) -> Plan | None:
        """Return the plan that stands; what cannot be used is told with all other faults."""
        plan = None
        with told_with(faults, "state_path"):
            if (plan := self.folders.plans.read()) is None:
                self._ledger().glance()
        if plan is not None or self._can_be_written(faults):
            with told_with(faults, "manifest_path"):
                _ = self.folders.results
        return None if faults else plan

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
            batch=self.folders.batch,
            max_credits_total=arguments.limits.max_credits_total,
            on_invalid=arguments.on_invalid,
            faults=faults,
            own_key=self.client.settings.api_key,
            subject=self.subject,
            title=self.title or self.identity.title,
            opener=self.client if arguments.check_references else None,
            stop=self.stop,
        )

    def _can_be_written(self, faults: list[Fault]) -> bool:
        """Try the output place, as a generation does, and that of the manifest."""
        before = len(faults)
        path, conn_id = self.arguments.output_path, self.arguments.output_conn_id
        checked_place(path, conn_id, faults, mapped=False, outputs=1)
        if self.arguments.manifest_path is not None:
            try_place(record_folder(self.arguments.manifest_path), faults, "manifest_path")
        return len(faults) == before

    def _tell_faults(self, faults: Sequence[RowFault]) -> str:
        with TemporaryDirectory(prefix="rivya-faults-") as folder:
            path = os.path.join(folder, "faults")
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(json.dumps(fault.to_json(), ensure_ascii=False) + "\n" for fault in faults)
            manifest.put(self.folders.results, manifest.FAULTS, path)
        return self.folders.results.uri_of(manifest.FAULTS)

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
        return Ledger(self.folders.state, self.folders.batch, new_holder(), self._clock.monotonic)

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
        self.folders.outputs.prepare()
        context = BatchContext(
            client=GatedClient(self.client),
            ledger=ledger,
            batch=self.folders.batch,
            holder=ledger.holder,
            asked=self.arguments.asked,
            place=self.folders.outputs,
            facts=replace(self.facts, epoch=self.folders.epoch),
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
                context = replace(context, beside=Beside(self.folders.outputs, stills, self.stop.is_set))
            run = BatchRun(
                context,
                lambda: self.folders.plans.rows(plan),
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
        self.left.update({name: summary[name] for name in ("manifest_uri", "conn_id", "rows", "counts")})
        self.judge(over, totals)
        counts = ", ".join(f"{count} {name}" for name, count in summary["counts"].items() if count)
        told = (summary["ended"], counts, in_credits(summary["credits"]["final"]), summary["manifest_uri"])
        log.info("The batch is over (%s): %s; %s. Manifest: %s", *told)
        return summary

    def summarise(self, plan: Plan, ledger: Ledger, over: Over) -> tuple[dict[str, Any], manifest.Totals]:
        """Write the manifest; the XCom, and what it is made of."""
        # Copies that died have left what they were writing; one that was overtaken writes for nothing.
        for folder in (
            self.folders.outputs,
            self.folders.results,
            self.folders.state,
            self.folders.plans.folder,
        ):
            folder.sweep()
        totals = manifest.write_manifest(
            self.folders.results,
            self.folders.manifest_name,
            self._lines(plan, ledger),
        )
        summary = manifest.summary(self.folders.results, self.folders.manifest_name, totals, over.ended)
        if totals.rows != plan.rows or sum(summary["counts"].values()) != plan.rows:
            raise RuntimeError(f"the manifest has {totals.rows} rows, and the plan {plan.rows}")
        if self.arguments.extras.gallery:
            counts = ", ".join(f"{count} {name}" for name, count in summary["counts"].items() if count)
            summary["gallery_uri"] = gallery_of_lines(
                self.folders.outputs,
                lambda: (line for _, line in self._lines(plan, ledger)),
                self.identity.map_index,
                owner=self.identity.owner,
                heading=f"{self.identity.task_id}, {self.identity.run_id}",
                about=f"{counts.replace('_', ' ')}; {in_credits(summary['credits']['final'])}",
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
            manifest_uri=self.folders.results.uri_of(self.folders.manifest_name),
            remedies=self.remedies or verdict.Remedies(self.words.again),
        )
        if not self.arguments.dry_run:
            manifest.mark_success(self.folders.results)

    def _lines(self, plan: Plan, ledger: Ledger) -> Iterator[tuple[PlannedRow, dict[str, Any]]]:
        """Yield each row with its line, in order."""
        on_rerun = self.policy.on_rerun_after_delivery
        for row in self.folders.plans.rows(plan):
            state = ledger.book.rows.get(row.key)
            yield (
                row,
                manifest.line_of(row, state, manifest.status_of(row, state, self.folders.epoch, on_rerun)),
            )

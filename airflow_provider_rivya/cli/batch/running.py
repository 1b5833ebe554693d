"""``rivya batch run``: the engine of the batch operators, without Airflow's scheduler."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.batch.arguments import BatchArguments
from airflow_provider_rivya.batch.job import BatchJob
from airflow_provider_rivya.batch.run import Over
from airflow_provider_rivya.batch.segments import LedgerLostError, told_with
from airflow_provider_rivya.batch.table.rows import read_rows
from airflow_provider_rivya.cli.batch.arguments import (
    folder_of,
    from_here,
    name_of,
    read_asked,
    read_limits,
    table_of,
)
from airflow_provider_rivya.cli.batch.progress import followed
from airflow_provider_rivya.cli.batch.record import KnownRun, RunRecord
from airflow_provider_rivya.cli.batch.words import REMEDIES, CommandWords
from airflow_provider_rivya.cli.connection import connect
from airflow_provider_rivya.cli.landing import local_path, show_pictures
from airflow_provider_rivya.cli.main import INTERRUPTED, OK, exit_code
from airflow_provider_rivya.cli.output import describe
from airflow_provider_rivya.credits import in_credits
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.stop import StopFlag
from airflow_provider_rivya.submission.context import SubmissionPolicy, TryFacts
from airflow_provider_rivya.submission.identity import Identity

if TYPE_CHECKING:
    from argparse import Namespace

    from airflow_provider_rivya.batch.plan import Plan
    from airflow_provider_rivya.batch.progress import Report
    from airflow_provider_rivya.batch.segments import Ledger
    from airflow_provider_rivya.batch.table.planned import Asked
    from airflow_provider_rivya.cli.output import Output
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.submission.context import OnUncertain

_MORE: Final = {
    "budget": "The budget does for no more: the same command with a higher --max-credits-total goes on.",
    "limit": "The same command without --limit makes the rest.",
}
_SHOWN: Final = 4
"""Pictures of a batch, in a terminal that can show any."""
_COMES_BACK: Final = ("uncertain", "not_landed")
"""What the plan that stands goes on with; everything else a new plan asks for again."""


def run(arguments: Namespace, output: Output) -> int:
    """``rivya batch run``."""
    stop = StopFlag()
    with connect(arguments.conn_id, stop) as hook:
        with followed(output) as report:
            job, record, known_run = _begun(arguments, hook, stop, report)
            found = job.folders.plans.read() is not None
            plan = job.plan(table_of(arguments))
            if found:
                output.say("Going on with the plan of an earlier run; the table is not read again.")
            output.say(job.plan_in_words(plan))
            ledger = job.open_ledger()
            try:
                with _interruptible(stop, output):
                    deadline = time.time() + arguments.timeout
                    over = job.run(plan, ledger, deadline=deadline, here=None)
            except LedgerLostError as error:
                raise error.replace(
                    message="Another command has gone on with this batch",
                    advice="The other one goes on; one at a time does the work.",
                ) from None
            if not isinstance(over, Over):
                raise AssertionError("a run without an end in this process")
        return _concluded(job, plan, ledger, over, output, partial(record.end, known_run))


def _begun(
    arguments: Namespace, hook: GatewayHook, stop: StopFlag, report: Report
) -> tuple[BatchJob, RunRecord, KnownRun]:
    """Return the job of this run, by what earlier ones have left."""
    asked, faults = read_asked(arguments, hook.api.name)
    name, replays = name_of(arguments), hook.api.capabilities.replays_keys
    uncertain: OnUncertain = arguments.on_uncertain_submission or ("resubmit" if replays else "fail")

    def job_of(known_run: KnownRun) -> BatchJob:
        return BatchJob(
            client=hook,
            identity=Identity(hook.settings.idempotency_namespace, "rivya batch", name, known_run.id, -1),
            facts=TryFacts(epoch=known_run.epoch, first_since_clear=False),
            policy=SubmissionPolicy("reuse", uncertain),
            words=CommandWords(replays),
            remedies=REMEDIES,
            arguments=BatchArguments(
                asked=asked,
                output_path=folder_of(arguments.output),
                limits=read_limits(arguments),
                max_failed_rows=arguments.max_failed_rows,
                faults=faults,
                on_invalid="skip" if arguments.skip_invalid else "fail",
                check_references=arguments.check_references,
            ),
            stop=stop,
            report=report,
            subject=f"The batch {name!r}",
            title=name,
        )

    job = job_of(KnownRun("", 0, {}))
    if not job.arguments.wrong():
        record = RunRecord(job.folders.outputs.folder(".rivya"), name)
        with told_with(faults, "output"):
            known_run = record.begin(
                _command(arguments, asked),
                stands=lambda known: job_of(known).folders.plans.read() is not None,
                anew=arguments.new_plan,
            )
            return job_of(known_run), record, known_run
    job.plan(table_of(arguments))  # tells them with all that is wrong with the table
    raise AssertionError("a plan with faults does not stand")


def _command(arguments: Namespace, asked: Asked) -> dict[str, Any]:
    """Return what a plan is made of: an interrupted one cannot be gone on with by another."""
    names = ("row_key", "model", "prompt", "model_params", "reference_media", "file_name", "carry", "dialect")
    given = {"table": from_here(arguments.table), **{name: getattr(asked, name) for name in names}}
    command: dict[str, Any] = json.loads(json.dumps(given))
    return command


@contextmanager
def _interruptible(stop: StopFlag, output: Output) -> Iterator[None]:
    """Have Ctrl-C end the run in good order; a second one leaves at once, which costs nothing either."""

    def tell(text: str) -> None:
        with suppress(RuntimeError):  # it may have interrupted somebody who is writing just there
            output.say(text)

    def first(*_: Any) -> None:
        signal.signal(signal.SIGINT, second)
        stop.set()
        tell("Stopping: nothing new is sent, what is on its way is waited for. Ctrl-C again leaves now.")

    def second(*_: Any) -> None:
        output.err.show_cursor(True)
        tell("Left. What was sent goes on and is paid for; the same command finds it again.")
        os._exit(INTERRUPTED)

    before = signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _concluded(
    job: BatchJob, plan: Plan, ledger: Ledger, over: Over, output: Output, record: Callable[[str], None]
) -> int:
    """Write the manifest, and tell how it went."""
    summary, totals = job.summarise(plan, ledger, over)
    stopped = job.stop.is_set()
    if over.ended != "timeout" and not any(totals.counts[status] for status in _COMES_BACK):
        record(over.ended)
    error: GenerationError | None = None
    try:
        if not stopped:
            job.judge(over, totals)
    except GenerationError as failure:
        error = failure
    document = {**summary, **({"error": describe(error)} if error else {"stopped": True} if stopped else {})}
    output.result(document, *_lines(summary))
    show_pictures(islice(_landed(summary["manifest_uri"]), _SHOWN), output)
    if error is not None:
        output.complain(error)
        return exit_code(error)
    if stopped:
        output.say(stopped_in_words(summary))
        return INTERRUPTED
    if over.ended in ("budget", "limit"):
        output.say(_MORE[over.ended])
    return OK


def _landed(manifest: str) -> Iterator[Mapping[str, Any]]:
    if manifest.startswith("file://"):
        for line in read_rows(local_path(manifest)):
            yield from line["outputs"] or ()


def stopped_in_words(summary: Mapping[str, Any]) -> str:
    """Say what becomes of the rows of a run that was stopped."""
    counts = summary["counts"]
    done = counts["succeeded"] + counts["reused"]
    told = [f"Stopped: {done} of {summary['rows']} rows are stored."]
    if running := counts["not_landed"]:
        told.append(f"{running} go on at the gateway and are paid for: the same command stores them.")
    if uncertain := counts["uncertain"]:
        told.append(f"{uncertain} had no answer: the same command finds out before it sends anything.")
    if waiting := counts["not_submitted"]:
        told.append(f"{waiting} were not sent and cost nothing: the same command makes them.")
    return " ".join([*told, "Nothing is paid twice."])


def _lines(summary: Mapping[str, Any]) -> list[str]:
    counts = ", ".join(
        f"{count} {status.replace('_', ' ')}" for status, count in summary["counts"].items() if count
    )
    lines = [
        f"{summary['rows']} rows: {counts}; {_cost(summary['credits'])}",
        f"Manifest: {local_path(summary['manifest_uri'])}",
    ]
    if summary["failed_sample"]:
        lines.append(f"Rows without a result: {local_path(summary['failed_uri'])}")
    return lines


def _cost(credits: Mapping[str, Any]) -> str:
    reserved, final = credits["reserved"], credits["final"]
    return f"{in_credits(final)} charged" + ("" if reserved in (final, None) else f", {reserved} reserved")

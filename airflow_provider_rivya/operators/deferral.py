"""What a deferral carries on to the resume; and the deferral of a submission that is told to wait."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Self

from airflow_provider_rivya import _compat
from airflow_provider_rivya.exceptions import GatewayError, GenerationError
from airflow_provider_rivya.submission.turn import SHORT, told_to_wait

if TYPE_CHECKING:
    from airflow_provider_rivya.generation.job import GenerationJob
    from airflow_provider_rivya.request.prepare import Prepared
    from airflow_provider_rivya.submission.context import Submission

log = logging.getLogger(__name__)

BACKSTOP: Final = timedelta(minutes=5)
"""How much later than the trigger's own deadline Airflow's deferral timeout comes: it skips the resume."""


@dataclass(frozen=True, slots=True)
class DeferralState:
    """
    Plain JSON, without an API key and without the URL of a result.

    Templates render again on every resume, and no function of a decorator is called again; the model that
    was paid for and the place that was checked before paying are the ones that count.

    :param since: when this try began to wait, seconds since the epoch.
    :param category: of the model: where the gateway keeps the generation.
    :param inputs: the reference files' names for lineage.
    :param credits: reserved, where the gateway has told.
    :param made_from: what was asked for, where a gallery or a sidecar tells it.
    :param record: the submission record, if it was certainly stored; else it is read again.
    """

    generation_id: str
    model: str
    output_path: str | None
    output_conn_id: str | None
    since: float | None = None
    category: str | None = None
    inputs: list[list[str]] = field(default_factory=list)
    credits: float | None = None
    record: dict[str, Any] | None = None
    client_request_id: str | None = None
    output_name: str | None = None
    made_from: dict[str, Any] | None = None

    def to_kwargs(self) -> dict[str, Any]:
        """Return it for ``defer(kwargs=...)``."""
        return asdict(self)

    @classmethod
    def of(cls, carried: Mapping[str, Any], event: Mapping[str, Any], task: Any) -> Self:
        """
        Return what was carried.

        :param carried: the keyword arguments of the resume; ``DAG.test()`` of Airflow 3.3 hands on none.
        :param event: the trigger's.
        :param task: whose arguments count where nothing was carried.
        """
        rest = {
            "generation_id": event["task_id"],
            "model": str(getattr(task, "model", "")),
            "output_path": task.output_path,
            "output_conn_id": task.output_conn_id,
            "client_request_id": getattr(task, "client_request_id", None),
            "output_name": getattr(task, "output_name", None),
        }
        known = {name: carried[name] for name in cls.__dataclass_fields__ if name in carried}
        return cls(**{**rest, **known})


RESUME: Final = "execute_after_pause"
"""The method of an operator that submits after such a deferral."""


@dataclass(frozen=True, slots=True)
class Turn:
    """
    A submission on its way: nothing was taken in so far.

    :param since: when this try began, seconds since the epoch.
    :param times: how often it was told to wait.
    :param request: what a function has asked for, which is not called again.
    """

    since: float
    times: int = 0
    request: Mapping[str, Any] | None = None

    @classmethod
    def carried(cls, kwargs: Mapping[str, Any]) -> Self:
        """Return what a deferral has carried; ``DAG.test()`` of Airflow 3.3 hands on none."""
        request, times = kwargs.get("request"), kwargs.get("times", 0)
        return cls(float(kwargs.get("since") or time.time()), int(times), request)


class SubmitsInTurn:
    """
    The part of an operator that waits with its submission as long as the gateway asks it to.

    :cvar submission_pause: seconds up to which that is waited for in the middle of the call.
    :cvar backstop: how much later than the trigger's own deadline Airflow's deferral timeout comes.
    """

    submission_pause: float = SHORT
    backstop: timedelta = BACKSTOP
    _told_to_wait = False

    def _in_turn(
        self, job: GenerationJob, prepared: Prepared | None, turn: Turn, deadline: float
    ) -> Submission:
        """
        Submit; where the gateway asks to come back later, defer for that time, or wait here.

        No retry of the task is used for it. What was refused was taken back from the record before.
        """
        task: Any = self
        times = turn.times
        while True:
            self._told_to_wait = times > 0
            try:
                return job.submit(prepared)
            except GatewayError as error:
                pause = told_to_wait(error, times, random.SystemRandom().random(), self.submission_pause)
                # A worker that waits for nobody knows how long is better off with a retry.
                if pause is None or (error.retry_after is None and not task.deferrable):
                    raise
                if time.time() + pause >= deadline:
                    raise error.replace(
                        advice=f"It asks to come back in {pause:.0f} s, when this try is over: a longer "
                        "timeout of the task, or fewer tasks at once on this account, would help."
                    ) from None
                how = "the task defers, and its slot is free" if task.deferrable else "the task waits"
                log.warning(
                    "%s Told to wait (time %d): %s for %.0f s and then submits. No retry is used for it.",
                    error.replace(advice=None, fate="Nothing was submitted and nothing was charged"),
                    times + 1,
                    how,
                    pause,
                )
            times += 1
            if task.deferrable:
                task.defer(
                    trigger=_compat.timer(pause),
                    method_name=RESUME,
                    kwargs={"since": turn.since, "times": times, "request": self._asked_for()},
                    timeout=timedelta(seconds=pause) + task.backstop,
                )
            if task._stop.wait(pause):
                raise GenerationError(
                    "The task was asked to stop before the request was sent",
                    conn_id=task.conn_id,
                    fate=job.context.words.fate("not_submitted"),
                    retryable=True,
                )

    def _asked_for(self) -> dict[str, Any] | None:
        """Return what a function has asked for, where the request comes from one and is plain JSON."""
        return None


def plain(request: dict[str, Any]) -> dict[str, Any] | None:
    """Return a request if it is plain JSON, as Airflow's database needs it."""
    try:
        same: bool = json.loads(json.dumps(request)) == request
    except (TypeError, ValueError):
        return None
    return request if same else None

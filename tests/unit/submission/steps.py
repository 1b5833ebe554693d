"""Records in every state, and what a try does that finds one."""

from __future__ import annotations

from airflow_provider_rivya.submission.context import OnRerun, OnUncertain, SubmissionPolicy, TryFacts
from airflow_provider_rivya.submission.decide import Asked, LookedUp, Step, next_step
from airflow_provider_rivya.submission.record import Record, State

NOW = 1_778_457_600.0
INTENT = Record(
    state="intent",
    epoch=1,
    attempt=3,
    fingerprint="same",
    key="rivya-abc",
    begun_at=NOW - 60,
    conn_id="rivya_default",
    model="z-image",
    body="{}",
)
SUBMITTED = INTENT.submitted("task_1", 5.0, NOW - 50)
RECORDS: dict[State, Record] = {
    "intent": INTENT,
    "withdrawn": INTENT.withdrawn(),
    "submitted": SUBMITTED,
    "delivered": SUBMITTED.delivered(),
    "failed": SUBMITTED.failed("generation_failed", 0.0),
}


def step_of(
    record: Record | None,
    *,
    epoch: int = INTENT.epoch,
    try_id: str | None = None,
    first_since_clear: bool = True,
    fingerprint: str = "same",
    namespace: str = "",
    conn_id: str = INTENT.conn_id,
    replays_keys: bool = True,
    rerun: OnRerun = "regenerate",
    uncertain: OnUncertain = "resubmit",
    looked_up: LookedUp | None = None,
) -> Step:
    """Return what a try does that asks for the same as the record, unless something is said of it."""
    return next_step(
        record,
        Asked(fingerprint, namespace, conn_id, replays_keys),
        TryFacts(epoch=epoch, try_id=try_id, first_since_clear=first_since_clear),
        SubmissionPolicy(rerun, uncertain),
        now=NOW,
        looked_up=looked_up,
    )

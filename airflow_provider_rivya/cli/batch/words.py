"""The sentences of a batch for whoever has typed a command, and may type it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.batch.verdict import Remedies

if TYPE_CHECKING:
    from airflow_provider_rivya.submission.context import Impasse, Outcome
    from airflow_provider_rivya.submission.record import Record

_AGAIN: Final = "The same command"
REMEDIES: Final = Remedies(
    again=_AGAIN,
    fixed=f"When that is fixed: {_AGAIN.lower()} goes on.",
    failed=f"{_AGAIN} makes, and pays for, failed, new and changed rows alone.",
    tolerated="--max-failed-rows says how many rows may fail.",
    budget=f"With a higher --max-credits-total {_AGAIN.lower()} goes on.",
)

_FATES: Final[dict[str, str]] = {
    "not_submitted": "Nothing of it was submitted.",
    "running": "It goes on at the gateway and is paid for; the same command stores it.",
    "unknown_there": "It was accepted and is paid for; the same command asks for it again.",
    "not_landed": "It is paid for and not lost; the same command fetches it again.",
    "expired": "It is paid for, and the gateway keeps its result no longer: ask its support. The same "
    "command makes, and pays for, a new one.",
    "refunded": "It cost nothing.",
    "charged": "It was charged all the same: ask the gateway's support about the credits.",
    "refused": "The same content would be refused again.",
}


@dataclass(frozen=True, slots=True)
class CommandWords:
    """
    The sentences about one row.

    :param replays_keys: whether the gateway answers a repeated key with the generation it has made of it.
    """

    replays_keys: bool
    again: str = _AGAIN
    risk: str = ""

    def fate(
        self,
        outcome: Outcome,
        record: Record | None = None,
        *,
        final: bool = False,
        left: Record | None = None,
        credits: float | None = None,
    ) -> str:
        if outcome in ("stopped", "deferred"):
            outcome = "running"
        if outcome == "uncertain" or (outcome == "running" and (record is None or not record.generation_id)):
            return f"Whether the gateway accepted it is not known. {self._after_uncertainty()}"
        return _FATES[outcome]

    def impasse(self, why: Impasse, record: Record | None = None, *, sent: bool = False) -> str:
        key = f" (key {record.key})" if record is not None else ""
        return f"Nothing more is sent for it{key}. {self._after_uncertainty()}"

    def _after_uncertainty(self) -> str:
        if self.replays_keys:
            return f"{_AGAIN} sends the same request under the same key, so that it is paid for once."
        return (
            f"{_AGAIN} looks it up again and sends nothing new; with --on-uncertain-submission resubmit it "
            "does, which may pay twice."
        )

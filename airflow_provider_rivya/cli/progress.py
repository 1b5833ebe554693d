"""Shows a person how a generation goes: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_provider_rivya.exceptions import GatewayError
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.waiting.progress import Narrator

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.cli.output import Output

_UNKNOWN = "status unknown, asking again"


class Follower(Narrator):
    """Shows every observation, and tells what is a warning, or all where there is nothing to be drawn."""

    def __init__(
        self, generation_id: str, submitted_at: float, output: Output, show: Callable[[str], None] | None
    ) -> None:
        super().__init__(generation_id, submitted_at)
        self._output = output
        self._show = show

    def tell(self, now: float, seen: Generation | GatewayError) -> tuple[int, str] | None:
        line = super().tell(now, seen)
        if self._show is not None:
            self._show(_UNKNOWN if isinstance(seen, GatewayError) else clean(seen.status, 40))
        if line is not None:
            level, text = line
            if level >= logging.WARNING:
                self._output.warn(text)
            elif self._show is None:
                self._output.say(text)
        return None


@contextmanager
def followed(output: Output) -> Iterator[Callable[[str, float], Narrator]]:
    """Lend what makes the narrator of a waiting; its bar ends with the block."""
    if not output.err.is_terminal:
        yield lambda generation_id, submitted_at: Follower(generation_id, submitted_at, output, None)
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(24),
        TimeElapsedColumn(),
    )
    progress = Progress(*columns, console=output.err, transient=True)

    def narrator(generation_id: str, submitted_at: float) -> Narrator:
        progress.start()
        task = progress.add_task("queued", total=None)  # until the first look
        return Follower(
            generation_id, submitted_at, output, lambda status: progress.update(task, description=status)
        )

    try:
        yield narrator
    finally:
        progress.stop()

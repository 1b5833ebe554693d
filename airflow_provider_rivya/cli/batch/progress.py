"""Shows a person how a batch goes: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.batch.progress import Report, Standing
from airflow_provider_rivya.credits import plain

if TYPE_CHECKING:
    from airflow_provider_rivya.cli.output import Output

_DRAWN_EVERY: Final = 0.2


@contextmanager
def followed(output: Output) -> Iterator[Report]:
    """Lend what is told where the batch stands; its bar ends with the block."""
    if not output.err.is_terminal:
        yield Report(lambda standing: output.say(str(standing)))
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    columns = (
        SpinnerColumn(),
        MofNCompleteColumn(),
        BarColumn(24),
        TextColumn("{task.description}", markup=False),
    )
    progress = Progress(*columns, console=output.err, transient=True)
    bar = progress.add_task("", total=None)

    def tell(standing: Standing) -> None:
        progress.start()
        progress.update(
            bar,
            completed=standing.landed + standing.failed,
            total=standing.rows,
            description=in_brief(standing),
        )

    try:
        yield Report(tell, _DRAWN_EVERY)
    finally:
        progress.stop()


def in_brief(standing: Standing) -> str:
    """Say beside a bar what it does not show."""
    parts = [f"{standing.running} running"]
    if standing.failed:
        parts.append(f"{standing.failed} failed")
    budget = "" if standing.budget is None else f" of {plain(standing.budget)}"
    parts.append(f"{plain(standing.credits)}{budget} credits")
    if standing.seconds_left is not None:
        minutes, seconds = divmod(round(standing.seconds_left), 60)
        parts.append(f"{minutes}:{seconds:02} left")
    return ", ".join(parts)

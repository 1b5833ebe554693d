"""Waits for a generation and shows how it goes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_provider_rivya.exceptions import GatewayError
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.waiting.decide import Finished
from airflow_provider_rivya.waiting.loop import Target, verdict, watch
from airflow_provider_rivya.waiting.progress import Narrator

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.cli.output import Output
    from airflow_provider_rivya.hooks.base import GatewayHook

_UNKNOWN = "status unknown, asking again"


class _Follower(Narrator):
    """Shows every observation, and tells what is a warning, or all where there is nothing to be drawn."""

    def __init__(
        self,
        generation_id: str,
        submitted_at: float,
        output: Output,
        show: Callable[[str], None] | None,
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


def follow(
    hook: GatewayHook, generation: Generation, category: str, timeout: float, output: Output
) -> Generation:
    """
    Wait for a generation, with a bar on a terminal and with lines elsewhere.

    :param category: ``image``, ``audio`` or ``video``: how often, and where, to ask.
    :param timeout: seconds.
    :return: it, succeeded.
    :raises GenerationError: it failed or did not end in time.
    """
    began = generation.created_at.timestamp() if generation.created_at else time.time()
    target = Target.of(generation.id, hook.settings, category, timeout, began)
    if generation.ended:
        outcome = Finished("succeeded" if generation.succeeded else "failed")
        return verdict(outcome, generation, target)
    with _shown(generation, output) as show:
        follower = _Follower(generation.id, began, output, show)
        finished = watch(hook, replace(target, narrator=follower))
    return verdict(finished, hook.get_generation(generation.id, category=category), target)


@contextmanager
def _shown(generation: Generation, output: Output) -> Iterator[Callable[[str], None] | None]:
    """Draw a bar; yields what changes its text, or ``None`` where no bar can be drawn."""
    if not output.err.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), TimeElapsedColumn())
    with Progress(*columns, console=output.err, transient=True) as progress:
        task = progress.add_task(clean(generation.status, 40), total=None)
        yield lambda status: progress.update(task, description=status)

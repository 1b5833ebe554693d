"""Files on a local disk, where another machine may have to find them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow_provider_rivya._compat import remote_executor

if TYPE_CHECKING:
    from airflow_provider_rivya.storage.place import OutputPlace

log = logging.getLogger(__name__)


def warn_if_local(place: OutputPlace, executor: str | None, *, what: str, who: str, loss: str = "") -> None:
    """
    Warn of a place on this worker's own disk under an executor that has workers on other machines.

    A volume that all of them mount looks the same from here, so this is never a fault.

    :param place: without faults.
    :param executor: that the task asks for; the deployment's own, if none.
    :param what: what lies there, and its verb: ``The outputs go to``.
    :param who: what may run on another machine: ``the next task``.
    :param loss: what comes of it, as the rest of a sentence.
    """
    if place.target.is_local and (elsewhere := remote_executor(executor)):
        log.warning(
            "%s %s on the machine of this worker, and %s may run %s on another%s: use a volume that all of "
            "them mount, or an object storage.",
            what,
            place.uri,
            elsewhere,
            who,
            loss,
        )


def warn_of_outputs(place: OutputPlace, executor: str | None) -> None:
    """Warn of outputs that the tasks after this one may not find."""
    warn_if_local(place, executor, what="The outputs go to", who="the next task")


def warn_of_records(folder: OutputPlace, executor: str | None) -> None:
    """Warn of a submission record that a retry may not find."""
    warn_if_local(
        folder,
        executor,
        what="The submission record is kept in",
        who="a retry",
        loss=", which finds no record there and may pay again",
    )


def warn_of_batch(outputs: OutputPlace, state: OutputPlace | None, executor: str | None) -> None:
    """Warn of a batch's outputs, and of its state where that has a place of its own."""
    warn_of_outputs(outputs, executor)
    if state is not None:
        warn_of_records(state, executor)

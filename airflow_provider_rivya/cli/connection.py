"""The connection of a command: any that ``airflow connections get`` finds."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_rivya.hooks.rivya import RivyaHook


@contextmanager
def connect(conn_id: str) -> Iterator[RivyaHook]:
    """Open the hook of a command; it is closed at the end."""
    see_all_connections()
    from airflow_provider_rivya.hooks.rivya import RivyaHook

    hook = RivyaHook(conn_id)
    try:
        yield hook
    finally:
        hook.close()


def see_all_connections() -> None:
    """
    Have connections looked up in the metadata database too, where those made in the UI are.

    Outside of a task the Task SDK, which hooks and object storage ask, knows secrets backends and the
    environment alone, unless it is told that it runs on the server's side. Airflow's own commands about
    connections set the same variable.
    """
    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"
    # Airflow 3.1 imports it on the way, and it tells a terminal of its plugins.
    logging.getLogger("alembic").setLevel(logging.WARNING)

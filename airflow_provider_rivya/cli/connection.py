"""The connection of a command: any that ``airflow connections get`` finds. Its type decides the gateway."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_provider_rivya.api.gateways import facts_of
from airflow_provider_rivya.cli.commands import GATEWAYS
from airflow_provider_rivya.exceptions import ConnectionConfigError

if TYPE_CHECKING:
    from airflow_provider_rivya.hooks.base import GatewayHook


@contextmanager
def connect(conn_id: str) -> Iterator[GatewayHook]:
    """
    Open the hook of a command; it is closed at the end.

    :raises ConnectionConfigError: there is no such connection, or it is no gateway's.
    """
    see_all_connections()
    hook = _hook(conn_id)
    try:
        yield hook
    finally:
        hook.close()


def _hook(conn_id: str) -> GatewayHook:
    from airflow_provider_rivya._compat import BaseHook

    try:
        conn_type = BaseHook.get_connection(conn_id).conn_type or ""
    except Exception:
        return _unreadable(conn_id)
    if not conn_type:
        return _unreadable(conn_id)
    if conn_type not in GATEWAYS:
        raise ConnectionConfigError(
            f"The connection {conn_id!r} is of type {conn_type!r}, which is no gateway's",
            conn_id=conn_id,
            advice=f"Name a connection of type {' or '.join(map(repr, GATEWAYS))}.",
            fate="Nothing was sent and nothing was charged.",
        )
    return _hook_of_type(conn_type, conn_id)


def _hook_of_type(conn_type: str, conn_id: str) -> GatewayHook:
    module, _, name = facts_of(conn_type).hook_class.rpartition(".")
    hook: GatewayHook = getattr(importlib.import_module(module), name)(conn_id)
    return hook


def _unreadable(conn_id: str) -> GatewayHook:
    """Have a hook say, in the words of tasks, why there is no connection; its id may tell whose it is."""
    likely = next((name for name in GATEWAYS if conn_id.startswith(name)), None)
    hook = _hook_of_type(likely or GATEWAYS[0], conn_id)
    try:
        hook.settings  # noqa: B018 - reading it is what is wanted
    except ConnectionConfigError as error:
        if error.advice and likely is None:
            others = ", ".join(repr(name) for name in GATEWAYS[1:])
            error.advice += f" The type of another gateway is {others}."
        raise
    return hook


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

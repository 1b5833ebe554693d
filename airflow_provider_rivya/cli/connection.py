"""The connection of a command: any that ``airflow connections get`` finds. Its type decides the gateway."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_provider_rivya.api.gateways import facts_of
from airflow_provider_rivya.cli.options import GATEWAYS
from airflow_provider_rivya.exceptions import ConnectionConfigError, Fault, InvalidRequestError

if TYPE_CHECKING:
    from airflow_provider_rivya.api.gateway import GatewayApi
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.stop import Stop


@contextmanager
def connect(conn_id: str, stop: Stop | None = None) -> Iterator[GatewayHook]:
    """
    Open the hook of a command; it is closed at the end.

    :param stop: ends its waits.
    :raises ConnectionConfigError: there is no such connection, or it is no gateway's.
    """
    see_all_connections()
    hook = _hook(conn_id, stop)
    try:
        yield hook
    finally:
        hook.close()


@contextmanager
def checked_for(
    gateway: str | None, conn_id: str | None, *, needed: bool, subject: str
) -> Iterator[tuple[str, GatewayHook | None]]:
    """
    Yield the gateway that something is checked for, and a hook where one is needed.

    :param gateway: that was named; ``None``: that of the connection, or the default one.
    :param needed: whether there must be a hook although no connection was named.
    :raises InvalidRequestError: the gateway that is named is not that of the connection that is named.
    """
    named = gateway or GATEWAYS[0]
    if conn_id is None and not needed:
        yield named, None
        return
    with connect(conn_id or f"{named}_default") as hook:
        if gateway not in (None, hook.api.name):
            problem = f"the connection {hook.conn_id!r} is of type {hook.api.name!r}"
            raise InvalidRequestError([Fault("gateway", problem, hook.api.name)], subject=subject, fate="")
        yield hook.api.name, hook


def api_of(gateway: str) -> GatewayApi:
    """Return what is known of a gateway without a connection."""
    return _hook_of_type(gateway, f"{gateway}_default").api


def _hook(conn_id: str, stop: Stop | None) -> GatewayHook:
    from airflow_provider_rivya._compat import BaseHook
    from airflow_provider_rivya.hooks.reading import looking_up

    try:
        with looking_up():
            conn_type = BaseHook.get_connection(conn_id).conn_type or ""
    except Exception:
        return _unreadable(conn_id)
    if not conn_type:
        return _unreadable(conn_id)
    if conn_type not in GATEWAYS:
        raise ConnectionConfigError(
            f"The connection {conn_id!r} is of type {conn_type!r}, which is not a gateway's",
            conn_id=conn_id,
            advice=f"Name a connection of type {' or '.join(map(repr, GATEWAYS))}.",
            fate="Nothing was sent and nothing was charged.",
        )
    return _hook_of_type(conn_type, conn_id, stop)


def _hook_of_type(conn_type: str, conn_id: str, stop: Stop | None = None) -> GatewayHook:
    module, _, name = facts_of(conn_type).hook_class.rpartition(".")
    hook: GatewayHook = getattr(importlib.import_module(module), name)(conn_id, stop=stop)
    return hook


def _unreadable(conn_id: str) -> GatewayHook:
    """Have a hook say, in the words of tasks, why there is no connection; its id may tell whose it is."""
    likely = next((name for name in GATEWAYS if conn_id.startswith(name)), None)
    hook = _hook_of_type(likely or GATEWAYS[0], conn_id)
    try:
        hook.settings  # noqa: B018 - reading it is what is wanted
    except ConnectionConfigError as error:
        if not error.advice or likely is not None:
            raise
        others = ", ".join(repr(name) for name in GATEWAYS[1:])
        raise error.replace(advice=f"{error.advice} The type of another gateway is {others}.") from None
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

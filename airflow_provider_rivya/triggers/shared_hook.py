"""Shares one hook, and so one connection look-up and one HTTP client, among all waiters of an event loop."""

from __future__ import annotations

import asyncio
import contextvars
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from airflow_provider_rivya.hooks.base import GatewayHook

H = TypeVar("H", bound=GatewayHook)


@dataclass(slots=True)
class _Lease:
    hook: GatewayHook
    users: int = 0
    ending: asyncio.Task[None] | None = None


_Table = dict[tuple[type[GatewayHook], str], _Lease]
_leases: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Table] = weakref.WeakKeyDictionary()


@asynccontextmanager
async def shared_hook(hook_class: type[H], conn_id: str) -> AsyncIterator[H]:
    """Lend the hook of a connection; a while after the last borrower has gone its client is closed."""
    loop = asyncio.get_running_loop()
    table = _leases.setdefault(loop, {})
    key = (hook_class, conn_id)
    if key not in table:
        table[key] = _Lease(hook_class(conn_id))
    lease = table[key]
    lease.users += 1
    if lease.ending is not None:
        lease.ending.cancel()
        lease.ending = None
        lease.hook.expire()  # somebody may have changed the connection since
    try:
        hook = lease.hook
        if not isinstance(hook, hook_class):  # the table's key says so; this tells the type checker
            raise TypeError(f"{type(hook)} is not {hook_class}")
        yield hook
    finally:
        lease.users -= 1
        if lease.users == 0:
            # Its context is empty: on a triggerer a task would log into that of the waiter who was last.
            lease.ending = loop.create_task(_end(table, key, lease), context=contextvars.Context())


async def _end(table: _Table, key: tuple[type[GatewayHook], str], lease: _Lease) -> None:
    try:
        await asyncio.sleep(lease.hook.kept_unused)
    finally:  # an event loop that ends cancels this task
        if lease.users == 0 and lease.ending is asyncio.current_task():
            del table[key]
            await lease.hook.aclose()

"""Shares one hook, and so one connection look-up and one HTTP client, among all waiters of an event loop."""

from __future__ import annotations

import asyncio
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


_Table = dict[tuple[type[GatewayHook], str], _Lease]
_leases: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Table] = weakref.WeakKeyDictionary()


@asynccontextmanager
async def shared_hook(hook_class: type[H], conn_id: str) -> AsyncIterator[H]:
    """
    Lend the hook of a connection; the last borrower closes its client.

    No task is started for it: on a triggerer a task would inherit, and log into, the context of
    whichever waiter came first.
    """
    table = _leases.setdefault(asyncio.get_running_loop(), {})
    key = (hook_class, conn_id)
    if key not in table:
        table[key] = _Lease(hook_class(conn_id))
    lease = table[key]
    lease.users += 1
    try:
        hook = lease.hook
        if not isinstance(hook, hook_class):  # the table's key says so; this tells the type checker
            raise TypeError(f"{type(hook)} is not {hook_class}")
        yield hook
    finally:
        lease.users -= 1
        if lease.users == 0:
            del table[key]
            await lease.hook.aclose()

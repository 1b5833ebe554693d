"""Sockets of exchanges on an event loop over httpcore, which go through a SOCKS proxy."""

from __future__ import annotations

from typing import Any, Final

import httpcore

from airflow_provider_rivya.api.transport.heads import Heads
from airflow_provider_rivya.api.transport.names import addresses_of
from airflow_provider_rivya.api.transport.sockets import bounds

_LOOP_BYTES: Final = 16 * 1024
"""At once on an event loop, which stands still while they are looked through."""


class _AsyncStream(httpcore.AsyncNetworkStream):
    """A socket that keeps to the bounds of its exchange; a cancellation takes the place of the flag."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._heads = Heads()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while data := await self._receive(max_bytes, timeout):
            answer, behind = self._heads.feed(data)
            if answer or behind:
                return answer + behind  # the parser then lets go of the connection
        return b""

    async def _receive(self, max_bytes: int, timeout: float | None) -> bytes:
        limits = bounds()
        with limits.waiting():
            return limits.came(
                await self._inner.read(min(max_bytes, _LOOP_BYTES), timeout=limits.allowed(timeout))
            )

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        limits = bounds()
        self._heads.begin()
        with limits.waiting():
            await self._inner.write(buffer, timeout=limits.allowed(timeout))

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        limits = bounds()
        with limits.waiting():
            inner = await self._inner.start_tls(ssl_context, server_hostname, limits.allowed(timeout))
        return _AsyncStream(inner)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class AsyncBackend(httpcore.AsyncNetworkBackend):
    """Connects to a host's addresses one after the other."""

    def __init__(self) -> None:
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **kwargs: Any
    ) -> httpcore.AsyncNetworkStream:
        limits = bounds()
        failed: Exception = httpcore.ConnectError("the host has no address")
        with limits.waiting():
            try:
                addresses = await addresses_of(host, port, limits.allowed(timeout))
            except TimeoutError as error:
                raise httpcore.ConnectTimeout(str(error)) from None
            except OSError as error:
                raise httpcore.ConnectError(str(error)) from None
            for address in addresses:
                try:
                    seconds = limits.allowed(timeout) / len(addresses)
                    inner = await self._inner.connect_tcp(address, port, seconds, *args, **kwargs)
                    return _AsyncStream(inner)
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    failed = error
        raise failed

"""Runs the application on uvicorn, on a socket that listens already."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn

from airflow_provider_rivya.sandbox.server.app import build
from airflow_provider_rivya.sandbox.server.wire import TrackingProtocol
from airflow_provider_rivya.sandbox.state.gateway import Gateway
from airflow_provider_rivya.sandbox.toapis.delivering import deliver

SECONDS_TO_END = 1


class Server(uvicorn.Server):
    """uvicorn's server, saying when it is ready and ending with exit code 0 on a signal."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(_welcome(self._gateway), flush=True)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # uvicorn raises the signal again after a clean end, which would look like a crash.
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self._end)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    def _end(self) -> None:
        self._gateway.closing.set()
        self.should_exit = True


def serve(listener: socket.socket, *, speed: float, credits: float, quiet: bool) -> None:
    """
    Serve until SIGTERM or SIGINT.

    :param listener: a bound and listening socket on 127.0.0.1.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    logging.getLogger("uvicorn.access").setLevel(logging.CRITICAL if quiet else logging.INFO)
    asyncio.run(_serve(listener, speed=speed, credits=credits, quiet=quiet))


async def _serve(listener: socket.socket, *, speed: float, credits: float, quiet: bool) -> None:
    host, port = listener.getsockname()
    gateway = Gateway(f"http://{host}:{port}", starting_credits=credits, speed=speed)
    config = uvicorn.Config(
        build(gateway),
        http=TrackingProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=not quiet,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SECONDS_TO_END,
    )
    delivering = asyncio.create_task(deliver(gateway))
    try:
        await Server(config, gateway).serve(sockets=[listener])
    finally:
        delivering.cancel()


def _welcome(gateway: Gateway) -> str:
    url = gateway.base_url
    rivya, toapis = (
        json.dumps({"conn_type": kind, "host": url, "password": key})
        for kind, key in (("rivya", "rvya_sk_sandbox"), ("toapis", "sk-sandbox"))
    )
    balance = gateway.state.balance("sandbox")
    return "\n".join(
        (
            f"Rivya sandbox listening on {url}",
            f"  Credits     {balance:g} at each gateway, none of them real: nothing is charged",
            f"  Rivya       export AIRFLOW_CONN_RIVYA_DEFAULT='{rivya}'",
            f"              or in the form: type Rivya, host {url}, password rvya_sk_sandbox",
            f"  ToAPIs      export AIRFLOW_CONN_TOAPIS_DEFAULT='{toapis}'",
            f"              or in the form: type ToAPIs, host {url}, password sk-sandbox",
            f"  Look        {url}/   pictures, balance and ledger",
            "  Stop        Ctrl-C",
        )
    )

"""TCP cables: what a machine is plugged into the others' services with. Each can be cut, or carry nothing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any, Literal

Mode = Literal["carries", "black_hole", "refuses"]
_AT_ONCE = struct.pack("ii", 1, 0)
_LOOPBACK = "127.0.0.1"


class Cables:
    """The thread that carries what goes over all cables."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cables", daemon=True)
        self._thread.start()
        self._laid: list[Cable] = []

    def run(self, action: Coroutine[Any, Any, None]) -> None:
        """Run something there, and wait for its end."""
        asyncio.run_coroutine_threadsafe(action, self._loop).result(10)

    def lay(self, target: int) -> Cable:
        """A cable to a loopback port."""
        cable = Cable(self, target)
        self.run(cable.open())
        self._laid.append(cable)
        return cable

    def close(self) -> None:
        """Cut all."""
        for cable in self._laid:
            cable.set("refuses")
        self.run(asyncio.sleep(0))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Cable:
    """
    A listening port on loopback in front of another one.

    :ivar port: where it listens.
    """

    def __init__(self, cables: Cables, target: int) -> None:
        self.port = 0
        self._cables, self._target = cables, target
        self._server: asyncio.Server | None = None
        self._carries = asyncio.Event()
        self._ends: set[asyncio.StreamWriter] = set()

    def set(self, mode: Mode) -> None:
        """``black_hole``: nothing arrives, nothing is refused. ``refuses``: everything is reset."""
        self._cables.run(self._set(mode))

    async def open(self) -> None:
        """Listen, after a cut on the same port."""
        self._carries.set()
        self._server = await asyncio.start_server(self._serve, _LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _set(self, mode: Mode) -> None:
        if mode == "refuses":
            if self._server is not None:
                self._server.close()
                self._server = None
            for end in list(self._ends):
                # Without it the end would be an orderly one.
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                end.transport.abort()
        elif self._server is None:
            await self.open()
        if mode == "black_hole":
            self._carries.clear()
        else:
            self._carries.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            await self._carries.wait()
            far_reader, far_writer = await asyncio.open_connection(_LOOPBACK, self._target)
        except OSError:
            writer.transport.abort()
            self._ends.discard(writer)
            return
        self._ends.add(far_writer)
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        self._ends -= {writer, far_writer}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(65536):
                await self._carries.wait()
                writer.write(chunk)
                await writer.drain()
        with contextlib.suppress(OSError, RuntimeError):
            writer.close()

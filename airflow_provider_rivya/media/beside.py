"""Work on a stream beside the one who receives it, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final, Self

#: Smaller blocks wake the thread too often, larger ones fall out of the processor's cache.
BLOCK_SIZE: Final = 256 * 1024
#: How many blocks there are at most, so that a slow consumer slows the producer down.
BLOCKS: Final = 3


class Beside:
    """
    Hand a stream to a consumer that runs in another thread, in order and in constant memory.

    Worth it for work that lets go of the interpreter's lock, as ``hashlib`` does. The bytes are
    copied into a few blocks that are used again and again (:data:`BLOCKS` of :data:`BLOCK_SIZE`):
    that costs less than giving every chunk fresh memory, and the caller may do with its own as it
    likes. A stream that fits into one block is consumed in the caller's thread, without another one.

    As a context manager the thread has ended when the block is left, however it is left.

    :param consume: takes the next bytes; they are only valid during the call.
    """

    def __init__(self, consume: Callable[[memoryview], object]) -> None:
        self._consume = consume
        self._block = memoryview(bytearray(BLOCK_SIZE))
        self._used = 0
        self._made = 1
        self._full: SimpleQueue[memoryview | None] = SimpleQueue()
        self._free: SimpleQueue[memoryview] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    def feed(self, data: bytes | memoryview) -> None:
        """
        Take in the next bytes; waits while all blocks are full.

        :raises BaseException: what the consumer raised for earlier bytes.
        """
        if self._error is not None:
            raise self._error
        left = memoryview(data)
        while left:
            piece = left[: BLOCK_SIZE - self._used]
            left = left[len(piece) :]
            self._block[self._used : self._used + len(piece)] = piece
            self._used += len(piece)
            if self._used == BLOCK_SIZE:
                self._hand_over()

    def finish(self) -> None:
        """
        Wait until everything is consumed; no more bytes follow.

        :raises BaseException: what the consumer raised.
        """
        self.close()
        if self._error is not None:
            raise self._error
        rest, self._used = self._block[: self._used], 0
        self._consume(rest)

    def close(self) -> None:
        """End the thread. What was not handed over yet is not consumed."""
        if self._thread is not None:
            self._full.put(None)
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hand_over(self) -> None:
        if self._thread is None:
            # A daemon, since it holds nothing that an interpreter on its way out would have to wait for.
            self._thread = threading.Thread(target=self._run, name="rivya-beside", daemon=True)
            self._thread.start()
        self._full.put(self._block)
        self._used = 0
        if self._made < BLOCKS:
            self._made += 1
            self._block = memoryview(bytearray(BLOCK_SIZE))
        else:
            self._block = self._free.get()

    def _run(self) -> None:
        while (block := self._full.get()) is not None:
            if self._error is None:
                try:
                    self._consume(block)
                except BaseException as error:
                    self._error = error
            # After an error too: the caller may be waiting for a block.
            self._free.put(block)

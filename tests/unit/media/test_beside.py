from __future__ import annotations

import random
import threading

import pytest

from airflow_provider_rivya.media.beside import BLOCK_SIZE, BLOCKS, Beside


def beside_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "rivya-beside"]


@pytest.mark.parametrize("chunk", [1000, 16 * 1024, BLOCK_SIZE, BLOCK_SIZE + 1, 3 * BLOCK_SIZE])
@pytest.mark.parametrize(
    "size", [0, 1, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, (BLOCKS + 4) * BLOCK_SIZE + 77]
)
def test_everything_arrives_once_and_in_order(size: int, chunk: int) -> None:
    data = random.Random(size).randbytes(size)  # noqa: S311 - test data
    taken = bytearray()
    with Beside(taken.extend) as beside:
        for at in range(0, size, chunk):
            beside.feed(data[at : at + chunk])
        beside.finish()
    assert taken == data
    assert not beside_threads()


def test_a_small_stream_takes_no_thread() -> None:
    consumers: list[int] = []
    with Beside(lambda _: consumers.append(threading.get_ident())) as beside:
        beside.feed(bytes(BLOCK_SIZE - 1))
        assert not beside_threads()
        beside.finish()
    assert consumers == [threading.get_ident()]


def test_a_large_stream_is_consumed_in_another_thread() -> None:
    consumers: set[int] = set()
    with Beside(lambda _: consumers.add(threading.get_ident())) as beside:
        for _ in range(8):
            beside.feed(bytes(BLOCK_SIZE))
        assert len(beside_threads()) == 1
        beside.close()
    assert len(consumers) == 1
    assert threading.get_ident() not in consumers


def test_the_callers_memory_may_change_at_once() -> None:
    taken = bytearray()
    reused = bytearray(BLOCK_SIZE // 2)
    with Beside(taken.extend) as beside:
        for number in range(10):
            reused[:] = bytes([number]) * len(reused)
            beside.feed(memoryview(reused))
        beside.finish()
    assert taken == b"".join(bytes([number]) * len(reused) for number in range(10))


def test_a_slow_consumer_slows_the_producer_down() -> None:
    offered = consumed = most = 0
    started = threading.Event()

    def consume(block: memoryview) -> None:
        nonlocal consumed, most
        started.wait(60)
        most = max(most, offered - consumed)
        consumed += len(block)

    with Beside(consume) as beside:
        for number in range(40):
            offered += BLOCK_SIZE
            if number == BLOCKS - 1:
                started.set()
            beside.feed(bytes(BLOCK_SIZE))
        beside.finish()
    assert consumed == 40 * BLOCK_SIZE
    assert 2 * BLOCK_SIZE <= most <= (BLOCKS + 1) * BLOCK_SIZE


class OutOfLuckError(Exception):
    pass


@pytest.mark.parametrize("fails_at", [1, 2, BLOCKS, 30])
def test_what_the_consumer_raises_reaches_the_caller_as_it_is(fails_at: int) -> None:
    calls = 0

    def consume(_: memoryview) -> None:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise OutOfLuckError("the consumer's own words")

    def feed_all(beside: Beside) -> None:
        for _ in range(30):
            beside.feed(bytes(BLOCK_SIZE))
        beside.finish()

    with Beside(consume) as beside, pytest.raises(OutOfLuckError, match=r"^the consumer's own words$"):
        feed_all(beside)
    assert calls == fails_at  # nothing is consumed after a hole
    assert not beside_threads()


def test_a_small_streams_error_too() -> None:
    def consume(_: memoryview) -> None:
        raise OutOfLuckError

    with Beside(consume) as beside:
        beside.feed(b"x")
        with pytest.raises(OutOfLuckError):
            beside.finish()


def test_the_thread_ends_when_the_caller_is_interrupted() -> None:
    with pytest.raises(KeyboardInterrupt), Beside(lambda _: None) as beside:  # noqa: PT012 - the block is the case
        beside.feed(bytes(5 * BLOCK_SIZE))
        assert beside_threads()
        raise KeyboardInterrupt
    assert not beside_threads()

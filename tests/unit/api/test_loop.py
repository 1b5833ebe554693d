"""What a connection on an event loop takes in at once."""

from __future__ import annotations

import asyncio
from unittest.mock import Mock

import pytest

from airflow_provider_rivya.api.sockets import Bounds
from airflow_provider_rivya.api.transport.loop import _Counting

INTERIM = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"


@pytest.mark.parametrize(("count", "ends"), [(10, False), (2000, True)])
def test_a_flood_of_interim_answers_does_not_reach_the_parser(count: int, ends: bool) -> None:
    """Thousands of them fit into what an answer may have; parsing them would hold all others up."""

    async def feed() -> tuple[bool, int]:
        protocol, transport = _Counting(asyncio.get_running_loop()), Mock()
        protocol.of = Bounds(1.0, 10**6)
        protocol.connection_made(transport)
        protocol.set_response_params()
        protocol.data_received(INTERIM * count)
        return transport.abort.called, len(protocol._buffer)

    assert asyncio.run(feed()) == (ends, 0 if ends else count)

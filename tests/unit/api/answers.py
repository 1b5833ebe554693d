"""Reads an answer of a gateway as a call does, without the network in between."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_rivya.api.call import Answer, ApiCall, read_answer
from airflow_provider_rivya.exceptions import GatewayError


def read(call: ApiCall[Any], document: Any, status: int = 200, **headers: str) -> Any:
    """Anything but bytes is read as JSON; ``retry_after`` is ``Retry-After``."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_answer(
        call, Answer(status, {name.replace("_", "-"): headers[name] for name in headers}, body)
    )


def refusal(call: ApiCall[Any], document: Any, status: int = 400, **headers: str) -> GatewayError:
    """Return the error that an answer is raised as."""
    with pytest.raises(GatewayError) as caught:
        read(call, document, status, **headers)
    return caught.value

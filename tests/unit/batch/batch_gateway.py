"""A gateway in memory, which loses, refuses and fails what it is told to; and a try's way to it."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from PIL import Image

from airflow_provider_rivya.api.call import FilePart
from airflow_provider_rivya.api.connection import read_connection
from airflow_provider_rivya.api.rivya import RIVYA
from airflow_provider_rivya.api.schemas import Balance, Generation, GenerationFailure, UploadedFile
from airflow_provider_rivya.api.toapis import TOAPIS
from airflow_provider_rivya.exceptions import GatewayUnreachableError, RateLimitedError
from tests.unit.batch.batch_steps import Fuse


@dataclass
class Made:
    id: str
    key: str
    prompt: str
    state: str = "succeeded"
    cost: float = 1.0
    content: bytes = b""
    code: str = "server_error"


@dataclass
class Gateway:
    """
    :param replays_keys: whether it answers a repeated key with what it has made.
    :ivar losses: what happens to the next requests: ``answer`` and ``request`` are lost,
        ``later`` is told to come again.
    :ivar failures: how often a prompt fails, and is refunded, before it succeeds.
    :ivar tells: whether its answer to a request says what that costs.
    :ivar refused: prompts whose content it refuses, and refunds.
    """

    replays_keys: bool = True
    made: list[Made] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    cost: float = 1.0
    tells: bool = False
    guard: threading.Lock = field(default_factory=threading.Lock)

    def create(self, key: str, prompt: str) -> tuple[Made, str]:
        with self.guard:
            loss = self.losses.pop(0) if self.losses else ""
            if loss == "request":
                raise GatewayUnreachableError("lost", retryable=True, maybe_taken_in=True)
            if loss == "later":
                raise RateLimitedError("not now", retryable=True, retry_after=90.0)
            known = [made for made in self.made if made.key == key]
            if known and self.replays_keys:
                return known[0], loss
            made = Made(f"task_{len(self.made)}", key, prompt, cost=self.cost)
            if self.failures.get(prompt, 0) > 0:
                self.failures[prompt] -= 1
                made.state, made.cost = "failed", 0.0
            if prompt in self.refused:
                made.state, made.cost, made.code = "failed", 0.0, "content_policy_violation"
            image = Image.new("RGB", (16, 16), (len(self.made) % 256, len(self.made) // 256, 7))
            image.save(buffer := io.BytesIO(), "PNG")
            made.content = buffer.getvalue()
            self.made.append(made)
            return made, loss

    def paid(self, prompt: str) -> int:
        return sum(made.cost > 0 for made in self.made if made.prompt == prompt)


class _Stream:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.coding = ""
        self.length = len(data)

    def chunks(self) -> Iterator[bytes]:
        yield self._data


class Client:
    """A try's way to the gateway."""

    clock_skew = 0.0

    def __init__(self, gateway: Gateway, fuse: Fuse) -> None:
        self._gateway = gateway
        self._fuse = fuse
        self.api = RIVYA if gateway.replays_keys else TOAPIS
        self.conn_id = f"{self.api.name}_default"
        self.settings = read_connection(
            conn_id=self.conn_id,
            conn_type=self.api.name,
            default_host=self.api.default_host,
            host="http://127.0.0.1:1",
            schema=None,
            port=None,
            password="a-key",
            extra=None,
        )

    def create_generation(self, body: str, key: str | None = None, **_: Any) -> Generation:
        self._fuse.step(stands=False)
        made, loss = self._gateway.create(key or "", json.loads(body)["prompt"])
        self._fuse.step()
        if loss == "answer":
            raise GatewayUnreachableError("lost", retryable=True, maybe_taken_in=True)
        told = made.cost if self._gateway.tells else None
        return Generation(id=made.id, status="queued", created_at=datetime.now(UTC), credits_reserved=told)

    def get_generation(self, generation_id: str, **_: Any) -> Generation:
        self._fuse.step()
        return self._shown(next(made for made in self._gateway.made if made.id == generation_id))

    def find_generation(self, key: str, **_: Any) -> Generation | None:
        self._fuse.step()
        found = [made for made in self._gateway.made if made.key == key]
        return self._shown(found[-1]) if found else None

    @staticmethod
    def _shown(made: Made) -> Generation:
        return Generation(
            id=made.id,
            status=made.state,
            credits_final=made.cost,
            failure=GenerationFailure(code=made.code) if made.state == "failed" else None,
            urls=(f"https://cdn.example/{made.id}",) if made.state == "succeeded" else (),
        )

    def send_file(self, part: FilePart, *_: Any) -> UploadedFile:
        return UploadedFile(url=f"https://cdn.example/{part.name}")

    def downloader(self) -> Any:
        return self

    @contextmanager
    def open(self, url: str, **_: Any) -> Iterator[_Stream]:
        self._fuse.step()
        generation_id = url.rpartition("/")[2]
        yield _Stream(next(made.content for made in self._gateway.made if made.id == generation_id))

    def get_credits(self) -> Balance:
        return Balance(credits=1000)

    def refresh(self) -> None:
        """There is nothing to read."""

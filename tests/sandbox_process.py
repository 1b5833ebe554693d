"""The sandbox as a real process over loopback, for every test that needs a gateway."""

from __future__ import annotations

import http.client
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import urlsplit

READY = "Rivya sandbox listening on "
KEY = "rvya_sk_sandbox"
TOAPIS_KEY = "sk-sandbox"
KEY_OF_GATEWAY = {"rivya": KEY, "toapis": TOAPIS_KEY}
ACCOUNT_OF_GATEWAY = {"rivya": "sandbox", "toapis": "toapis"}
PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Answer:
    """One HTTP answer: ``status``, lower-case ``headers``, raw ``body``."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error_code(self) -> str | None:
        """``error.code`` of an error answer, ``None`` for anything else."""
        try:
            return str(self.json()["error"]["code"])
        except (ValueError, KeyError, TypeError):
            return None


class SandboxProcess:
    """
    ``python -m airflow_provider_rivya.sandbox`` on a free port, ended by its process id.

    :param speed: how many times faster than the real thing; 1 makes an image take about 20 s.
    :param arguments: further command line arguments, e.g. ``("--credits", "10")``.

    ``url`` is the base URL without a trailing slash.
    """

    def __init__(self, speed: float = 200, arguments: tuple[str, ...] = ()) -> None:
        self.speed = speed
        self.arguments = arguments
        self.url = ""
        self.banner = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr: IO[bytes] | None = None
        self._errors = ""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the sandbox is not running")
        return self._process.pid

    def start(self) -> Self:
        """Start the process and wait for its ready line."""
        command = [sys.executable, "-m", "airflow_provider_rivya.sandbox", "--port", "0"]
        command += ["--speed", str(self.speed), "--quiet", *self.arguments]
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  closed in stop()
        self._process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
        )
        line = self._first_line(time.monotonic() + 60)
        if not line.startswith(READY):
            code = self.stop()
            raise RuntimeError(
                f"the sandbox did not start (exit code {code}): {line or 'nothing printed'}\n{self.errors()}"
            )
        self.banner = line
        self.url = line.removeprefix(READY).strip()
        return self

    def _first_line(self, deadline: float) -> str:
        if self._process is None or self._process.stdout is None:
            return ""
        read = bytearray()
        while not read.endswith(b"\n"):
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            byte = os.read(self._process.stdout.fileno(), 1) if ready else b""
            if not byte:
                break
            read += byte
        return read.decode("utf-8", "replace").strip()

    def stop(self) -> int | None:
        """Terminate the process, wait for it, and return its exit code."""
        process, self._process = self._process, None
        if process is None:
            return None
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
        self._errors = self.errors()
        if self._stderr is not None:
            self._stderr.close()
            self._stderr = None
        return process.returncode

    def errors(self) -> str:
        """What the process wrote to stderr so far."""
        if self._stderr is None:
            return self._errors
        self._stderr.seek(0)
        return self._stderr.read().decode("utf-8", "replace")

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = KEY,
    ) -> Answer:
        """Send one request on a connection of its own; redirects are not followed."""
        parts = urlsplit(self.url)
        given = urlsplit(path)
        target = f"{given.path}?{given.query}" if given.query else given.path
        send = dict(headers or {})
        if key is not None:
            send.setdefault("Authorization", f"Bearer {key}")
        connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=30)
        try:
            connection.request(method, target, body=body, headers=send)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path: str, *, key: str | None = KEY, headers: Mapping[str, str] | None = None) -> Answer:
        return self.request("GET", path, key=key, headers=headers)

    def post(
        self,
        path: str,
        json_body: Any = None,
        *,
        key: str | None = KEY,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        sent = {"Content-Type": "application/json", **(headers or {})}
        body = json.dumps({} if json_body is None else json_body).encode()
        return self.request("POST", path, body=body, headers=sent, key=key)

    def control(self, method: str, path: str, json_body: Any = None) -> Any:
        """Call a control endpoint under ``/sandbox``; anything but 200 raises."""
        body = None if json_body is None else json.dumps(json_body).encode()
        answer = self.request(
            method, f"/sandbox/{path}", body=body, headers={"Content-Type": "application/json"}, key=None
        )
        if answer.status != 200:
            raise RuntimeError(f"{method} /sandbox/{path} -> {answer.status}: {answer.body[:500]!r}")
        return answer.json()

    def ledger(self, gateway: str | None = None) -> dict[str, Any]:
        """
        Return ``{"entries": [...], "charges": n, "refunds": n, "balance": {account: credits}}``.

        :param gateway: only this one's entries and accounts.
        """
        return dict(self.control("GET", f"ledger?gateway={gateway}" if gateway else "ledger"))

    def credits(self, gateway: str = "rivya") -> float:
        """Return the balance of the account that the gateway's sandbox key belongs to."""
        return float(self.ledger()["balance"][ACCOUNT_OF_GATEWAY[gateway]])

    def set_credits(self, credits: float, gateway: str = "rivya") -> None:
        """Set that balance."""
        self.control("POST", "credits", {"account": ACCOUNT_OF_GATEWAY[gateway], "credits": credits})

    def connection(self, gateway: str = "rivya", **fields: Any) -> str:
        """Return an Airflow connection to one of the gateways, as JSON."""
        return json.dumps(
            {"conn_type": gateway, "host": self.url, "password": KEY_OF_GATEWAY[gateway], **fields}
        )

    def environment(self, *gateways: str) -> dict[str, str]:
        """Return environment variables that hold the default connections, of both gateways unless named."""
        return {
            f"AIRFLOW_CONN_{gateway.upper()}_DEFAULT": self.connection(gateway)
            for gateway in gateways or KEY_OF_GATEWAY
        }

    def tasks(self) -> list[dict[str, Any]]:
        return list(self.control("GET", "tasks")["tasks"])

    def requests(self) -> list[dict[str, Any]]:
        """Every request to the gateway's own paths since the last reset, oldest first."""
        return list(self.control("GET", "requests")["requests"])

    def reset(self, **settings: Any) -> None:
        """Back to the start; ``credits=`` and ``speed=`` set those anew."""
        self.control("POST", "reset", settings)

    def fault(self, **fault: Any) -> None:
        """Ask for a fault: ``method=, path=, times=, kind=, ...``."""
        self.control("POST", "faults", fault)

    def assume(self, **values: Any) -> None:
        """Set named assumptions."""
        self.control("POST", "assumptions", values)

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock forward, so that nothing has to be waited for."""
        self.control("POST", "clock", {"advance": seconds})

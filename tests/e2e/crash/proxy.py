"""
A small proxy to the sandbox with one port per scenario, which acts at a chosen moment of a call.

A proxy forwards each HTTP request on a connection of its own. Rules look at a call as it comes in
(``received``), when the gateway has answered but the client has not heard (``answered``), or when a
part of the answer has been handed on (``handed``), and may kill, cut, hold, answer or edit.
"""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, Self

from tests.e2e.crash.processes import pid_at

Moment = Literal["received", "answered", "handed"]
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Endpoint:
    """
    Calls of one kind, at whichever gateway.

    :param paths: patterns (``fnmatch``).
    """

    method: str
    paths: tuple[str, ...]

    def has(self, method: str, path: str) -> bool:
        return method == self.method and any(fnmatchcase(path, pattern) for pattern in self.paths)

    def __str__(self) -> str:
        return f"{self.method} {' or '.join(self.paths)}"


CREATE = Endpoint("POST", ("/api/v1/generations", "/v1/images/generations"))
UPLOAD = Endpoint("POST", ("/api/v1/files", "/v1/uploads/images"))
POLL = Endpoint("GET", ("/api/v1/generations/task_*", "/v1/images/generations/task_*"))
LOOK_UP = Endpoint("GET", ("/v1/images/generations/rivya-*",))
DOWNLOAD = Endpoint("GET", ("/results/*", "/generated/*"))


class CutError(Exception):
    """End the client's connection without a further byte."""


@dataclass
class Call:
    """One request with, once there is one, the answer to it; both as raw HTTP."""

    proxy: Proxy
    method: str
    path: str
    head: bytes
    body: bytes
    client_port: int
    answer: bytes = b""

    def pid(self) -> int:
        """Return the process that made the call."""
        return pid_at(self.client_port, self.proxy.port)

    def json(self) -> Any:
        """Return the decoded body of the answer."""
        return json.loads(self.answer.partition(b"\r\n\r\n")[2])


Act = Callable[[Call], None]


@dataclass
class Rule:
    """
    What happens to which calls.

    :param times: how many calls it hits; ``None``: all, until :meth:`end`.
    :param needed: how many it must have hit for the scenario to have been played at all; ``None``: as many
        as it can, or one where there is no limit.
    :param bytes_before: of moment ``handed``: how many bytes of the answer's body go out first.
    """

    moment: Moment
    endpoint: Endpoint
    act: Act
    times: int | None = 1
    needed: int | None = None
    bytes_before: int = 0
    hits: int = 0
    ended: bool = False
    hit: threading.Event = field(default_factory=threading.Event)

    def take(self, moment: Moment, call: Call) -> bool:
        wanted = moment == self.moment and self.endpoint.has(call.method, call.path)
        if not wanted or self.ended or self.hits == self.times:
            return False
        self.hits += 1
        return True

    def end(self) -> None:
        """Hit no further call."""
        self.ended = True

    def __str__(self) -> str:
        return f"{self.endpoint}, {self.moment}"

    @property
    def missed(self) -> str:
        """What did not happen; empty if it did."""
        needed = self.needed if self.needed is not None else self.times or 1
        return "" if self.hits >= needed else f"{self}: hit {self.hits} of {needed} calls"

    def wait_hit(self, timeout: float = 120.0) -> None:
        """Wait until it has acted on a call."""
        if not self.hit.wait(timeout):
            raise TimeoutError(f"no {self.endpoint} after {timeout:g} s")


class Proxy:
    """
    One scenario's way to the sandbox.

    :param gateway: host and port of the sandbox.
    :param create_lock: held while a paid call is with the gateway, one lock for all proxies.
    :ivar calls: method and path of every call that came, oldest first.
    :ivar broken: acts that failed, such as a kill of a process that was not found.
    """

    def __init__(self, gateway: tuple[str, int], create_lock: threading.Lock | None = None) -> None:
        self.gateway = gateway
        self.create_lock = create_lock or threading.Lock()
        self.port = 0
        self.calls: list[tuple[str, str]] = []
        self.broken: list[str] = []
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._server: socketserver.ThreadingTCPServer | None = None
        self.open()

    @property
    def url(self) -> str:
        return f"http://{_LOOPBACK}:{self.port}"

    def open(self) -> None:
        """Listen, after a :meth:`close` on the same port."""
        server = _Server((_LOOPBACK, self.port), _handler(self))
        self.port = int(server.server_address[1])
        self._server = server
        threading.Thread(target=server.serve_forever, args=(0.2,), name="proxy", daemon=True).start()

    def close(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- rules -------------------------------------------------------------------------------------

    def on(
        self,
        moment: Moment,
        endpoint: Endpoint,
        act: Act,
        *,
        times: int | None = 1,
        needed: int | None = None,
        bytes_before: int = 0,
    ) -> Rule:
        """Add a rule; older ones come first."""
        rule = Rule(moment, endpoint, act, times, needed, bytes_before)
        with self._lock:
            self._rules.append(rule)
        return rule

    def act(self, moment: Moment, call: Call) -> None:
        """Let the first rule that fits act."""
        if (rule := self.taken(moment, call)) is not None:
            self.follow(rule, call)

    def follow(self, rule: Rule, call: Call) -> None:
        """Let a rule act on a call, and keep what goes wrong with that: a client sees a cut connection."""
        try:
            rule.act(call)
        except CutError:
            raise
        except Exception as error:
            self.broken.append(f"{rule}: {type(error).__name__}: {error}")
            raise
        finally:
            rule.hit.set()

    @property
    def not_played(self) -> list[str]:
        """What the rules were to do, and have not done."""
        with self._lock:
            return [*filter(None, (rule.missed for rule in self._rules)), *self.broken]

    def taken(self, moment: Moment, call: Call) -> Rule | None:
        with self._lock:
            return next((rule for rule in self._rules if rule.take(moment, call)), None)

    def count(self, endpoint: Endpoint) -> int:
        """Return how many such calls came."""
        return sum(1 for method, path in list(self.calls) if endpoint.has(method, path))

    def wait_calls(self, endpoint: Endpoint, number: int = 1, timeout: float = 120.0) -> None:
        """Wait until so many such calls have come."""
        deadline = time.monotonic() + timeout
        while self.count(endpoint) < number:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.count(endpoint)} of {number} {endpoint} after {timeout:g} s")
            time.sleep(0.1)


# -- the wire ----------------------------------------------------------------------------------------


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients are killed here: a broken connection is no news."""


def _handler(proxy: Proxy) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            call = _read_call(proxy, self.request, self.client_address[1])
            if call is None:
                return
            proxy.calls.append((call.method, call.path))
            with contextlib.suppress(CutError):
                proxy.act("received", call)
                if not call.answer:
                    is_paid = CREATE.has(call.method, call.path)
                    with proxy.create_lock if is_paid else contextlib.nullcontext():
                        call.answer = forward(call)
                    proxy.act("answered", call)
                self._hand_on(call)

        def _hand_on(self, call: Call) -> None:
            rule = proxy.taken("handed", call)
            if rule is None:
                self.request.sendall(call.answer)
                return
            split = call.answer.index(b"\r\n\r\n") + 4 + rule.bytes_before
            self.request.sendall(call.answer[:split])
            time.sleep(0.2)  # the client shall have read and stored a part
            proxy.follow(rule, call)
            self.request.sendall(call.answer[split:])

    return Handler


def _read_call(proxy: Proxy, connection: socket.socket, client_port: int) -> Call | None:
    head, body = _split(connection)
    if not head:
        return None
    method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    length = _header(head, b"content-length")
    while length and len(body) < int(length):
        chunk = connection.recv(65536)
        if not chunk:
            return None
        body += chunk
    return Call(proxy, method, target.partition("?")[0], head, body, client_port)


def _split(connection: socket.socket) -> tuple[bytes, bytes]:
    read = b""
    while b"\r\n\r\n" not in read:
        chunk = connection.recv(65536)
        if not chunk:
            return b"", b""
        read += chunk
    head, _, body = read.partition(b"\r\n\r\n")
    return head, body


def _header(head: bytes, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return None


def forward(call: Call) -> bytes:
    """
    Send a request on, and read the whole answer.

    The gateway names itself in its URLs (results, uploads). The proxy's address, which has as many
    digits, stands in their place for the client, so that downloads come through the proxy too.
    """
    ours, theirs = _address(call.proxy.port), _address(call.proxy.gateway[1])
    if len(ours) != len(theirs):
        raise RuntimeError(f"{ours!r} cannot stand in for {theirs!r}")
    lines = call.head.replace(ours, theirs).split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith(b"connection:")]
    head = b"\r\n".join([*kept, b"Connection: close", b"", b""])
    is_json = (_header(call.head, b"content-type") or b"").startswith(b"application/json")
    answer = b""
    with socket.create_connection(call.proxy.gateway, timeout=60) as upstream:
        upstream.sendall(head + (call.body.replace(ours, theirs) if is_json else call.body))
        while chunk := upstream.recv(65536):
            answer += chunk
    if not answer:
        raise CutError
    return answer.replace(theirs, ours) if b"application/json" in answer.partition(b"\r\n\r\n")[0] else answer


def _address(port: int) -> bytes:
    return f"{_LOOPBACK}:{port}".encode()

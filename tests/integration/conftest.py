"""A sandbox process, a connection to it, tasks in a real Airflow, and a watch over all that is logged."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import json
import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from airflow_provider_rivya.waiting.durations import DURATIONS
from airflow_provider_rivya.waiting.pace import PACES
from tests import airflows
from tests.integration.gateways import GATEWAYS, RIVYA, TestedGateway
from tests.integration.generate_tasks import one_task
from tests.integration.leaks import SECRETS
from tests.integration.task_harness import TaskInstanceHarness
from tests.sandbox_process import SandboxProcess
from tests.telemetry import Telemetry, collecting
from tools.stack.database import fresh_sqlite

__all__ = ["SECRETS", "Connect", "Listener", "NewTask", "sent"]

SPEED = 400
"""An image takes 50 ms; with ``reset(speed=1)`` time passes only where a test moves the clock."""

QUICK = {"poll_first": 0.0, "poll_interval": 0.05, "poll_max": 0.1, "retries": 1, "connect_timeout": 5}
"""A gateway on loopback may be polled as fast as this."""

Connect = Callable[..., None]
NewTask = Callable[..., TaskInstanceHarness]

WATCHED = ("hooks", "triggers", "generation", "operators", "sensors", "decorators", "storage")
"""The folders whose tests may show no secret anywhere."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once at each gateway that its nearest mark names."""
    mark = metafunc.definition.get_closest_marker("gateways")
    if mark is not None and "_tested" in metafunc.fixturenames:
        tested = [GATEWAYS[name] for name in mark.args]
        metafunc.parametrize("_tested", tested, indirect=True, ids=[gateway.name for gateway in tested])


class Listener(logging.Handler):
    """
    Takes every line of every logger at every level, before anything masks it.

    :ivar lines: ``(logger, text)`` of the test that is running.
    :ivar warned: the texts among them that are warnings, or worse, of the provider.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[tuple[str, str]] = []
        self.warned: list[str] = []
        self.contexts: list[tuple[str, contextvars.Context]] = []
        self._awaited = ""
        self._times = 0
        self._heard: asyncio.Event | None = None

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text += f"\n{logging.Formatter().formatException(record.exc_info)}"
        self.lines.append((record.name, text))
        if record.levelno >= logging.WARNING and "airflow_provider_rivya" in record.name:
            self.warned.append(text)
        if self._heard is not None and self._awaited in text:
            self._times -= 1
            if self._times <= 0:
                self._heard.set()
        if record.name.startswith("airflow_provider_rivya"):
            self.contexts.append((text, contextvars.copy_context()))

    async def said(self, text: str, times: int = 1) -> None:
        """Wait until this many lines with this text are logged on the running event loop."""
        self._awaited, self._times, self._heard = text, times, asyncio.Event()
        await self._heard.wait()

    @property
    def text(self) -> str:
        return "\n".join(text for _, text in self.lines)

    def leaks(self) -> list[str]:
        """Return the lines that show what no line may show."""
        return [f"{name}: {text}" for name, text in self.lines if SECRETS.search(text)]


@pytest.fixture(scope="session")
def _listener() -> Iterator[Listener]:
    import airflow  # noqa: F401  importing it sets logging up, which would drop a handler of before

    listener = Listener()
    root = logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    yield listener
    root.removeHandler(listener)
    root.setLevel(level)


@pytest.fixture
def logs(_listener: Listener) -> Listener:
    """Everything logged in this test."""
    return _listener


@pytest.fixture(autouse=True)
def _nothing_is_learnt() -> None:
    """No test finds what another one has taught this process: how long generations take, who is to pause."""
    DURATIONS.clear()
    PACES.clear()


@pytest.fixture(autouse=True)
def _nothing_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test: neither a key nor a result URL in a log line or on the terminal."""
    if request.path.parent.name not in WATCHED:
        yield
        return
    listener: Listener = request.getfixturevalue("_listener")
    terminal: pytest.CaptureFixture[str] = request.getfixturevalue("capfd")
    listener.lines.clear()
    listener.warned.clear()
    listener.contexts.clear()
    yield
    out, err = terminal.readouterr()
    sys.stdout.write(out)
    sys.stderr.write(err)
    assert listener.leaks() == []
    assert [line for line in (out + err).splitlines() if SECRETS.search(line)] == []


@pytest.fixture(scope="session")
def _gateway() -> Iterator[SandboxProcess]:
    with SandboxProcess(speed=SPEED) as process:
        yield process


@pytest.fixture
def sandbox(_gateway: SandboxProcess) -> SandboxProcess:
    """A gateway that makes an image in 50 ms, set back to its start."""
    _gateway.reset(credits=1000, speed=SPEED)
    return _gateway


@pytest.fixture
def _tested(request: pytest.FixtureRequest) -> TestedGateway:
    gateway: TestedGateway = getattr(request, "param", RIVYA)
    return gateway


@pytest.fixture
def gateway(_tested: TestedGateway) -> TestedGateway:
    """The gateway at which the test runs."""
    return _tested


@pytest.fixture
def connect(sandbox: SandboxProcess, _tested: TestedGateway, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """
    Set the gateway's default connection; called once already, with the defaults.

    :param key: the API key, ``host``: the gateway's URL; everything else goes to the extra fields.
    """

    def put(
        *,
        key: str | None = _tested.key,
        host: str | None = None,
        conn_type: str = _tested.name,
        **extra: Any,
    ) -> None:
        document = {
            "conn_type": conn_type,
            "host": host or sandbox.url,
            "password": key,
            "extra": {**QUICK, **extra},
        }
        monkeypatch.setenv(_tested.variable, json.dumps(document))

    put()
    return put


@pytest.fixture(scope="session")
def _noise() -> Image.Image:
    return Image.effect_noise((320, 240), 60).convert("RGB")


@pytest.fixture
def photo(_noise: Image.Image, tmp_path: Path) -> Path:
    """A reference photograph."""
    path = tmp_path / "photo.jpg"
    _noise.save(path, "JPEG")
    return path


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """An empty folder for outputs."""
    path = tmp_path / "landing"
    path.mkdir()
    return path


def new_database(home: Path) -> None:
    """Make the metadata database of a new AIRFLOW_HOME."""

    def migrate() -> None:
        env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        subprocess.run(
            command, env={**env, "AIRFLOW_HOME": str(home)}, check=True, capture_output=True, timeout=100
        )

    fresh_sqlite(home / "airflow.db", version("apache-airflow-core"), migrate)


@cache
def _start_airflow() -> None:
    new_database(Path(os.environ["AIRFLOW_HOME"]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what importing Airflow's own server warns of is not ours
        assert airflows.api_server().app is not None  # made when it is first asked for


@pytest.fixture(scope="session")
def database() -> None:
    """Airflow's real metadata database."""
    _start_airflow()


@pytest.fixture
def new_task(database: None, connect: Connect, landing: Path, _tested: TestedGateway) -> NewTask:
    """Return a DAG run with one generate task ``make``, landing in ``landing``."""
    numbers = itertools.count(1)

    def new(arguments: dict[str, Any] | None = None, **more: Any) -> TaskInstanceHarness:
        given = {} if arguments is None else arguments
        records = landing.parent / "records" / str(next(numbers))
        defaults = {"output_path": f"file://{landing}/"}
        if not airflows.STATE_STORE:
            defaults["state_path"] = f"file://{records}/"
        given.update({**defaults, **given, **more})
        return TaskInstanceHarness(one_task(given, _tested), records)

    return new


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """What is measured in this test."""
    with collecting() as collected:
        yield collected


def sent(sandbox: SandboxProcess, method: str, path: str) -> list[dict[str, Any]]:
    """The requests of this method to this path, oldest first."""
    return [r for r in sandbox.requests() if r["method"] == method and r["path"] == path]

"""Airflow's own API server with this provider's plugin, in this process."""

from __future__ import annotations

import importlib
import json
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Connect, Listener, NewTask
from tests.integration.plugin.one_dag import OneDagAuthManager
from tests.integration.plugin.webhook_tools import HOUR, SECRET, Receiver
from tests.integration.task_harness import MAKE, TaskInstanceHarness, Try
from tests.sandbox_process import SandboxProcess

USERS = ("anybody", "narrow")
PASSWORD = "as you please"
Serve = Callable[[str], Any]
Waits = Callable[..., tuple[TaskInstanceHarness, Try]]


def _forget() -> None:
    """Have plugins and settings be read anew."""
    from airflow import plugins_manager

    from airflow_provider_rivya.plugin import plugin

    importlib.reload(plugin)
    for name in ("_get_plugins", "get_fastapi_plugins", "_get_ui_plugins"):
        getattr(getattr(plugins_manager, name, None), "cache_clear", lambda: None)()
    if "plugins" in vars(plugins_manager):  # Airflow 3.1 keeps them in globals
        vars(plugins_manager)["loaded_plugins"].clear()
        for name in ("plugins", "fastapi_apps", "fastapi_root_middlewares", "external_views", "react_apps"):
            setattr(plugins_manager, name, None)


@contextmanager
def _app(folder: Path, *, media: bool) -> Iterator[Any]:
    """Airflow's API server; those of :data:`USERS` can sign in."""
    passwords = folder / "passwords.json"
    passwords.write_text(json.dumps(dict.fromkeys(USERS, PASSWORD)))
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Airflow's own server warns of is not ours
        patch.setenv("AIRFLOW__RIVYA__UI_MEDIA", str(media))
        patch.setenv("AIRFLOW__RIVYA__TOAPIS_WEBHOOK_CONN_IDS", "toapis_default" if media else "")
        patch.setenv("AIRFLOW__CORE__AUTH_MANAGER", f"{OneDagAuthManager.__module__}.OneDagAuthManager")
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(passwords))
        users = ",".join(f"{name}:viewer" for name in USERS)
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", users)
        _forget()
        from airflow.api_fastapi.app import create_app

        yield create_app(apps="core")
    _forget()


def _client(app: Any) -> Any:
    from fastapi.testclient import TestClient

    return TestClient(app, follow_redirects=False, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def whole_app(database: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An API server that shows files."""
    with _app(tmp_path_factory.mktemp("server"), media=True) as app:
        yield app


@pytest.fixture(scope="module")
def _server(whole_app: Any) -> Any:
    return _client(whole_app)


@pytest.fixture
def serve(_server: Any, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Return a client of the API server that shows files of these folders."""

    def set_roots(roots: str) -> Any:
        monkeypatch.setenv("AIRFLOW__RIVYA__UI_MEDIA_ROOTS", roots)
        return _server

    return set_roots


@pytest.fixture
def closed_server(database: None, tmp_path: Path) -> Iterator[Any]:
    """A client of an API server that shows no files."""
    with _app(tmp_path, media=False) as app:
        yield _client(app)


def as_user(client: Any, name: str | None, role: str = "viewer") -> Any:
    """Let the client be signed in as Airflow's UI signs in: by a cookie."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    client.cookies.clear()
    if name is not None:
        token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=name, role=role))
        client.cookies.set("_token", token)
    return client


def forge(run: TaskInstanceHarness, value: Any) -> None:
    """Put something else into the XCom of the task."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(XComModel).where(
            XComModel.dag_id == run.dag_id, XComModel.task_id == MAKE, XComModel.key == "return_value"
        )
        session.scalars(query).one().value = json.dumps(value)


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """Have uvicorn serve an app; its address."""
    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0))
    serving = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    serving.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def receiving_server() -> Iterator[str]:
    """The plugin's apps, mounted as Airflow mounts them, on uvicorn."""
    import fastapi

    from airflow_provider_rivya.plugin.plugin import _apps

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__RIVYA__TOAPIS_WEBHOOK_CONN_IDS", "toapis_default, toapis_other,")
        whole = fastapi.FastAPI()
        for part in _apps():
            whole.mount(part["url_prefix"], part["app"])
        with listening(whole) as url:
            yield url


@pytest.fixture
def receiver(
    receiving_server: str,
    connect: Connect,
    sandbox: SandboxProcess,
    database: None,
    monkeypatch: pytest.MonkeyPatch,
    logs: Listener,
) -> Receiver:
    """The receiver as after a start of the API server; polls come once in an hour."""
    from airflow_provider_rivya.plugin.webhooks import app as receiving

    logs.lines.clear()
    sandbox.reset(speed=1)
    connect(poll_first=HOUR, poll_interval=HOUR, poll_max=HOUR, webhook_secret=SECRET)
    other = {"conn_type": "toapis", "password": "sk-other", "extra": {"webhook_secret": "o" * 32}}
    monkeypatch.setenv("AIRFLOW_CONN_TOAPIS_OTHER", json.dumps(other))
    receiving.app.cache_clear()
    return Receiver(receiving_server)


@pytest.fixture
def webhooks(receiver: Receiver, sandbox: SandboxProcess) -> SandboxProcess:
    """The sandbox, with the receiver as the address of its webhooks."""
    sandbox.assume(toapis_webhooks="on")
    sandbox.control("POST", "webhooks", {"url": receiver.url, "secret": SECRET})
    return sandbox


@pytest.fixture
def waiting(receiver: Receiver, new_task: NewTask) -> Waits:
    """Return a task that waits in the triggerer."""

    def begin(**more: Any) -> tuple[TaskInstanceHarness, Try]:
        run = new_task(deferrable=True, timeout=timedelta(hours=5), **more)
        deferred = run.begin()
        assert deferred.state == "deferred", deferred.text
        return run, deferred

    return begin

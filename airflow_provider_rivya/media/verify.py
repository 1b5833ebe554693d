"""Decodes a whole file, in a process of its own with a bound on memory and time (``verify="decode"``)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any, Final, Literal, TypeAlias

from airflow_provider_rivya.exceptions import DamagedError, DownloadError, Fault
from airflow_provider_rivya.media.types import MediaFacts

Verify: TypeAlias = Literal["structure", "decode"]

_ENVIRONMENT: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR", "TZ")
_LOOK_UP: Final = 0.1


@dataclass(frozen=True, slots=True)
class Bounds:
    """
    What decoding may take.

    :param memory_bytes: of address space.
    :param seconds: of time by the clock.
    """

    memory_bytes: int = 2 * 1024**3
    seconds: float = 600.0


BOUNDS: Final = Bounds()


def surroundings() -> dict[str, str]:
    """Return what a process that decodes is told of its surroundings: no connection, no key."""
    return {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}


def verify_faults(verify: str) -> list[Fault]:
    """Tell what is missing for it, before anything is paid for."""
    if verify != "decode":
        return []
    missing = [name for module, name in (("PIL", "Pillow"), ("av", "PyAV")) if find_spec(module) is None]
    if not missing:
        return []
    advice = "the extra 'verify': pip install 'airflow-provider-rivya[verify]'"
    return [Fault("verify", f"decoding needs {' and '.join(missing)}", advice)]


def decoded(
    path: str | None, facts: MediaFacts, subject: str, stop: threading.Event, bounds: Bounds = BOUNDS
) -> MediaFacts:
    """
    Decode a file whose structure is whole.

    :param path: ``None``: there was no room for a copy of it on this worker.
    :param subject: how messages call it.
    :param stop: when it is set, the decoding is given up.
    :return: the facts, with those that only decoding tells. That it could not be decoded here, as it takes
        too much or no decoder knows it, is a doubt.
    :raises DamagedError: a decoder finds it damaged.
    """
    told: dict[str, Any] = {"doubt": "it could not be decoded: this worker's disk has no room for a copy"}
    if path is not None:
        told = _ask(path, facts, stop, bounds)
    if "damage" in told:
        name = facts.media_type.mime_type
        raise DamagedError(
            f"{subject} is a damaged {name} file: decoding it failed ({told['damage']}).",
            sha256=facts.sha256,
        )
    doubts = (*facts.doubts, told["doubt"]) if "doubt" in told else facts.doubts
    return replace(
        facts,
        width=facts.width or told.get("width"),
        height=facts.height or told.get("height"),
        duration_s=facts.duration_s or told.get("duration_s"),
        doubts=doubts,
    )


def _ask(path: str, facts: MediaFacts, stop: threading.Event, bounds: Bounds) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "airflow_provider_rivya.media.decoder", path]
    command += [facts.media_type.kind, str(bounds.memory_bytes), str(int(bool(facts.doubts)))]
    deadline = time.monotonic() + bounds.seconds
    with subprocess.Popen(  # noqa: S603 - the arguments are our own
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=surroundings(),
    ) as process:
        answer = b""
        while process.returncode is None:
            left = deadline - time.monotonic()
            if stop.is_set() or left <= 0:
                process.kill()
                if stop.is_set():
                    raise DownloadError("The decoding was given up, because the task is ending.")
                return {"doubt": f"it could not be decoded within {bounds.seconds:g} s"}
            with suppress(subprocess.TimeoutExpired):
                answer, _ = process.communicate(timeout=min(_LOOK_UP, left))
    try:
        told = json.loads(answer)
    except ValueError:
        return {
            "doubt": f"it could not be decoded within {bounds.memory_bytes >> 20} MiB, or broke its decoder"
        }
    return told if isinstance(told, dict) else {}

"""One sandbox process per module, set back before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox_process import SandboxProcess


@pytest.fixture(scope="module")
def sandbox_of_module() -> Iterator[SandboxProcess]:
    # Real speed: time passes only where a test moves the sandbox's clock.
    with SandboxProcess(speed=1) as process:
        yield process


@pytest.fixture
def sandbox(sandbox_of_module: SandboxProcess) -> SandboxProcess:
    sandbox_of_module.reset(credits=1000, speed=1)
    return sandbox_of_module

"""A generation on the job, without Airflow: landing in a folder, its record in a file beside that."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.submission.context import SubmissionPolicy
from tests.integration.conftest import Connect
from tests.integration.gateways import TestedGateway
from tests.integration.generation.open_points import Checks
from tests.integration.job_harness import SHORT, JobHarness
from tests.sandbox_process import SandboxProcess

NewJob = Callable[..., JobHarness]

OPTIONS = ("retries", "timeout", "durable", "patience", "stop")


@pytest.fixture
def new_job(connect: Connect, gateway: TestedGateway, landing: Path) -> NewJob:
    """
    Return a generation of the gateway's model, landing in ``landing``.

    Keywords are fields of :class:`RequestArguments`, of :class:`SubmissionPolicy`, or options of the harness.
    """
    numbers = itertools.count(1)

    def new(arguments: dict[str, Any] | None = None, **more: Any) -> JobHarness:
        given = {} if arguments is None else arguments
        given.update(more)
        options = {name: given.pop(name) for name in OPTIONS if name in given}
        decided = {name: given.pop(name) for name in SubmissionPolicy.__dataclass_fields__ if name in given}
        on_uncertain = {"on_uncertain_submission": "resubmit" if gateway.replays_keys else "fail"}
        defaults = {
            "model": gateway.model,
            "prompt": "A lighthouse in a storm",
            "output_path": f"file://{landing}/",
            "subject": "The request of task 'make'",
        }
        given.update({**defaults, **given})
        records = landing.parent / "records" / str(next(numbers))
        policy = replace(SHORT, **{**on_uncertain, **decided})
        return JobHarness(gateway, records, given, policy=policy, **options)

    return new


@pytest.fixture
def setting(request: pytest.FixtureRequest, sandbox: SandboxProcess) -> Any:
    """Set the switch of a test that is marked with ``turned``; the value."""
    name, value = request.param
    sandbox.assume(**{name: value})
    return value


@pytest.fixture
def check(sandbox: SandboxProcess, landing: Path) -> Checks:
    return Checks(sandbox, landing)

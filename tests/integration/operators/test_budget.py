"""Limits on cost, and requests that the catalogue would refuse, against the sandbox's own checks."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_rivya.exceptions import InsufficientCreditsError, InvalidRequestError
from tests.integration.operators.conftest import NewBench
from tests.sandbox_process import SandboxProcess

IMAGE: dict[str, Any] = {"model": "z-image", "prompt": "a cat", "deferrable": False}


def charges(sandbox: SandboxProcess) -> int:
    return int(sandbox.ledger()["charges"])


def test_a_price_above_the_limit_is_refused(bench: NewBench, sandbox: SandboxProcess) -> None:
    done = bench({**IMAGE, "max_credits": 0.5}).run()
    assert done.state == "failed"
    assert isinstance(done.error, InvalidRequestError)
    assert "max_credits: z-image costs 1 credit, the limit is 0.5" in str(done.error)
    assert charges(sandbox) == 0


def test_a_price_within_the_limit_is_paid(bench: NewBench, sandbox: SandboxProcess) -> None:
    assert bench({**IMAGE, "max_credits": 1}).run().state == "success"
    assert charges(sandbox) == 1


@pytest.mark.parametrize(("balance", "state"), [(10, "failed"), (11, "success")])
def test_what_must_be_left_is_left(
    bench: NewBench, sandbox: SandboxProcess, balance: int, state: str
) -> None:
    sandbox.reset(credits=balance)
    done = bench({**IMAGE, "min_credits_left": 10}).run()
    assert done.state == state, done.text
    assert charges(sandbox) == (state == "success")
    if state == "failed":
        assert isinstance(done.error, InsufficientCreditsError)
        assert "The account has 10 credits" in str(done.error)
        assert "min_credits_left=10" in str(done.error)


def test_warn_sends_what_the_catalogue_refuses(
    bench: NewBench, sandbox: SandboxProcess, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.assume(unknown_params="accept")
    task = bench({**IMAGE, "validation": "warn", "model_params": {"aspect_ratio": "4:3", "glow": "yes"}})
    done = task.run()
    assert done.state == "success", done.text
    assert "model_params.glow: is not a parameter of z-image" in caplog.text
    assert "sent all the same: validation='warn'" in caplog.text
    assert sandbox.tasks()[0]["params"] == {"aspect_ratio": "4:3", "glow": "yes"}


@pytest.mark.parametrize("validation", ["warn", "off"])
def test_the_gateways_own_refusal_is_final(bench: NewBench, sandbox: SandboxProcess, validation: str) -> None:
    done = bench({**IMAGE, "validation": validation, "model": "brand-new-model"}).run()
    assert done.state == "failed"
    assert "validation_failed" in str(done.error)
    assert "Nothing was submitted and nothing was charged" in str(done.error)
    assert charges(sandbox) == 0

"""Limits on cost, and requests that the catalogue would refuse, against the sandbox's own checks."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_rivya.exceptions import InsufficientCreditsError, InvalidRequestError
from tests.integration.gateways import at
from tests.integration.conftest import NewTask
from tests.sandbox_process import SandboxProcess

IMAGE: dict[str, Any] = {"model": "z-image", "prompt": "a cat", "deferrable": False}


def charges(sandbox: SandboxProcess) -> int:
    return int(sandbox.ledger()["charges"])


def test_a_price_above_the_limit_is_refused(new_task: NewTask, sandbox: SandboxProcess) -> None:
    done = new_task({**IMAGE, "max_credits": 0.5}).run()
    assert done.state == "failed"
    assert isinstance(done.error, InvalidRequestError)
    assert "max_credits: z-image costs 1 credit, the limit is 0.5" in str(done.error)
    assert charges(sandbox) == 0


def test_a_price_within_the_limit_is_paid(new_task: NewTask, sandbox: SandboxProcess) -> None:
    assert new_task({**IMAGE, "max_credits": 1}).run().state == "success"
    assert charges(sandbox) == 1


@pytest.mark.parametrize(("balance", "state"), [(10, "failed"), (11, "success")])
def test_what_must_be_left_is_left(
    new_task: NewTask, sandbox: SandboxProcess, balance: int, state: str
) -> None:
    sandbox.reset(credits=balance)
    done = new_task({**IMAGE, "min_credits_left": 10}).run()
    assert done.state == state, done.text
    assert charges(sandbox) == (state == "success")
    if state == "failed":
        assert isinstance(done.error, InsufficientCreditsError)
        assert "The account has 10 credits" in str(done.error)
        assert "min_credits_left=10" in str(done.error)


def test_warn_sends_what_the_catalogue_refuses(
    new_task: NewTask, sandbox: SandboxProcess, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.assume(unknown_params="accept")
    task = new_task({**IMAGE, "validation": "warn", "model_params": {"aspect_ratio": "4:3", "glow": "yes"}})
    done = task.run()
    assert done.state == "success", done.text
    assert "model_params.glow: is not a parameter of z-image" in caplog.text
    assert "sent all the same: validation='warn'" in caplog.text
    assert sandbox.tasks()[0]["params"] == {"aspect_ratio": "4:3", "glow": "yes"}


@pytest.mark.parametrize("validation", ["warn", "off"])
def test_the_gateways_own_refusal_is_final(new_task: NewTask, sandbox: SandboxProcess, validation: str) -> None:
    done = new_task({**IMAGE, "validation": validation, "model": "brand-new-model"}).run()
    assert done.state == "failed"
    assert "validation_failed" in str(done.error)
    assert "Nothing was submitted and nothing was charged" in str(done.error)
    assert charges(sandbox) == 0


# -- ToAPIs, which tells no price ------------------------------------------------------------------------


@at("toapis")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"max_credits": 100}, "no page of the documentation shows a price of grok-imagine-1.0"),
        ({"model": "nano-banana-2", "max_credits": 100}, "is an estimate"),
        (
            {
                "model": "nano-banana-2",
                "max_credits": 5,
                "allow_estimates": True,
                "model_params": {"resolution": "4K"},
            },
            "costs 8 credits, the limit is 5",
        ),
    ],
    ids=["no price", "estimate", "too much"],
)
def test_a_limit_that_cannot_be_kept(
    new_task: NewTask, sandbox: SandboxProcess, arguments: dict[str, Any], told: str
) -> None:
    done = new_task(**arguments).run()
    assert done.state == "failed", done.text
    assert isinstance(done.error, InvalidRequestError)
    assert told in done.text
    assert sandbox.requests() == []


@at("toapis")
@pytest.mark.parametrize(
    ("switches", "balance", "state", "told"),
    [
        ({}, 100, "success", ""),
        ({}, 99, "failed", "even before the unknown price"),
        ({"toapis_unlimited_quota": True}, 50, "success", ""),
        ({"toapis_balance_fields": "earlier"}, 1000, "failed", "tells the balance in balance units"),
    ],
    ids=["enough", "too little", "unlimited", "no credits"],
)
def test_what_must_be_left_at_toapis(
    new_task: NewTask, sandbox: SandboxProcess, switches: dict[str, Any], balance: int, state: str, told: str
) -> None:
    sandbox.reset(credits=balance)
    sandbox.assume(**switches)
    done = new_task(min_credits_left=100).run()
    assert done.state == state, done.text
    assert told in done.text
    assert charges(sandbox) == (state == "success")

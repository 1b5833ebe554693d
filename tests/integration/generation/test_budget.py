"""Limits on cost, and requests that the catalogue would refuse, against the sandbox's own checks."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_rivya.exceptions import InsufficientCreditsError, InvalidRequestError
from airflow_provider_rivya.request.budget import Budget
from tests.integration.gateways import at
from tests.integration.generation.conftest import NewJob
from tests.sandbox_process import SandboxProcess

IMAGE: dict[str, Any] = {"model": "z-image", "prompt": "a cat"}


def charges(sandbox: SandboxProcess) -> int:
    return int(sandbox.ledger()["charges"])


def test_a_price_above_the_limit_is_refused(new_job: NewJob, sandbox: SandboxProcess) -> None:
    done = new_job({**IMAGE, "budget": Budget(max_credits=0.5)}).run()
    assert done.state == "final"
    assert isinstance(done.error, InvalidRequestError)
    assert "max_credits: z-image costs 1 credit, the limit is 0.5" in str(done.error)
    assert charges(sandbox) == 0


def test_a_price_within_the_limit_is_paid(new_job: NewJob, sandbox: SandboxProcess) -> None:
    assert new_job({**IMAGE, "budget": Budget(max_credits=1)}).run().state == "delivered"
    assert charges(sandbox) == 1


@pytest.mark.parametrize(("balance", "state"), [(10, "final"), (11, "delivered")])
def test_what_must_be_left_is_left(
    new_job: NewJob, sandbox: SandboxProcess, balance: int, state: str
) -> None:
    sandbox.reset(credits=balance)
    done = new_job({**IMAGE, "budget": Budget(min_credits_left=10)}).run()
    assert done.state == state, done.text
    assert charges(sandbox) == (state == "delivered")
    if state == "final":
        assert isinstance(done.error, InsufficientCreditsError)
        assert "The account has 10 credits" in str(done.error)
        assert "min_credits_left=10" in str(done.error)


def test_warn_sends_what_the_catalogue_refuses(
    new_job: NewJob, sandbox: SandboxProcess, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.assume(unknown_params="accept")
    job = new_job({**IMAGE, "validation": "warn", "model_params": {"aspect_ratio": "4:3", "glow": "yes"}})
    done = job.run()
    assert done.state == "delivered", done.text
    assert "model_params.glow: is not a parameter of z-image" in caplog.text
    assert "sent all the same: validation='warn'" in caplog.text
    assert sandbox.tasks()[0]["params"] == {"aspect_ratio": "4:3", "glow": "yes"}


@pytest.mark.parametrize("validation", ["warn", "off"])
def test_the_gateways_own_refusal_is_final(new_job: NewJob, sandbox: SandboxProcess, validation: str) -> None:
    done = new_job({**IMAGE, "validation": validation, "model": "brand-new-model"}).run()
    assert done.state == "final"
    assert "validation_failed" in str(done.error)
    assert "Nothing was submitted and nothing was charged" in str(done.error)
    assert charges(sandbox) == 0


# -- ToAPIs, which tells no price ------------------------------------------------------------------------


@at("toapis")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            {"budget": Budget(max_credits=100)},
            "no page of the documentation shows a price of grok-imagine-1.0",
        ),
        ({"model": "nano-banana-2", "budget": Budget(max_credits=100)}, "is an estimate"),
        (
            {
                "model": "nano-banana-2",
                "budget": Budget(max_credits=5, allow_estimates=True),
                "model_params": {"resolution": "4K"},
            },
            "costs 8 credits, the limit is 5",
        ),
    ],
    ids=["no price", "estimate", "too much"],
)
def test_a_limit_that_cannot_be_kept(
    new_job: NewJob, sandbox: SandboxProcess, arguments: dict[str, Any], told: str
) -> None:
    done = new_job(**arguments).run()
    assert done.state == "final", done.text
    assert isinstance(done.error, InvalidRequestError)
    assert told in done.text
    assert sandbox.requests() == []


@at("toapis")
@pytest.mark.parametrize(
    ("switches", "balance", "state", "told"),
    [
        ({}, 100, "delivered", ""),
        ({}, 99, "final", "even before the unknown price"),
        ({"toapis_unlimited_quota": True}, 50, "delivered", ""),
        ({"toapis_balance_fields": "earlier"}, 1000, "final", "gives the balance in balance units"),
    ],
    ids=["enough", "too little", "unlimited", "no credits"],
)
def test_what_must_be_left_at_toapis(
    new_job: NewJob, sandbox: SandboxProcess, switches: dict[str, Any], balance: int, state: str, told: str
) -> None:
    sandbox.reset(credits=balance)
    sandbox.assume(**switches)
    done = new_job(budget=Budget(min_credits_left=100)).run()
    assert done.state == state, done.text
    assert told in done.text
    assert charges(sandbox) == (state == "delivered")

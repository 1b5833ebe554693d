"""The sandbox's switches for what Rivya's documentation leaves open: which test turns which, and checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.sandbox.assumptions.idempotency import IDEMPOTENCY
from airflow_provider_rivya.sandbox.assumptions.rivya import ASSUMPTIONS
from tests.integration.conftest import Connect, sent
from tests.integration.gateways import RIVYA
from tests.integration.job_harness import JobHarness, State, TryOutcome
from tests.integration.landed_files import check_image, file_of
from tests.sandbox_process import SandboxProcess

SWITCHES = {switch.name: switch for switch in ASSUMPTIONS}

SUBMITTING = {
    *("create_status", "create_shape", "id_style", "client_request_id_echo", "client_request_id_max_length"),
    *("insufficient_credits_status", "balance_excludes_reservations"),
    *("failed_error", "failed_code", "refund_on_failure", "refund_delay_seconds", "rate_limit_per_window"),
    *("rate_limit_window_seconds", "retry_after", "server_error_body", "request_id_header"),
}
"""Turned in test_open_points_of_submitting.py."""

KEYS = {switch.name for switch in IDEMPOTENCY}
"""Turned in test_open_points_of_keys.py."""

FILES = {
    *("file_status", "file_shape", "file_url_needs_key", "external_reference_urls", "file_ttl_seconds"),
    *("duration_token_ttl_seconds", "file_error_code", "file_error_status", "megabyte", "unknown_params"),
    *("models_params_shape", "models_envelope"),
}
"""Turned in test_open_points_of_files.py."""

RESULTS = {
    *("result_primary", "result_redirect", "result_needs_key", "result_order", "result_host"),
    *("result_url_ttl_seconds", "raw_audio", "task_retention_seconds"),
}
"""Turned in test_open_points_of_results.py."""

IN_DOUBT = "Whether the gateway accepted it is not known. The next try (2 left) sends the same request"
NO_USE = "Nothing was submitted and nothing was charged; a retry would not help, so none is made."


def turned(*names: str, values: tuple[Any, ...] = ()) -> pytest.MarkDecorator:
    """
    Run a test, which takes the fixture ``setting``, in every setting of these switches.

    :param values: the settings of a switch that takes any number or text.
    """
    settings = [(name, value) for name in names for value in settings_of(name, values)]
    return pytest.mark.parametrize("setting", settings, indirect=True, ids=[f"{n}-{v}" for n, v in settings])


def settings_of(name: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    switch = SWITCHES[name]
    return {"choice": switch.choices, "flag": (True, False)}.get(switch.kind, values)


def settings_turned_by(module: Mapping[str, Any]) -> dict[str, set[Any]]:
    """Return the switches that a module's tests turn, and their settings."""
    turned_to: dict[str, set[Any]] = {}
    for test in module.values():
        for mark in getattr(test, "pytestmark", ()):
            if mark.name == "parametrize" and mark.args[0] == "setting":
                for name, value in mark.args[1]:
                    turned_to.setdefault(name, set()).add(value)
    return turned_to


def check_turned(module: Mapping[str, Any], wanted: set[str]) -> None:
    """Look whether a module's tests turn all of these switches, to their default and to something else."""
    turned_to = settings_turned_by(module)
    assert set(turned_to) == wanted
    for name, values in turned_to.items():
        switch = SWITCHES[name]
        assert len(values) > 1, name
        assert switch.default in values, name
        assert None in values or not switch.optional, name
        assert not any(switch.fault_of(value) for value in values), name


@dataclass(frozen=True)
class Checks:
    """Looks at files, ledger and message after a try."""

    sandbox: SandboxProcess
    landing: Path

    def delivered(self, done: TryOutcome, *, charges: int = 1, outputs: int = 1) -> dict[str, Any]:
        """It has landed exactly these pictures."""
        result = done.result
        assert len(result["outputs"]) == outputs
        for output in result["outputs"]:
            check_image(output)
        assert set(self.landing.iterdir()) == {file_of(output) for output in result["outputs"]}
        assert self.sandbox.ledger()["charges"] == charges
        return result

    def ended(self, done: TryOutcome, state: State, *told: str, charges: int = 0, refunds: int = 0) -> None:
        """It says all of this, has landed nothing and costs so much."""
        assert done.state == state, done.text
        for text in told:
            assert text in done.text
        assert list(self.landing.iterdir()) == []
        ledger = self.sandbox.ledger()
        assert (ledger["charges"], ledger["refunds"]) == (charges, refunds)
        if charges == 0:
            assert self.sandbox.tasks() == []

    def in_doubt(self, job: JobHarness, connect: Connect, kind: str = "cut_after") -> None:
        """Run a try whose create call breaks off, so that a retry has to repeat it."""
        connect(retries=0)
        self.sandbox.fault(kind=kind, method="POST", path=RIVYA.create)
        self.ended(job.run(), "retryable", IN_DOUBT, charges=int(kind == "cut_after"))

    def creates(self) -> list[dict[str, Any]]:
        return sent(self.sandbox, "POST", RIVYA.create)

    def one_key(self) -> None:
        """All creations were sent under the same key."""
        assert len({entry["idempotency_key"] for entry in self.creates()}) == 1

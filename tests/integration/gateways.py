"""
The gateways as the tests use them: what is named differently, and what behaves differently.

A test that asks for the fixture ``gateway`` and is marked with :func:`at` runs once at each gateway; one that
is not marked runs at Rivya.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from airflow_provider_rivya.decorators.rivya import rivya_generate_task
from airflow_provider_rivya.decorators.toapis import toapis_generate_task
from airflow_provider_rivya.hooks.base import GatewayHook
from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.hooks.toapis import ToApisHook
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from airflow_provider_rivya.operators.toapis import ToApisGenerateOperator
from airflow_provider_rivya.sensors.rivya import RivyaTaskSensor
from airflow_provider_rivya.sensors.toapis import ToApisTaskSensor
from airflow_provider_rivya.triggers.rivya import RivyaTaskTrigger
from airflow_provider_rivya.triggers.toapis import ToApisTaskTrigger
from tests.sandbox_process import ACCOUNT_OF_GATEWAY, KEY, TOAPIS_KEY

Hook = RivyaHook | ToApisHook
Model = tuple[str, dict[str, Any]]
"""A model's id and parameters."""


@dataclass(frozen=True)
class TestedGateway:
    """
    One gateway.

    :param key: an API key that works; ``revoked`` and ``expired`` do not, ``replaced`` is not known yet.
    :param create: path of the creation of images, ``results`` of the results (a pattern), and so on.
    :param model: a cheap image model that takes no references; ``cost`` is what it costs in the sandbox.
    :param wide: parameters that make its images wider than high.
    :param references: an image model that takes references, by an id that both gateways have for it, and
        the id that its results name.
    :param several: what makes four images.
    :param faulty: parameters that the reference model does not have, or not with this value, by the path
        of their faults.
    :param key_refused: the code of an answer to a key that it does not take; ``not_found``, of one to an
        unknown task.
    :param tells_credits: whether an answer says what a generation costs.
    :param replays_keys: whether the same key again gives the same generation.
    """

    __test__ = False

    name: str
    hook: type[RivyaHook] | type[ToApisHook]
    operator: type[RivyaGenerateOperator] | type[ToApisGenerateOperator]
    trigger: type[RivyaTaskTrigger] | type[ToApisTaskTrigger]
    sensor: type[RivyaTaskSensor] | type[ToApisTaskSensor]
    decorator: Any
    key: str
    revoked: str
    expired: str
    replaced: str
    create: str
    uploads: str
    balance: str
    results: str
    model: str
    cost: int
    wide: dict[str, Any]
    references: tuple[str, str]
    several: Model
    faulty: dict[str, Any]
    key_refused: str
    not_found: str
    tells_credits: bool
    replays_keys: bool

    def __str__(self) -> str:
        return self.name

    @property
    def conn_argument(self) -> str:
        """The argument for the connection, of hook, operator, trigger, sensor and decorator."""
        return f"{self.name}_conn_id"

    @property
    def conn_id(self) -> str:
        return f"{self.name}_default"

    @property
    def variable(self) -> str:
        """The environment variable that holds the default connection."""
        return f"AIRFLOW_CONN_{self.conn_id.upper()}"

    @property
    def account(self) -> str:
        return ACCOUNT_OF_GATEWAY[self.name]

    @property
    def status(self) -> str:
        """Pattern of the paths of status calls."""
        return f"{self.create}/*"

    @property
    def trigger_path(self) -> str:
        return f"{self.trigger.__module__}.{self.trigger.__qualname__}"

    @property
    def reserved(self) -> str:
        """What messages say of the credits of one running generation."""
        if not self.tells_credits:
            return "the gateway does not say what it costs"
        return (
            f"{self.cost} credit{'' if self.cost == 1 else 's'} {'is' if self.cost == 1 else 'are'} reserved"
        )

    def body(self, prompt: str = "A bicycle", key: str | None = None) -> str:
        """Return a request for one cheap image."""
        return self.hook().api.request_body(self.model, prompt, {}, key=key)

    def told(self, credits: float) -> float | None:
        """Return credits as an answer of the gateway has them."""
        return credits if self.tells_credits else None


RIVYA = TestedGateway(
    name="rivya",
    hook=RivyaHook,
    operator=RivyaGenerateOperator,
    trigger=RivyaTaskTrigger,
    sensor=RivyaTaskSensor,
    decorator=rivya_generate_task,
    key=KEY,
    revoked="rvya_sk_sandbox_revoked",
    expired="rvya_sk_sandbox_expired",
    replaced="rvya_sk_sandbox_new",
    create="/api/v1/generations",
    uploads="/api/v1/files",
    balance="/api/v1/credits",
    results="/results/*",
    model="z-image",
    cost=1,
    wide={"aspect_ratio": "16:9"},
    references=("nano-banana-2", "nano-banana-2"),
    several=("seedream-4-0", {"max_images": 4}),
    faulty={"model_params.resolution": "9K", "model_params.ratio": "1:1"},
    key_refused="api_key_invalid",
    not_found="not_found",
    tells_credits=True,
    replays_keys=True,
)

TOAPIS = TestedGateway(
    name="toapis",
    hook=ToApisHook,
    operator=ToApisGenerateOperator,
    trigger=ToApisTaskTrigger,
    sensor=ToApisTaskSensor,
    decorator=toapis_generate_task,
    key=TOAPIS_KEY,
    revoked="sk-sandbox-revoked",
    expired="sk-sandbox-expired",
    replaced="sk-sandbox-new",
    create="/v1/images/generations",
    uploads="/v1/uploads/images",
    balance="/v1/balance",
    results="/generated/*",
    model="grok-imagine-1.0",
    cost=10,
    wide={"size": "16:9"},
    references=("nano-banana-2", "gemini-3.1-flash-image-preview"),
    several=("grok-imagine-1.0", {"n": 4}),
    faulty={"model_params.resolution": "9K", "model_params.n": "2"},
    key_refused="unauthorized",
    not_found="not_found_error",
    tells_credits=False,
    replays_keys=False,
)

GATEWAYS = {gateway.name: gateway for gateway in (RIVYA, TOAPIS)}


def at(*names: str) -> pytest.MarkDecorator:
    """Mark a test, or a module's tests, to run at these gateways; the nearest mark rules."""
    return pytest.mark.gateways(*names)


at_each = at(*GATEWAYS)


def refreshing(hook: type[GatewayHook], interval: float) -> type[GatewayHook]:
    """Return a hook that reads a connection whose key is refused again after ``interval`` seconds."""

    class RefreshingHook(hook):  # type: ignore[misc, valid-type]  # the class is the gateway's
        refresh_interval = interval

    return RefreshingHook

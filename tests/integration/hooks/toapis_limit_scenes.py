"""What a client does at ToAPIs' limits: of rate, of a key, of a balance."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    InsufficientCreditsError,
    PermissionDeniedError,
    RateLimitedError,
)
from tests.integration.gateways import TOAPIS
from tests.integration.hooks.toapis_scenes import IMAGES, Client, Scene


def rate_limit(told: bool) -> Scene:
    def scene(client: Client) -> None:
        client.sandbox.assume(rate_limit_per_window=0, rate_limit_window_seconds=60)
        error = client.refused(error=RateLimitedError, status=429)
        waits = error.retry_after
        assert error.retryable
        assert (waits is not None and 50 <= waits <= 61) if told else waits is None

    return scene


BODY = {"model": "grok-imagine-1.0", "prompt": "A bicycle"}
BURST = 50


def used_up(client: Client, key: str) -> None:
    """Send creations until one is refused, which is more than a burst, as the bucket fills meanwhile."""
    client.sandbox.set_credits(100_000, "toapis")
    statuses = iter(lambda: client.sandbox.post(IMAGES, BODY, key=key).status, 429)
    assert sum(1 for _ in statuses) >= BURST


def of_a_large_group(client: Client) -> None:
    for _ in range(BURST + 1):
        assert client.sandbox.post(IMAGES, BODY, key=TOAPIS.key).status == 200


def of_the_default_group(client: Client) -> None:
    """Another call of the same burst is refused, and told when to come again."""
    used_up(client, TOAPIS.key)
    with pytest.raises(RateLimitedError) as caught:
        [client.create() for _ in range(2 * BURST)]
    error = caught.value
    assert not error.maybe_taken_in
    assert error.retry_after is not None
    assert client.hook.get_credits().credits  # which has no limit that is known
    client.sandbox.advance(error.retry_after)
    assert client.create().id


def counted_for(user: bool) -> Scene:
    def scene(client: Client) -> None:
        client.sandbox.assume(toapis_rate_group="default")
        client.sandbox.control("POST", "keys", {"key": "sk-second", "gateway": "toapis", "account": "toapis"})
        used_up(client, "sk-second")
        others = [client.sandbox.post(IMAGES, BODY, key=TOAPIS.key).status for _ in range(BURST)]
        assert (429 in others) is user

    return scene


def limited(error: type[GatewayError], status: int, limit: str | None = None) -> Scene:
    def scene(client: Client) -> None:
        if limit is not None:
            client.sandbox.assume(toapis_key_limit=limit)
        if status == 429:
            assert client.refused(error=error, status=status).retryable
            return
        assert not client.refused(error=error, status=status).retryable

    return scene


def quota(error: type[GatewayError], status: int) -> Scene:
    def scene(client: Client) -> None:
        client.sandbox.set_credits(1, "toapis")
        told = client.refused(error=error, status=status)
        assert "quota is too low" in told.message

    return scene


LIMITS: dict[str, dict[Any, Scene]] = {
    "toapis_retry_after": {"none": rate_limit(False), "seconds": rate_limit(True), "date": rate_limit(True)},
    "toapis_ratelimit_headers": {
        **dict.fromkeys(("all", "retry_after_only"), rate_limit(True)),
        "none": rate_limit(False),
    },
    "toapis_ratelimit_reset": dict.fromkeys(("epoch", "seconds_left"), rate_limit(True)),
    "toapis_rate_group": {
        **dict.fromkeys(("off", "vip", "svip"), of_a_large_group),
        "default": of_the_default_group,
    },
    "toapis_rate_counted_for": {"user": counted_for(True), "key": counted_for(False)},
    "toapis_key_limit": {
        "none": lambda client: client.delivered(),
        **dict.fromkeys(("daily", "monthly", "total"), limited(InsufficientCreditsError, 402)),
        "model": limited(PermissionDeniedError, 403),
        **dict.fromkeys(("expired", "off"), limited(AuthenticationError, 401)),
    },
    "toapis_key_limit_status": {
        "by_limit": limited(InsufficientCreditsError, 402, "total"),
        401: limited(AuthenticationError, 401, "daily"),
        402: limited(InsufficientCreditsError, 402, "model"),
        403: limited(PermissionDeniedError, 403, "monthly"),
        429: limited(RateLimitedError, 429, "daily"),
    },
    "toapis_quota_status": {402: quota(InsufficientCreditsError, 402), 429: quota(RateLimitedError, 429)},
}

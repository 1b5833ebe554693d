"""The keys that the sandbox knows, and whose account each of them spends from."""

from __future__ import annotations

from dataclasses import dataclass

SCOPES = (
    "models:read",
    "generations:create",
    "generations:read",
    "files:create",
    "files:read",
    "credits:read",
    "webhooks:manage",
    "chat:create",
    "chat:read",
)
"""All documented scopes, https://rivya.ai/docs/api-authentication."""

GATEWAYS = ("rivya", "toapis")
KEY_STATES = ("active", "revoked", "expired")


@dataclass(frozen=True)
class ApiKey:
    """A key of one gateway: the other one does not know it. Only Rivya's have scopes."""

    key: str
    account: str
    scopes: frozenset[str]
    state: str = "active"
    gateway: str = "rivya"


PRESET_KEYS = (
    ApiKey("rvya_sk_sandbox", "sandbox", frozenset(SCOPES)),
    ApiKey("rvya_sk_sandbox_other", "other", frozenset(SCOPES)),
    ApiKey("rvya_sk_sandbox_revoked", "sandbox", frozenset(SCOPES), "revoked"),
    ApiKey("rvya_sk_sandbox_expired", "sandbox", frozenset(SCOPES), "expired"),
    ApiKey("rvya_sk_sandbox_noscope", "sandbox", frozenset()),
    ApiKey("sk-sandbox", "toapis", frozenset(), gateway="toapis"),
    ApiKey("sk-sandbox-other", "toapis-other", frozenset(), gateway="toapis"),
    ApiKey("sk-sandbox-revoked", "toapis", frozenset(), "revoked", "toapis"),
    ApiKey("sk-sandbox-expired", "toapis", frozenset(), "expired", "toapis"),
)

"""The open points of ToAPIs' webhooks, see :mod:`.toapis`."""

from __future__ import annotations

from airflow_provider_rivya.sandbox.assumptions.switches import Assumption, choice, flag

WEBHOOKS: tuple[Assumption, ...] = (
    choice(
        "toapis_webhooks",
        "Webhooks are documented in a later edition alone, whose page was read in a summary. 'on' tells of "
        "the ends of tasks at the address that POST /sandbox/webhooks has set up.",
        "off",
        "on",
    ),
    choice(
        "toapis_webhook_order",
        "An event comes at least once: here again after it was taken ('twice'), an hour later ('late') or "
        "not at all. After an answer other than 2xx it comes again after 10 s, 30 s, 2 min, 10 min, 1 h, "
        "6 h, 24 h; whether each counts from the try before, as here, is not documented.",
        "once",
        "twice",
        "late",
        "never",
    ),
    choice(
        "toapis_webhook_signature",
        "A delivery is signed as v1=hex, for a day after a change of the secret with both ('two_keys'). "
        "'wrong' and 'missing' are what others send.",
        "good",
        "two_keys",
        "wrong",
        "missing",
    ),
    choice(
        "toapis_webhook_timestamp",
        "Whether a repeat has a new timestamp is not documented. 'old' is ten minutes old.",
        "per_attempt",
        "of_event",
        "old",
    ),
    choice(
        "toapis_webhook_secret",
        "Whether the signing secret is used as the text that is shown, or decoded first, is not documented; "
        "a receiver of somebody's uses the text.",
        "text",
        "hex",
        "base64",
    ),
    flag(
        "toapis_failed_event_after_refund",
        "The event of a failure comes when its refund is booked, by a summary of the page.",
        True,
    ),
)

"""
What Rivya does with an ``Idempotency-Key``, which its documentation recommends and says little of.

Each setting is what some other service documents; see :mod:`.switches`.
"""

from __future__ import annotations

from airflow_provider_rivya.sandbox.assumptions.switches import Assumption, choice, count, seconds

IDEMPOTENCY: tuple[Assumption, ...] = (
    choice(
        "idempotency_replay",
        "What a repeated Idempotency-Key with the same body gets is not documented; the first "
        "answer again is what the header is for. 'current_state' answers with the generation as it is now, "
        "'new_task' ignores the header.",
        "replay",
        "current_state",
        "new_task",
        "conflict",
    ),
    choice(
        "idempotency_replay_status",
        "The HTTP status of a replayed answer is not documented; peers give the first one's, 200 or 201.",
        "as_first",
        200,
        201,
    ),
    choice(
        "idempotency_replay_header",
        "Whether an answer says that it is a replay is not documented; peers send Idempotent-Replayed: true, "
        "or an Idempotency-Status, which can also say that the key was ignored.",
        "none",
        "Idempotent-Replayed",
        "Idempotency-Status",
    ),
    choice(
        "idempotency_in_progress",
        "What a repeat gets while the first request is being taken in is not documented; a "
        "conflict is common. 'join' answers with the generation as it is, 'new_key' with a conflict whose "
        "text asks for another key.",
        "conflict",
        "wait",
        "join",
        "new_key",
    ),
    choice(
        "idempotency_in_progress_code",
        "Rivya names idempotency_conflict alone; a peer tells a request in progress by a code of its own.",
        "idempotency_conflict",
        "idempotency_key_in_use",
    ),
    choice(
        "idempotency_other_body",
        "What another request under a used key gets: Rivya names a 409; peers give 422 or 400, or ignore the "
        "body and answer with the first generation.",
        409,
        422,
        400,
        "ignored",
    ),
    choice(
        "idempotency_same_body",
        "What makes two requests the same is not documented: their bytes, their JSON in any order of keys, "
        "or the key alone.",
        "bytes",
        "json",
        "key_only",
    ),
    choice(
        "idempotency_refusal_keeps_key",
        "Whether a refused request uses its key up is not documented. 'yes' gives every refusal again, "
        "'after_validation' those of a request that was right in itself.",
        "no",
        "yes",
        "after_validation",
    ),
    choice(
        "idempotency_server_error_stored",
        "Whether a key gives a server's error again is not documented; with 'task_made' the generation was "
        "made all the same. Used with the fault 'status'.",
        "no",
        "no_task",
        "task_made",
    ),
    choice(
        "idempotency_failed_task_keeps_key",
        "Whether the key of a failed generation gives that one back, or begins a new one, is not documented.",
        "yes",
        "no",
    ),
    seconds(
        "idempotency_ttl_seconds",
        "How long an Idempotency-Key is remembered is not documented; a day is common, half an hour and six "
        "hours were seen. null = for ever.",
        86400,
    ),
    choice(
        "idempotency_scope",
        "Whether a key is remembered per account, per API key or per endpoint is not documented; credits "
        "belong to the account, so do the keys here.",
        "account",
        "key",
        "endpoint",
    ),
    choice(
        "idempotency_survives_key_rotation",
        "Whether a key that belongs to an API key goes over to the account's others when that one is revoked "
        "is not documented; used with idempotency_scope 'key'.",
        "yes",
        "no",
    ),
    count(
        "idempotency_max_length",
        "The greatest length of an Idempotency-Key is not documented; 255 is common, 36 the shortest seen.",
        255,
    ),
    choice(
        "idempotency_alphabet",
        "The alphabet of an Idempotency-Key is not documented: printable or visible ASCII, a few marks with "
        "letters and digits, or a quoted string or token of RFC 8941 ('quoted').",
        "visible",
        "printable",
        "A-Za-z0-9._~-",
        "A-Za-z0-9_:-",
        "quoted",
    ),
    choice(
        "idempotency_bad_key_code",
        "The code of a malformed Idempotency-Key is not documented; a peer has one of its own.",
        "validation_failed",
        "INVALID_IDEMPOTENCY_KEY",
    ),
    choice(
        "idempotency_two_headers",
        "Which of two Idempotency-Key headers counts is not documented; a peer refuses both.",
        400,
        "first",
        "last",
    ),
    choice(
        "idempotency_lookup_by_key",
        "No page lists generations; a peer lists them by ?idempotency_key= ('list_filter').",
        "none",
        "list_filter",
    ),
)

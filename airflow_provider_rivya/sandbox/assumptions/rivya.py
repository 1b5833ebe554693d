"""The points that Rivya's public documentation leaves open, as switches (see :mod:`.switches`)."""

from __future__ import annotations

from airflow_provider_rivya.sandbox.assumptions.idempotency import IDEMPOTENCY
from airflow_provider_rivya.sandbox.assumptions.switches import Assumption, choice, count, flag, seconds, text

ASSUMPTIONS: tuple[Assumption, ...] = (
    *IDEMPOTENCY,
    choice(
        "create_status",
        "The HTTP status of an accepted generation is not documented; 201 is usual for a POST "
        "that makes something.",
        201,
        200,
        202,
    ),
    choice(
        "create_shape",
        "The complete example of a create answer has all fields of the status answer; the "
        "/developers page shows fewer ('short').",
        "full",
        "short",
    ),
    choice(
        "file_status",
        "The HTTP status of an accepted upload is not documented; 201 is usual for a POST that "
        "makes something.",
        201,
        200,
    ),
    flag("client_request_id_echo", "No answer example shows client_request_id, so it is not echoed.", False),
    count(
        "client_request_id_max_length",
        "128 characters are documented for uploads only; for generations no limit is stated, so "
        "there is none.",
        None,
    ),
    choice(
        "failed_error",
        "A failed task may carry an error object, so null is possible too; the failed example has one.",
        "object",
        "null",
    ),
    text(
        "failed_code",
        "No failure code but generation_failed is documented.",
        "generation_failed",
    ),
    choice(
        "result_order",
        "The order of result.urls is not documented; as made is the natural one.",
        "as_made",
        "reversed",
    ),
    flag(
        "result_primary",
        "primary_url is 'for convenience'; that it is always there is not stated, the example has it.",
        True,
    ),
    choice(
        "result_host",
        "The host of result URLs is not documented; here it is the sandbox's own. 'localhost' is "
        "another host name.",
        "same",
        "localhost",
    ),
    flag(
        "result_redirect",
        "Whether a result URL redirects is not documented; a direct answer is the simple case.",
        False,
    ),
    flag(
        "result_needs_key",
        "Result URLs are called public; whether a download needs a key is not documented.",
        False,
    ),
    seconds(
        "result_url_ttl_seconds",
        "The life time of a result URL is not documented. With a number each status answer gives "
        "URLs that are good for so long (then 403).",
        None,
    ),
    choice(
        "raw_audio",
        "How results of the formats pcm_*, ulaw_* and alaw_* are packed is not documented; in a WAV file "
        "every player opens them. 'headerless' is the samples alone.",
        "wav",
        "headerless",
    ),
    choice(
        "file_shape",
        "The fields of PublicApiFile are not documented in full: id, url and duration_token are "
        "known, the rest and its spelling are guesses.",
        "snake",
        "camel",
        "minimal",
    ),
    seconds("file_ttl_seconds", "How long an upload is kept is not documented.", None),
    seconds(
        "duration_token_ttl_seconds",
        "How long a duration_token is good for is not documented; null = as long as its file.",
        None,
    ),
    text(
        "file_error_code",
        "No code for a refused file is documented (too large, wrong kind, unreadable); "
        "validation_failed is the general one.",
        "validation_failed",
    ),
    choice(
        "file_error_status",
        "The HTTP status of a refused file is not documented; 400 is that of validation_failed.",
        400,
        413,
        415,
        422,
    ),
    flag(
        "file_url_needs_key",
        "Whether the bytes at a file's url need the API key is not documented.",
        False,
    ),
    choice(
        "insufficient_credits_status",
        "The HTTP status of insufficient_credits is not documented; 402 is the one made for it.",
        402,
        400,
        403,
        409,
    ),
    choice(
        "refund_on_failure",
        "A failed run 'may' return credits; the failed example ends with final_credits 0, so all "
        "come back at once. 'later' returns them after refund_delay_seconds.",
        "full",
        "none",
        "later",
    ),
    seconds(
        "refund_delay_seconds",
        "When credits return after a failure is not documented; used with refund_on_failure 'later'.",
        60,
        optional=False,
    ),
    flag(
        "balance_excludes_reservations",
        "Whether current_credits already excludes the credits of running tasks is not documented.",
        True,
    ),
    count(
        "rate_limit_per_window",
        "Rate limits exist, their numbers are not documented; null = none here. Counted per API key.",
        None,
    ),
    seconds(
        "rate_limit_window_seconds",
        "The length of the rate limit's window is not documented.",
        60,
        optional=False,
    ),
    choice(
        "retry_after",
        "Whether rate_limited carries Retry-After, and in which form, is not documented.",
        "seconds",
        "date",
        "none",
    ),
    choice(
        "models_params_shape",
        "The shape of a params entry of the models list is not documented; the example has an empty list.",
        "list",
        "map",
    ),
    choice(
        "models_envelope",
        "The example shows an object with a data list; 'bare' is the list alone.",
        "list",
        "bare",
    ),
    choice(
        "unknown_params",
        "Whether unknown keys (of params, of a reference item, of the body) are refused, dropped "
        "or passed on is not documented. A top-level files is refused always.",
        "refuse",
        "drop",
        "accept",
    ),
    choice(
        "external_reference_urls",
        "Whether reference media may be arbitrary URLs is ruled per model, the exact rule is not "
        "documented: here by the model's 'url' input.",
        "per_model",
        "refuse",
        "accept",
    ),
    choice(
        "megabyte",
        "Whether a MB is 10^6 or 2^20 bytes is not documented; the smaller one refuses more, so that what "
        "passes here passes at both, although uploads at ToAPIs are likelier to be measured by the other.",
        1_000_000,
        1_048_576,
    ),
    choice(
        "id_style",
        "Alphabet and length of ids are not documented, only their prefixes.",
        "short",
        "long",
    ),
    flag(
        "request_id_header",
        "A response header with the request id (here X-Request-Id) is not documented.",
        False,
    ),
    choice(
        "server_error_body",
        "The body of a server error is not documented; 'html' is what a proxy in front would send.",
        "json",
        "html",
    ),
    seconds(
        "task_retention_seconds",
        "How long a task id stays readable is not documented; null = for ever.",
        None,
    ),
)

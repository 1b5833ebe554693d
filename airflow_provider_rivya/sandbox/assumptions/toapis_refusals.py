"""The open points of how ToAPIs refuses a call, see :mod:`.toapis`."""

from __future__ import annotations

from airflow_provider_rivya.sandbox.assumptions.switches import Assumption, choice, flag

REFUSALS: tuple[Assumption, ...] = (
    choice(
        "toapis_error_body",
        "Pages and records show several bodies: 'number_type' is {error: {code: the HTTP status, message, "
        "type}}, 'code_name' {error: {code: name, message}}, 'message_name' {message: name}, 'object' "
        "{error: {message, type, code}} with the name in it, 'message' {message}, 'success' {success: false, "
        "message}, 'text' {error: text}, 'plain' no JSON, and 'privacy' what a record has of refused media: "
        "{error: {code: name, message, param, type: BadRequest}}. 'number_type' is the likeliest; here the "
        "one that shows every error's name, so that a test of yours sees which one it has met.",
        "object",
        "number_type",
        "privacy",
        "code_name",
        "message_name",
        "message",
        "success",
        "text",
        "plain",
    ),
    choice(
        "toapis_error_names",
        "The status pages and the model guides name the same errors differently (invalid_request, "
        "unauthorized; invalid_request_error, authentication_error, invalid_reference_images).",
        "status_pages",
        "guides",
    ),
    choice(
        "toapis_error_name_in",
        "Whether the name of an error is its type or its code differs by example; used by toapis_error_body "
        "'object'.",
        "both",
        "type",
        "code",
    ),
    choice(
        "toapis_upload_error",
        "The text of a refused upload is in message or in error, and either may be an object.",
        "message",
        "error",
        "message_object",
        "error_object",
    ),
    choice(
        "toapis_server_error_body",
        "The body of 500, 502, 503 and 504 is not documented; a network in front of the gateway was seen to "
        "send pages.",
        "html",
        "json",
        "empty",
    ),
    choice(
        "toapis_retry_after",
        "A 429 carries Retry-After by a summary of the page; its form is not documented, the sample code of "
        "the docs reads whole seconds.",
        "seconds",
        "none",
        "date",
    ),
    choice(
        "toapis_ratelimit_headers",
        "A 429 has Retry-After and X-RateLimit-Limit, -Remaining, -Reset and -Category by a summary of the "
        "page.",
        "all",
        "retry_after_only",
        "none",
    ),
    choice(
        "toapis_ratelimit_reset",
        "The form of X-RateLimit-Reset is not documented: Unix seconds, or the seconds that are left.",
        "epoch",
        "seconds_left",
    ),
    choice(
        "toapis_rate_group",
        "An account has a group, by a summary of the page, whose limits hold for creations and for status "
        "calls; 'off': no limit but that of rate_limit_per_window.",
        "off",
        "default",
        "vip",
        "svip",
    ),
    choice(
        "toapis_rate_counted_for",
        "The limits of a group are counted for the user over all keys, by a summary of the page.",
        "user",
        "key",
    ),
    choice(
        "toapis_hosts",
        "Whether a key or a task of one of the gateway's hosts is known at another is not documented. Here "
        "127.0.0.1 and localhost are two: 'tasks_apart' shows each its own tasks, and with 'apart' the keys "
        "are those of 127.0.0.1 alone.",
        "shared",
        "apart",
        "tasks_apart",
    ),
    choice(
        "toapis_edits",
        "An earlier edition says that there is no /v1/images/edits, two pages of the newer one use it.",
        "present",
        "absent",
    ),
    choice(
        "toapis_key_limit",
        "A key can have limits of its own, by day, by month or in all, be for some models, expired or off: "
        "which error a call gets then is not documented; see toapis_key_limit_status.",
        "none",
        "daily",
        "monthly",
        "total",
        "model",
        "expired",
        "off",
    ),
    choice(
        "toapis_key_limit_status",
        "The HTTP status of a call over a limit of its key is not documented: 'by_limit' is 402 for the "
        "amounts, 403 for 'model', 401 for 'expired' and 'off'.",
        "by_limit",
        401,
        402,
        403,
        429,
    ),
    choice(
        "toapis_quota_status",
        "A balance that is too low is 402 in the error table; the wording of 429 includes it too.",
        402,
        429,
    ),
    choice(
        "toapis_refused_content",
        "How refused content is told differs: as 422 on create, as a failed task with the code "
        "content_policy_violation, or (in the newer examples, and here) with generation_failed and words in "
        "Chinese, or English words that name a status 422 of what is behind the gateway; used by the fault "
        "content_refused.",
        "failed_task_words",
        "on_create",
        "failed_task",
        "failed_task_422",
    ),
    choice(
        "toapis_unknown_model_status",
        "Whether an unknown model gives 400 or 404 is not documented.",
        400,
        404,
    ),
    choice(
        "toapis_quoted_n_status",
        "A quoted n is an error; the HTTP status is not documented.",
        400,
        422,
        500,
    ),
    choice(
        "toapis_foreign_task_status",
        "Whether another user's task gives the answer of an unknown one is not documented; 403 tells that "
        "there is one.",
        404,
        403,
    ),
    choice(
        "toapis_unknown_task",
        "What a status call for an unknown id, or client_business_id, gives: the pages have a 404 with a "
        "number as its code ('404_number') or named task_not_found ('404_name'); clients have met a 400 "
        "{message: task_not_exist} ('400_message'), or with that as its code ('400_code'). 'html' is a 404 "
        "page of something in front of the gateway.",
        "404_number",
        "404_name",
        "400_message",
        "400_code",
        "html",
    ),
    choice(
        "toapis_503",
        "Every create is answered with a 503 while this is not 'off'. A limiter that is down "
        "(rate_limit_unavailable, with Retry-After) and a text that no channel is there come before any task "
        "by a summary of the page and by a record; of a page ('html') and of other JSON ('json_unknown') "
        "nothing is known. 'off' here, as nothing could be made otherwise; the likeliest of them is "
        "rate_limit_unavailable, without a task.",
        "off",
        "rate_limit_unavailable",
        "no_channel",
        "html",
        "json_unknown",
    ),
    flag(
        "toapis_503_makes_task",
        "Whether a task was made when a create is answered with a 503 of which nothing is known; used with "
        "toapis_503 'html' and 'json_unknown'.",
        False,
    ),
    choice(
        "toapis_message_language",
        "The language of messages is not fixed: zh, en, ko and ja are promised without a way to choose, and "
        "zh is the likeliest. Here English all the same, as the sandbox's texts name what is wrong with a "
        "request, which its users are promised; a client must read no words but the few beginnings.",
        "en",
        "zh",
    ),
    choice(
        "toapis_balance_error_status",
        "A balance call without a good key is a 200 with success: false in the examples of the newer pages, "
        "and a 401 with an error object in their tables.",
        200,
        401,
        403,
    ),
    choice(
        "toapis_bad_key_text",
        "The text about an unknown key goes on in the newer edition ('whole'): compare its beginning.",
        "whole",
        "beginning",
    ),
    choice(
        "toapis_upload_error_status",
        "A file that is too large is a 400 on the page; 413 is what servers in front send.",
        400,
        413,
    ),
)

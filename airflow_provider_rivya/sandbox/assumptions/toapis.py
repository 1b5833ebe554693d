"""
The points that ToAPIs' public documentation leaves open, or answers differently from page to page.

As switches, see :mod:`airflow_provider_rivya.sandbox.assumptions.switches`; :data:`SHARED` are Rivya's too.
"""

from __future__ import annotations

from airflow_provider_rivya.sandbox.assumptions.switches import Assumption, choice, flag, seconds, text, usd
from airflow_provider_rivya.sandbox.assumptions.toapis_refusals import REFUSALS
from airflow_provider_rivya.sandbox.assumptions.toapis_requests import BUSINESS_IDS, REQUESTS
from airflow_provider_rivya.sandbox.assumptions.toapis_webhooks import WEBHOOKS

SHARED: tuple[str, ...] = (
    "id_style",
    "megabyte",
    "file_ttl_seconds",
    "task_retention_seconds",
    "rate_limit_per_window",
    "rate_limit_window_seconds",
    "refund_delay_seconds",
    "request_id_header",
)
"""Rivya's switches that hold for both gateways, as no page of ToAPIs answers them either."""

ANSWERS: tuple[Assumption, ...] = (
    choice(
        "toapis_create_status",
        "The HTTP status of a successful create is not documented, the examples show a body only; 200 is "
        "what servers send that are not told otherwise.",
        200,
        201,
        202,
    ),
    choice(
        "toapis_create_shape",
        "All later pages show a flat task object; an earlier veo page shows {code, data: [{status, "
        "task_id}]} ('data_list').",
        "flat",
        "data_list",
    ),
    choice(
        "toapis_waiting_status",
        "A waiting task is 'queued' in most lists, 'submitted' in one of an earlier edition and 'pending' in "
        "create answers of some pages and of a record; 'in_progress' is the create answer of some video "
        "models. '..._then_...' creates with the one and answers status calls with the other.",
        "pending_then_queued",
        "pending",
        "queued",
        "submitted",
        "queued_then_submitted",
        "in_progress",
    ),
    choice(
        "toapis_object",
        "The object of a status answer is generation.task, or image.generation and video.generation in an "
        "earlier edition ('by_category').",
        "generation.task",
        "by_category",
    ),
    choice(
        "toapis_progress",
        "progress is missing from one example, and its value at the end is not documented. 'stuck' stays "
        "at one value.",
        "present",
        "absent",
        "stuck",
    ),
    choice(
        "toapis_result_location",
        "Where a completed task's URL is differs by edition: result.data[].url in every newer example, a "
        "top-level url, or both.",
        "result_data",
        "url",
        "both",
    ),
    choice(
        "toapis_result_type",
        "result.type tells the kind of the result; a record shows 'image' for a finished video "
        "('always_image').",
        "right",
        "always_image",
    ),
    choice(
        "toapis_last_frame",
        "result.data[].last_frame_url is there when it was asked for and the model gives one ('withheld': it "
        "gives none). Whether it ends with the video's URL is not documented; 'expired' is over from the "
        "start.",
        "given",
        "withheld",
        "expired",
    ),
    choice(
        "toapis_billing_fields",
        "No page has a cost in a status answer; clients look for billing.cost_usd and billing.credits. "
        "'differs_from_list' tells twice what was charged.",
        "absent",
        "credits_and_usd",
        "usd_only",
        "differs_from_list",
    ),
    choice(
        "toapis_replay_answer",
        "Whether a create that gives the first task back shows it as it was at first or as it is now is not "
        "documented; used with toapis_repeated_client_business_id 'same_task'.",
        "current_state",
        "first_answer",
    ),
    choice(
        "toapis_b64_json",
        "What a completed task gives for response_format b64_json is not documented; a page says that the "
        "API returns URLs. 'inline' puts b64_json into result.data[].",
        "url",
        "inline",
    ),
    choice(
        "toapis_model_echo",
        "Whether model is the id that was sent or the one it stands for is not documented.",
        "as_sent",
        "canonical",
    ),
    choice(
        "toapis_failed_error",
        "A failed task's error has code and message in the examples. 'extra' adds fields of its own; "
        "'fail_reason' is a text at the top in place of error, as the sample code of the docs reads it; "
        "'none' tells nothing.",
        "code_message",
        "message",
        "extra",
        "fail_reason",
        "none",
    ),
    text(
        "toapis_failed_code",
        "The code of a failed task is generation_failed in every example; others are not documented.",
        "generation_failed",
    ),
)

RESULTS: tuple[Assumption, ...] = (
    choice(
        "toapis_expires_at",
        "expires_at is in every complete example. 'past' gives one that has passed already: the URLs do not "
        "work.",
        "present",
        "absent",
        "past",
    ),
    seconds(
        "toapis_result_ttl_seconds",
        "The links of images and videos are good for 24 hours.",
        86400,
        optional=False,
    ),
    choice(
        "toapis_expired_url_status",
        "What a URL gives after expires_at is not documented.",
        403,
        404,
    ),
    choice(
        "toapis_result_format",
        "The format of result images is not documented; an output_format that was asked for goes before it.",
        "png",
        "jpeg",
        "webp",
    ),
    flag(
        "toapis_result_extension",
        "Whether a result's URL ends with a file extension is not documented.",
        True,
    ),
    flag("toapis_result_needs_key", "Whether a result's URL needs the API key is not documented.", False),
)

CREDITS: tuple[Assumption, ...] = (
    choice(
        "toapis_charge_at",
        "Whether a task is charged at its creation or its completion is not documented; several pages "
        "charge n in advance.",
        "create",
        "completion",
    ),
    choice(
        "toapis_refund_on_failure",
        "Failed tasks are refunded by the gateway, says a summary of the pages; whether that is booked when "
        "a status call says 'failed' is not documented. 'later' returns the credits after "
        "refund_delay_seconds.",
        "full",
        "none",
        "later",
    ),
    choice(
        "toapis_settlement",
        "Some models are settled after the work, says their page: the rest of what was taken at creation is "
        "returned, or more is charged. How much is not documented; here half of it.",
        "as_taken",
        "returns_part",
        "charges_more",
    ),
    choice(
        "toapis_nano_banana_2_price",
        "One guide prices Nano Banana 2 by resolution, two others say $0.025 a request ('flat').",
        "by_resolution",
        "flat",
    ),
    usd(
        "toapis_unlisted_image_usd",
        "The price of image models that show none; $0.05 is the highest that a guide shows.",
        0.05,
    ),
    usd(
        "toapis_unlisted_video_usd",
        "No video model's price was public when this was written; here the price of one video.",
        0.5,
    ),
    choice(
        "toapis_balance_fields",
        "remain_credits and used_credits are in the later edition only. With an unlimited quota "
        "remain_balance is -1; in the example remain_credits is a positive number all the same "
        "('unlimited_with_credits').",
        "later",
        "earlier",
        "unlimited_with_credits",
    ),
    flag(
        "toapis_unlimited_quota",
        "A key may have an unlimited quota: remain_balance is -1 then.",
        False,
    ),
)

ASSUMPTIONS: tuple[Assumption, ...] = (
    *ANSWERS,
    *REFUSALS,
    *RESULTS,
    *CREDITS,
    *REQUESTS,
    *BUSINESS_IDS,
    *WEBHOOKS,
)

"""The open points of what ToAPIs takes in, see :mod:`.toapis`."""

from __future__ import annotations

from airflow_provider_rivya.sandbox.assumptions.switches import Assumption, choice, count, flag, seconds

REQUESTS: tuple[Assumption, ...] = (
    choice(
        "toapis_model_ids",
        "Reference pages and model guides spell some ids differently (Nano Banana 2 has four), and newer "
        "pages have new ids for earlier ones (gemini_omni, kling-2-6, ...-preview-official); which of them a "
        "key may use only GET /v1/models tells.",
        "all",
        "reference",
        "guide",
        "newer",
        "earlier",
    ),
    choice(
        "toapis_reference_field",
        "References are image_urls on most reference pages, reference_images in the guides, images in an "
        "earlier edition; here all of them are taken, or one alone.",
        "any",
        "image_urls",
        "reference_images",
        "images",
    ),
    choice(
        "toapis_several_reference_fields",
        "What two reference fields in one request mean is not documented; a gateway that converts the one "
        "into the other would keep both. Otherwise the named one counts alone.",
        "merge",
        "refuse",
        "image_urls",
        "reference_images",
    ),
    choice(
        "toapis_reference_elements",
        "References are string[] on some pages, object[] on others (here {url: ...}); no example has an "
        "object.",
        "strings",
        "objects",
        "both",
    ),
    choice(
        "toapis_base64_references",
        "Data URIs are refused in later editions and accepted in earlier ones.",
        "refuse",
        "accept",
    ),
    choice(
        "toapis_foreign_references",
        "References are public URLs; that they may be other ones than those of the upload endpoints is "
        "implied only.",
        "accept",
        "refuse",
    ),
    choice(
        "toapis_gif_references",
        "GIF may be uploaded, but no generation page lists it.",
        "refuse",
        "accept",
    ),
    choice(
        "toapis_resolution_place",
        "resolution is top-level on some pages and in metadata on others, for the same model; here it is "
        "taken in both places, or in one alone.",
        "any",
        "metadata",
        "top",
    ),
    choice(
        "toapis_resolution_conflict",
        "Which resolution counts when both places have one and they differ is not documented.",
        "metadata",
        "top",
        "refuse",
    ),
    choice(
        "toapis_resolution_case",
        "Pages write 2K or 2k, 720P or 720p; whether the case counts is not documented.",
        "as_documented",
        "any",
        "upper",
        "lower",
    ),
    choice(
        "toapis_disputed",
        "Pages list different ratios, counts, prompt lengths and parameters for the same model; 'refuse' "
        "takes only what all of them list.",
        "accept",
        "refuse",
    ),
    count(
        "toapis_undocumented_n_max",
        "The greatest n, for models whose pages give none; 10 is common. null = none (100 images are made "
        "at most).",
        10,
    ),
    choice(
        "toapis_too_many_references",
        "What references above the documented number lead to is not documented.",
        "refuse_400",
        "ignore_rest",
        "failed_task",
    ),
    choice(
        "toapis_real_person",
        "A reference that may show a real person was seen to be refused with a 400 whose code ends with "
        "PrivacyInformation; 'refuse_400' takes those for one that are marked: 'real-person' stands in the "
        "file (a JPEG comment, say), or in the URL of one that is not uploaded.",
        "accept",
        "refuse_400",
    ),
    choice(
        "toapis_callback_url",
        "A callback_url needs a webhook that is set up for the key, and may change path and query alone; the "
        "HTTP status of webhook_not_configured is not documented. The sandbox calls this machine alone.",
        "not_configured",
        "same_origin_only",
        "any",
    ),
    choice(
        "toapis_private_asset_review",
        "With private_asset_review media are reviewed first, 20 minutes a round, where the gateway has that; "
        "a task whose review fails or times out makes and costs nothing. 'passes_after' and 'times_out' take "
        "toapis_private_asset_review_seconds.",
        "skipped",
        "passes_after",
        "fails",
        "times_out",
    ),
    seconds(
        "toapis_private_asset_review_seconds",
        "A round of the review takes 20 minutes at the most, by the page, and is adjustable.",
        1200,
        optional=False,
    ),
    choice(
        "toapis_unknown_fields",
        "What happens to a field that the model does not have, or has in another place, is not "
        "documented; 'ignore' makes the task without it.",
        "refuse",
        "ignore",
    ),
)

BUSINESS_IDS: tuple[Assumption, ...] = (
    choice(
        "toapis_repeated_client_business_id",
        "A page gives the first task back for a repeated client_business_id, in its part on media review "
        "('same_task_reviewed_only': with private_asset_review alone); a summary of all pages says that "
        "nothing prevents a second task. Here the dearer reading.",
        "new_task",
        "same_task",
        "same_task_reviewed_only",
        400,
        409,
    ),
    choice(
        "toapis_other_body",
        "What another request under a used client_business_id gets, where that gives the first task back, is "
        "not documented.",
        "ignored",
        "refused",
    ),
    choice(
        "toapis_lookup_across",
        "Whether the own id of an image is found at the videos' path, and the other way round, is not "
        "documented.",
        "per_endpoint",
        "any_endpoint",
    ),
    choice(
        "toapis_shared_client_business_id",
        "Which task a status call returns when several have the same client_business_id is not documented.",
        "latest",
        "first",
    ),
    choice(
        "toapis_lookup",
        "A status call may have the client_business_id in place of the task id; from when on is not "
        "documented. 'delayed' finds it after toapis_lookup_delay_seconds, 'never' not at all.",
        "at_once",
        "delayed",
        "never",
    ),
    seconds(
        "toapis_lookup_delay_seconds",
        "How long it may take until a client_business_id is found is not documented; used with "
        "toapis_lookup 'delayed'.",
        10,
        optional=False,
    ),
    flag(
        "toapis_lookup_videos",
        "client_business_id is documented for images, and in a later edition for videos.",
        True,
    ),
    flag(
        "toapis_create_echoes_client_business_id",
        "Whether the create answer has the client_business_id is not documented; the status answer has it.",
        True,
    ),
    count(
        "toapis_client_business_id_max_length",
        "The greatest length of a client_business_id is not documented; null = none.",
        None,
    ),
)

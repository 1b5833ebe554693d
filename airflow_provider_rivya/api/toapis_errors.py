"""
What ToAPIs says when something is wrong, and which error of the tree that is.

Its pages use several vocabularies and body shapes, and texts in several languages, so the HTTP status
rules, a name is looked for in every place that any page hints at, and any text is shown
(https://docs.toapis.com/docs/en/api-reference/tasks/image-status).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from airflow_provider_rivya.api.call import Answer
from airflow_provider_rivya.api.errors import ErrorBody, by_status, decode, refusal
from airflow_provider_rivya.api.schemas import text_field
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    GatewayUnavailableError,
    InsufficientCreditsError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RequestRejectedError,
    UnexpectedAnswerError,
)

CONTENT_REFUSED: Final = "content_policy_violation"

_BY_NAME: Final[dict[str, type[GatewayError]]] = {
    "invalid_request": RequestRejectedError,
    "invalid_request_error": RequestRejectedError,
    "invalid_reference_images": RequestRejectedError,
    "unauthorized": AuthenticationError,
    "authentication_error": AuthenticationError,
    "insufficient_quota": InsufficientCreditsError,
    "task_not_found": NotFoundError,
    "task_not_exist": NotFoundError,
    "not_found_error": NotFoundError,
    CONTENT_REFUSED: RequestRejectedError,
    "webhook_not_configured": RequestRejectedError,
    "rate_limit_exceeded": RateLimitedError,
    "rate_limit_error": RateLimitedError,
    "rate_limit_unavailable": GatewayUnavailableError,
    "internal_error": GatewayUnavailableError,
}

_DOCUMENTED: Final = frozenset({400, 401, 402, 404, 422, 429})

# Beginnings: what follows them differs (https://docs.toapis.com/docs/en/api-reference/account/token-balance).
_KEY_TEXTS: Final = ("No Authorization header", "Failed to get token info")

_UNKNOWN_TASK: Final = re.compile(r"\btask_not_(?:exist|found)\b")

# 503s of which the pages, or records of real answers, say that no task was made.
_LIMITER_DOWN: Final = "rate_limit_unavailable"
_NO_CHANNEL: Final = "no available channel"

# Fields of an error object that are told apart from its words, or hold none.
_NO_WORDS: Final = frozenset({"code", "type", "param", "request_id"})

_UPLOAD_LIMITS: Final = (
    "ToAPIs takes images (JPEG, PNG, WebP, GIF) up to 10 MB and videos (MP4, WebM, MOV) up to 50 MB."
)
_ADVICE: Final[dict[type[GatewayError], str]] = {
    AuthenticationError: "Put a valid API key (sk-...) into the password field of the connection. Whether "
    "a key of one host (toapis.com) works at another (toapis.cn) is not documented.",
    PermissionDeniedError: "A key can be limited to some models and channels: see its settings at ToAPIs.",
    InsufficientCreditsError: "Top the account up; a key can have limits of its own, too.",
    RateLimitedError: "Lower max_in_flight of the connection, or spread the tasks.",
}

_CONTENT_ADVICE: Final = "Change the prompt or the reference media: the same content would be refused again."
_CONTENT_WORDS: Final = (
    "content policy",
    "content review",
    "moderation",
    "内容政策",
    "内容违",
    "审核",
    "违规",
)
_TASK_ADVICE: Final = (
    "Look whether the id is right, whether it is an image's or a video's, whether the key is of the "
    "account that submitted it, and whether the host is the one at which it was submitted."
)
_ADVICE_BY_NAME: Final = {
    CONTENT_REFUSED: _CONTENT_ADVICE,
    "invalid_reference_images": "References are public http(s) URLs: upload files first.",
    "task_not_found": _TASK_ADVICE,
    "task_not_exist": _TASK_ADVICE,
    "not_found_error": _TASK_ADVICE,
    "webhook_not_configured": "A callback_url needs a webhook that is set up for the key at ToAPIs.",
    _LIMITER_DOWN: "The gateway's limiter of creations is down; it made no task.",
}


def is_refusal(document: Any) -> bool:
    """
    Whether the JSON of a 2xx answer is a refusal all the same.

    A body with a task id and a status is a task, whatever else it says, unless it denies success.
    """
    if not isinstance(document, dict):
        return False
    if document.get("success") is False:
        return True
    if isinstance(document.get("id"), str) and isinstance(document.get("status"), str):
        return False
    return bool(document.get("error")) or _error_number(document) is not None or _name(document) is not None


def refuse(answer: Answer, call_name: str) -> GatewayError:
    """Return the error that an answer means."""
    return _refuse(answer, call_name)


def refuse_creation(answer: Answer, call_name: str) -> GatewayError:
    """
    Return the same as :func:`refuse`, with what is known of whether a task was made.

    In doubt where the id that the creation carries may be known already: pages differ in what a second
    creation with the same ``client_business_id`` gets. Not in doubt where a 503 is known to come before any
    task; every other 5xx tells nothing (https://docs.toapis.com/docs/cn/api-reference/rate-limits/async-tasks).
    """
    error = _refuse(answer, call_name)
    in_doubt = answer.status == 409 or "client_business_id" in error.message
    if in_doubt:
        return error.replace(maybe_taken_in=True)
    before_any_task = error.code == _LIMITER_DOWN or _NO_CHANNEL in error.message.lower()
    return error.replace(refused=True) if answer.status == 503 and before_any_task else error


def refuse_status(answer: Answer, call_name: str) -> GatewayError:
    """
    Return the same as :func:`refuse`; a task that the gateway does not know is a 404, or a 400 that names it.

    A 404 of none of the documented shapes (a page, nothing, words alone) is of something in front of it, and
    is never taken for "there is none": what is not there would be paid for once more.
    """
    error, document = _refuse(answer, call_name), decode(answer)
    if answer.status == 404 and not (isinstance(document, dict) and _is_own(document)):
        return UnexpectedAnswerError(
            f"The answer to {call_name!r} is a 404 that is not the gateway's own",
            http_status=answer.status,
            retryable=True,
        )
    if answer.status == 400 and _UNKNOWN_TASK.search(f"{error.code} {error.message}"):
        return refusal(answer, call_name, said(document), NotFoundError, _TASK_ADVICE)
    return error


def refuse_upload(answer: Answer, call_name: str) -> GatewayError:
    """Return the same as :func:`refuse`; a file that is too large is a plain 400 here."""
    return _refuse(answer, call_name, _UPLOAD_LIMITS)


def refuse_balance(answer: Answer, call_name: str) -> GatewayError:
    """Return the same as :func:`refuse`; here a bad key is told by a text alone, under any HTTP status."""
    body = said(decode(answer))
    if (body.message or "").startswith(_KEY_TEXTS):
        return refusal(answer, call_name, body, AuthenticationError, _ADVICE[AuthenticationError])
    return _refuse(answer, call_name)


def advice_on_failure(body: ErrorBody) -> str | None:
    """
    Return what to do about a failed task, where its words sound like content that was refused.

    Such a failure has no code of its own, and words decide nothing else: they come in several languages.
    """
    told = (body.message or "").lower()
    return (
        _CONTENT_ADVICE
        if body.code != CONTENT_REFUSED and any(word in told for word in _CONTENT_WORDS)
        else None
    )


def said(document: Any) -> ErrorBody:
    """Return what an error body, or a failed task's body, says."""
    if not isinstance(document, dict):
        return ErrorBody(message=text_field(document))
    request_id = next((found for part in _parts(document) if (found := part.get("request_id"))), None)
    return ErrorBody(
        code=_name(document) or _other_code(document),
        message=_text(document),
        request_id=text_field(request_id, 120),
    )


def _refuse(answer: Answer, call_name: str, advice: str | None = None) -> GatewayError:
    document = decode(answer)
    if document is None and answer.headers.get("content-type", "").lower().startswith("text/plain"):
        document = answer.body.decode("utf-8", "replace")
    body = said(document)
    status = answer.status
    if status < 400:
        status = (_error_number(document) if isinstance(document, dict) else None) or status
    if body.request_id is None:
        # The guides ask for the request id without naming its header; this is the usual one.
        body = replace(body, request_id=text_field(answer.headers.get("x-request-id"), 120))
    error_class = _error_class(status, body.code)
    if status == 422 and (body.code is None or body.code.isdigit()):
        body = replace(body, code=CONTENT_REFUSED)  # the one meaning that the pages give it
    if error_class is not RequestRejectedError:
        advice = _ADVICE.get(error_class)
    advice = _ADVICE_BY_NAME.get(body.code or "", advice)
    return refusal(answer, call_name, body, error_class, advice)


def _error_class(status: int, name: str | None) -> type[GatewayError]:
    """
    Choose by the HTTP status; the name decides only where no page says what the status means.

    The one exception: the guides list a quota that is used up under 429, too.
    """
    named = _BY_NAME.get(name or "")
    if status == 429 and named is InsufficientCreditsError:
        return InsufficientCreditsError
    if status >= 500 or status in _DOCUMENTED:
        return by_status(status)
    if status >= 400:
        return named or by_status(status)
    # A success that denies itself. Without a name nobody knows whether the call was taken in.
    return named or UnexpectedAnswerError


def _is_own(document: dict[str, Any]) -> bool:
    """Whether a body has one of the documented shapes of an error: it has an object, a name or a number."""
    named = _name(document) is not None or _error_number(document) is not None
    return named or isinstance(document.get("error"), dict)


def _parts(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the objects that may hold a name, a text or a request id, the likeliest first."""
    for part in (document.get("error"), document.get("message"), document):
        if isinstance(part, dict):
            yield part


def _name(document: dict[str, Any]) -> str | None:
    """Return the documented name in a body, wherever it stands."""
    for part in _parts(document):
        for field in ("code", "type", "error", "message"):
            value = part.get(field)
            if isinstance(value, str) and value in _BY_NAME:
                return value
    return None


def _other_code(document: dict[str, Any]) -> str | None:
    """Return a code that is not one of the documented names, or the type of an error in its place."""
    error = document.get("error")
    error = error if isinstance(error, dict) else {}
    for value in (error.get("code"), error.get("type"), document.get("code")):
        # A task's envelope has "code": 200.
        number = isinstance(value, int) and not isinstance(value, bool) and value >= 400
        if (text := text_field(str(value) if number else value, 80)) is not None:
            return text
    return None


def _error_number(document: dict[str, Any]) -> int | None:
    """Return the HTTP status that a body carries in place of its answer's."""
    for part in _parts(document):
        value = part.get("code")
        if isinstance(value, str) and len(value) == 3 and value.isascii() and value.isdigit():
            value = int(value)
        if isinstance(value, int) and 400 <= value < 600:
            return value
    return None


def _text(document: dict[str, Any]) -> str | None:
    """Return the words for humans: each of the fields may be a text or an object."""
    found = [
        words
        for key in ("error", "message", "fail_reason")
        if (words := _words(document.get(key))) is not None
    ]
    return next((words for words in found if words not in _BY_NAME), next(iter(found), None))


def _words(value: Any, depth: int = 2) -> str | None:
    if not isinstance(value, dict):
        return text_field(value)
    for key in ("message", "error"):
        if depth and (words := _words(value.get(key), depth - 1)) is not None:
            return words
    rest = {key: content for key, content in value.items() if content and key not in _NO_WORDS}
    try:
        return text_field(json.dumps(rest, ensure_ascii=False)) if rest else None
    except RecursionError:
        return None

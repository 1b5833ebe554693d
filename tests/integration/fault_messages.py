"""
What every kind of fault says: whole messages, with placeholders for what differs from run to run.

:data:`OF_CALLS` is for the calls of the API, :data:`OF_DOWNLOADS` for files that are fetched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.integration.fault_kinds import (
    BALANCE,
    CREATE,
    CREDITS,
    FILE,
    IMAGE,
    IMAGE_STATUS,
    IMAGE_UPLOAD,
    ITS_MODELS,
    MODELS,
    OPENAPI,
    STATUS,
    UPLOAD,
    VIDEO,
    VIDEO_STATUS,
    VIDEO_UPLOAD,
    Endpoint,
)


@dataclass(frozen=True)
class Call:
    """
    A call as messages tell of it.

    :param name: what it does.
    :param facts: what is known before an answer comes.
    :param success: HTTP status of an answer that is none of a fault.
    :param codes: of the gateway's refusals, by HTTP status.
    :param more: what else a refusal with a code tells.
    """

    name: str
    facts: tuple[str, ...]
    success: int = 200
    codes: Mapping[int, str] = field(default_factory=dict)
    more: tuple[str, ...] = ()

    def answered(self, status: int) -> tuple[str, ...]:
        """Return what is known of an answer; 0 is the status of a good one."""
        if status not in self.codes:
            return (f"HTTP {status or self.success}",)
        return (f"code {self.codes[status]}", f"HTTP {status}", *self.more)


def _rivya(name: str, *about: str, success: int = 200) -> Call:
    codes = {429: "rate_limited", 500: "internal_error"}
    return Call(name, (*about, "connection rivya_default"), success, codes, ("request id <request>",))


def _toapis(name: str, *about: str, coded: bool = True) -> Call:
    """:param coded: whether the bodies of its errors have a place for a code."""
    codes = {422: "content_policy_violation", 429: "rate_limit_exceeded", 500: "internal_error"}
    return Call(name, (*about, "connection toapis_default"), codes=codes if coded else {})


OF_GENERATION = "generation <generation>"
CALLS: Mapping[Endpoint, Call] = {
    CREATE: _rivya("create generation", success=201),
    STATUS: _rivya("get generation", OF_GENERATION),
    UPLOAD: _rivya("upload file", success=201),
    FILE: _rivya("get file"),
    CREDITS: _rivya("get credits"),
    MODELS: _rivya("list models"),
    OPENAPI: _rivya("get openapi"),
    IMAGE: _toapis("create generation"),
    VIDEO: _toapis("create generation"),
    IMAGE_STATUS: _toapis("get generation", OF_GENERATION),
    VIDEO_STATUS: _toapis("get generation", OF_GENERATION),
    IMAGE_UPLOAD: _toapis("upload file", coded=False),
    VIDEO_UPLOAD: _toapis("upload file", coded=False),
    ITS_MODELS: _toapis("list models"),
    BALANCE: _toapis("get credits", coded=False),
}

SIGN_IN = "<!doctype html><html><head><title>200</title></head><body><h1>Please sign in</h1></body></html>"
NO_ANSWER = "Server disconnected without sending a response."
CUT = "peer closed connection without sending complete message body"

NOT_JSON = "The gateway answered '{call}' with something that is not JSON: "
PROXY = "A proxy or a login page in between, or a fault at the gateway."

OF_CALLS: Mapping[str, tuple[str, int | None, str]] = {
    "status": ("The gateway refused '{call}': A fault that was asked for", 500, ""),
    "hang": ("The gateway did not answer in time for '{call}'", None, ""),
    "cut_before": (f"The gateway broke off ({NO_ANSWER}) for '{{call}}'", None, ""),
    "cut_after": (f"The gateway broke off ({NO_ANSWER}) for '{{call}}'", None, ""),
    "answer_cut": (f"The gateway broke off ({CUT}) for '{{call}}'", None, ""),
    "truncated": (f"{NOT_JSON}<answer>", 0, PROXY),
    "corrupt": (f"{NOT_JSON}<answer>", 0, PROXY),
    "html": (f"{NOT_JSON}{SIGN_IN}", 200, PROXY),
    "empty": (f"{NOT_JSON}an empty body", 200, PROXY),
    "redirect": (
        "The gateway answered '{call}' with a redirect",
        302,
        "API calls follow no redirects, so that no other host gets the key: "
        "check the host of the connection.",
    ),
    "rate_limit": (
        "The gateway refused '{call}': Too many requests in the current window",
        429,
        "Lower max_in_flight of the connection, or spread the tasks.",
    ),
    "content_refused": (
        "The gateway refused '{call}': The request was refused by the content policy",
        422,
        "Change the prompt or the reference media: the same content would be refused again.",
    ),
}
"""
What happened, the HTTP status of the answer, what to do.

The status is ``None`` without an answer and 0 for that of a good one. What is missing here, nobody notices.
"""

OF_DOWNLOADS: Mapping[str, tuple[str, int | None]] = {
    "status": ("<host>/... answered HTTP 500 instead of the file", 500),
    "hang": ("The transfer from <host>/... broke off (timed out)", None),
    "cut_before": (f"The transfer from <host>/... broke off ({NO_ANSWER})", None),
    "cut_after": (f"The transfer from <host>/... broke off ({NO_ANSWER})", None),
    "answer_cut": (
        "The transfer from <host>/... broke off (peer closed connection without sending "
        "complete message body)",
        None,
    ),
    "truncated": ("{file} is a damaged {mime} file: it ends before its format says it does.", None),
    "corrupt": ("{file} is a damaged {mime} file: the checksum of its PNG chunk IDAT does not fit.", None),
    "html": ("{file} is not an image, video or audio file: it looks like an HTML page.", None),
    "empty": ("{file} is empty.", None),
    "redirect": ("The host localhost leads to 127.0.0.1, which is not a public address.", None),
    "rate_limit": ("<host>/... answered HTTP 429 instead of the file", 429),
}
"""What happened, and the HTTP status that is told beside it."""

ALLOW_THE_HOST = "If that is right, add the host to allowed_download_hosts of the connection."


def of_call(kind: str, endpoint: Endpoint, *, then: str = "", advised: bool = True) -> str:
    """
    Return what a fault at a call of the API says.

    :param then: what happened after it.
    :param advised: whether it says what to do.
    """
    call = CALLS[endpoint]
    message, status, advice = OF_CALLS[kind]
    of_answer = () if status is None else call.answered(status)
    told = f"{message.format(call=call.name)}{then} [{', '.join((*call.facts, *of_answer))}]."
    return f"{told} {advice}" if advice and advised else told


def of_download(
    kind: str,
    *facts: str,
    file: str = "The file from <host>/...",
    mime: str = "image/png",
    then: str = "",
) -> str:
    """
    Return what a fault at a file that is fetched says.

    :param facts: what is told beside it.
    :param then: what was done about it.
    """
    message, status = OF_DOWNLOADS[kind]
    facts = (*facts, *(() if status is None else (f"HTTP {status}",)))
    message = message.format(file=file, mime=mime) + then
    if facts:
        return f"{message} [{', '.join(facts)}]."
    return message if message.endswith(".") else f"{message}."


_ANSWER = re.compile(r"""not JSON: \{".*?(?= \[(?:generation|connection) |; the gateway knows )""", re.DOTALL)
_VARYING: tuple[tuple[re.Pattern[str], str], ...] = (
    (_ANSWER, "not JSON: <answer>"),
    (re.compile(r"\breq_\w+"), "<request>"),
    (re.compile(r"\d+ of \d+ bytes"), "<n> of <n> bytes"),
    (re.compile(r" \(received \d+ bytes, expected \d+\)"), ""),
    (re.compile(r"\b(after|in) \d+ s\b( \(\d+ % done\))?"), r"\1 <s>"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"), "<time>"),
)


def plain(text: str, known: Mapping[str, str]) -> str:
    """
    Put placeholders into a message.

    :param known: what is called how: the ids and addresses of this run. Others stay as they are.
    """
    for value, name in known.items():
        text = text.replace(value, f"<{name}>")
    for pattern, placeholder in _VARYING:
        text = pattern.sub(placeholder, text)
    return text

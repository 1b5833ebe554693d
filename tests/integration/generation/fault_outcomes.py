"""What a generation makes of every kind of fault at every endpoint that it calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.integration.fault_kinds import (
    BALANCE,
    CREATE,
    CREDITS,
    GENERATED,
    IMAGE,
    IMAGE_STATUS,
    IMAGE_UPLOAD,
    MOVED_RESULT,
    REFERENCE,
    RESULT,
    STATUS,
    TAKEN_IN,
    UPLOAD,
    UPLOADED,
    VIDEO,
    VIDEO_STATUS,
    Endpoint,
)
from tests.integration.fault_messages import (
    ALLOW_THE_HOST,
    OF_CALLS,
    OF_DOWNLOADS,
    OF_GENERATION,
    of_call,
    of_download,
)
from tests.integration.job_harness import State


@dataclass(frozen=True)
class Expected:
    """
    What the try does that the fault hits.

    :param state: how it ends.
    :param error: the whole message of the exception, if there is one; see :mod:`..fault_messages`.
    :param warnings: all of its log.
    :param ledger: the entries after it.
    :param then: the warnings of the next try.
    :param final_ledger: the entries after that.
    :param hits: calls in a row that the fault hits.
    """

    state: State = "delivered"
    error: str | None = None
    warnings: tuple[str, ...] = ()
    ledger: tuple[str, ...] = ("charge",)
    then: tuple[str, ...] = ()
    final_ledger: tuple[str, ...] = ("charge",)
    hits: int = 1


UNHARMED = Expected()
NOTHING = "Nothing was submitted and nothing was charged"
AGAIN = f"{NOTHING}. The next try (2 left) submits the request."
NO_USE = f"{NOTHING}; a retry would not help, so none is made."


def unsent(error: str) -> Expected:
    return Expected("retryable", error, ledger=())


def refused(error: str) -> Expected:
    return Expected("final", error, ledger=())


# -- what a gateway's calls lead to ---------------------------------------------------------------------

IN_DOUBT = (
    "Whether the gateway accepted it is not known. The next try (2 left) sends the same request under the "
    "same idempotency key, so that it is paid for once."
)
REPEATED = (
    "Resumed after a try that ended between sending and recording: sending the same request under the same "
    "idempotency key <key>."
)
FAILED_AT_NO_COST = Expected(
    "retryable",
    "The generation failed at the gateway: The model could not make this image. "
    "[generation <generation>, connection rivya_default, code generation_failed]. "
    "It cost nothing (final credits 0). The next try (2 left) submits a new generation.",
    ledger=("charge", "refund"),
    final_ledger=("charge", "refund", "charge"),
)


def at_creation(kind: str) -> Expected:
    """With a key that the gateway honours the next try repeats what may have been taken in."""
    if kind == "generation_fails":
        return FAILED_AT_NO_COST
    if kind not in OF_CALLS:
        return UNHARMED
    said = of_call(kind, CREATE)
    if kind == "rate_limit":
        return unsent(f"{said} {AGAIN}")
    ledger = ("charge",) if kind in TAKEN_IN else ()
    return Expected("retryable", f"{said} {IN_DOUBT}", ledger=ledger, then=(REPEATED,))


ASKS_A_PERSON = (
    "Whether it was accepted, and is paid for, is not known. No retry is made: look at the gateway's account "
    "for a generation of about <time>, or ask its support for that id. If there is one, fetch its result by "
    "its task id and mark the task as succeeded; if not, clear the task: it looks once more, and then "
    "submits, and pays for, a new one under a new id. on_uncertain_submission='resubmit' does that without "
    "asking, and may pay twice."
)
BEGUN_ANEW = (
    "Resumed after a try that ended between sending and recording: looking its request up at the gateway, "
    "under the id <key>.",
    "The same request is submitted again, under a new key: if the first one was accepted after all, both are "
    "paid for. Left behind: a submission without an answer (key <key>), which may have been paid for.",
)
FAILED_AT_AN_UNKNOWN_COST = Expected(
    "final",
    "The generation failed at the gateway: The task could not be completed. "
    "[generation <generation>, connection toapis_default, code generation_failed]. "
    "The gateway does not say what it cost. No retry is made, as it would pay again; clear the task to "
    "submit a new generation, and ask the gateway's support about the credits.",
    ledger=("charge", "refund"),
    final_ledger=("charge", "refund", "charge"),
)


def at_creation_without_keys(endpoint: Endpoint) -> Callable[[str], Expected]:
    """What may have been taken in is looked up at once; if it is not there, a person is asked."""

    def at(kind: str) -> Expected:
        if kind == "generation_fails":
            return FAILED_AT_AN_UNKNOWN_COST
        if kind not in OF_CALLS:
            return UNHARMED
        said = of_call(kind, endpoint)
        if kind == "content_refused":
            return refused(f"{said} {NO_USE}")
        if kind == "rate_limit":
            return unsent(f"{said} {AGAIN}")
        looked_up = (f"{said} Looking it up at the gateway, under the id <key>.",)
        if kind in TAKEN_IN:
            return Expected(warnings=looked_up)
        absent = "; the gateway knows no generation under its id <key> (asked 4 times in <s>)"
        told = of_call(kind, endpoint, then=absent, advised=False)
        return Expected("final", f"{told} {ASKS_A_PERSON}", looked_up, ledger=(), then=BEGUN_ANEW)

    return at


def while_waiting(endpoint: Endpoint) -> Callable[[str], Expected]:
    """One line in the log, however often in a row it happens."""

    def at(kind: str) -> Expected:
        if kind == "unknown_status":
            strange = "(a status this release does not know; taken as not ended)"
            return Expected(warnings=(f"Generation <generation>: upscaling {strange} after <s>.",), hits=2)
        if kind not in OF_CALLS:
            return UNHARMED
        return Expected(
            warnings=(
                f"Generation <generation>: status unknown after <s>. {of_call(kind, endpoint)} "
                "The generation itself goes on at the gateway; the polling goes on too.",
            ),
            hits=2,
        )

    return at


def before_paying(endpoint: Endpoint) -> Callable[[str], Expected]:
    def at(kind: str) -> Expected:
        if kind not in OF_CALLS:
            return UNHARMED
        said = of_call(kind, endpoint)
        return refused(f"{said} {NO_USE}") if kind == "redirect" else unsent(f"{said} {AGAIN}")

    return at


# -- what files lead to ---------------------------------------------------------------------------------


def of_request(fault: str) -> Expected:
    return refused(
        f"The request of task 'make' has 1 fault:\n  - reference_media: {fault}\n"
        "Nothing was sent and nothing was charged; a retry would not help."
    )


def at_reference(connection: str) -> Callable[[str], Expected]:
    """The photograph of a request, where it is given by its URL."""
    wrong = {
        "html": of_download("html", file="the file at <host>/..."),
        "empty": "the file at <host>/... is empty.",
        "redirect": f"it could not be fetched: {of_download('redirect')} {ALLOW_THE_HOST}",
    }

    def at(kind: str) -> Expected:
        if kind in wrong:
            return of_request(wrong[kind])
        if kind not in OF_DOWNLOADS:
            return UNHARMED
        said = of_download(kind, connection, file="the file at <host>/...", mime="image/jpeg")
        return unsent(f"reference_media could not be fetched: {said} {NOTHING}; a retry fetches it again.")

    return at


def at_result(connection: str, cost: str = "", kept: str = "") -> Callable[[str], Expected]:
    """
    The file that was paid for.

    :param cost: where the gateway has told it; ``kept``, until when it keeps the file.
    """
    later = (
        f"{kept}Generation <generation> succeeded and is paid for{cost}; its result is not lost. "
        "The next try (2 left) fetches it again and does not pay again."
    )

    def at(kind: str) -> Expected:
        if kind not in OF_DOWNLOADS:
            return UNHARMED
        said = of_download(kind, OF_GENERATION, connection)
        if kind == "redirect":
            return Expected("retryable", f"{said} {ALLOW_THE_HOST} {later}")
        again = "to fetch a result failed, trying again:"
        hits = 3
        if kind in ("truncated", "corrupt"):
            hits, kept = 2, "file://<landing>/<generation>-0.png.damaged"
            then = f" The same bytes came twice; it is kept at {kept}."
            said = of_download(kind, OF_GENERATION, connection, then=then)
        attempts = tuple(f"Attempt {number} {again} {of_download(kind)}" for number in range(1, hits))
        return Expected("retryable", f"{said} {later}", attempts, hits=hits)

    return at


OUTCOMES: Mapping[Endpoint, Callable[[str], Expected]] = {
    CREATE: at_creation,
    STATUS: while_waiting(STATUS),
    UPLOAD: before_paying(UPLOAD),
    CREDITS: before_paying(CREDITS),
    REFERENCE: at_reference("connection rivya_default"),
    RESULT: at_result("connection rivya_default", " (1 credit)"),
    MOVED_RESULT: at_result("connection rivya_default", " (1 credit)"),
    IMAGE: at_creation_without_keys(IMAGE),
    VIDEO: at_creation_without_keys(VIDEO),
    IMAGE_STATUS: while_waiting(IMAGE_STATUS),
    VIDEO_STATUS: while_waiting(VIDEO_STATUS),
    IMAGE_UPLOAD: before_paying(IMAGE_UPLOAD),
    BALANCE: before_paying(BALANCE),
    UPLOADED: at_reference("connection toapis_default"),
    GENERATED: at_result("connection toapis_default", kept="Its URLs work until <time>. "),
}
"""By the kind of a fault at the endpoint."""

"""A generation for a command or a program, which Airflow does not try again: key, record, sentences."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.exceptions import Fault, GatewayError, GenerationError, InvalidRequestError
from airflow_provider_rivya.generation.job import GenerationJob
from airflow_provider_rivya.landing.checks import Checks
from airflow_provider_rivya.request.prepare import prepare_request
from airflow_provider_rivya.submission.context import (
    Submission,
    SubmissionContext,
    SubmissionPolicy,
    TryFacts,
)
from airflow_provider_rivya.submission.identity import ChosenKey, Identity
from airflow_provider_rivya.submission.keeper import RecordKeeper
from airflow_provider_rivya.submission.lookup import look_up
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.stores import FileRecords, NoRecords, RecordStore
from airflow_provider_rivya.waiting.progress import Narrator

if TYPE_CHECKING:
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.request.prepare import Prepared, RequestArguments
    from airflow_provider_rivya.result import GenerationResult
    from airflow_provider_rivya.storage.place import OutputPlace
    from airflow_provider_rivya.submission.context import Clock, Impasse, Outcome

_MADE_UP: Final = re.compile(r"call-[0-9a-f]{32}")
_UNKNOWN: Final = "Whether the gateway accepted the request is not known."
NOTHING: Final = "Nothing was submitted and nothing was charged."


def made_up_key() -> str:
    """Return a new key; it is told to nobody before the request is about to be sent."""
    return f"call-{uuid.uuid4().hex}"


@dataclass(frozen=True)
class CallerWords:
    """
    The sentences for whoever has called once, and may call again.

    :param repeat: says how to call again, after "To be charged once, ...".
    :param fetch: says how to land what was submitted under a task id, or a key, at no cost.
    :param replays_keys: whether the gateway answers a repeated key with the generation it has made of it.
    """

    repeat: str
    fetch: Callable[[str], str]
    replays_keys: bool

    @property
    def again(self) -> str:
        return "The same call"

    @property
    def risk(self) -> str:
        return ""

    def fate(
        self,
        outcome: Outcome,
        record: Record | None = None,
        *,
        final: bool = False,
        left: Record | None = None,
        credits: float | None = None,
    ) -> str:
        if outcome == "not_submitted":
            return NOTHING
        if record is None or outcome in ("refunded", "charged", "refused"):
            return ""
        if outcome == "expired":
            return "It is paid for, but the gateway keeps its result no longer: ask its support."
        if record.generation_id is not None:
            return (
                f"The generation is paid for and not lost. Fetch it later:{self.fetch(record.generation_id)}"
            )
        if self.replays_keys:
            return f"{_UNKNOWN} To be charged once, {self.repeat}"
        return (
            f"{_UNKNOWN} The same call with the key {record.key} looks it up again, and never sends it a "
            "second time; another key, or none, pays for a new generation. To look for it and store it, at "
            "no cost:"
            f"{self.fetch(record.key)}"
        )

    def impasse(self, why: Impasse, record: Record | None = None, *, sent: bool = False) -> str:
        return self.fate("uncertain", record) if record is not None else NOTHING


@dataclass(frozen=True)
class Call:
    """
    One call, and its job.

    :param key: the idempotency key.
    :param chosen: whether somebody has given the key, and so may have called with it before.
    """

    job: GenerationJob
    key: str
    chosen: bool

    def submit(self, prepared: Prepared) -> Submission:
        """
        Submit a request, or find what was submitted under its key before.

        :raises GenerationError: with what is known of the money, and what to do.
        """
        context = self.job.context
        if self.chosen and not context.replays_keys:
            if _MADE_UP.fullmatch(self.key):
                context.records.claim(self._intent(prepared), None)
            elif (found := self._found(prepared)) is not None:
                return found
        return self.job.submit(prepared)

    def _found(self, prepared: Prepared) -> Submission | None:
        """
        Look for what was sent under a chosen key, where no record tells of it.

        :return: ``None``: a record tells, or as far as can be known the key is new.
        """
        context = self.job.context
        record = context.records.load()
        if record is not None and not record.is_withdrawn:
            if record.fingerprint != prepared.request.fingerprint:
                problem = f"another request was sent under {self.key!r}"
                fault = Fault("idempotency_key", problem, "a key of its own")
                raise InvalidRequestError([fault], conn_id=context.client.conn_id)
            return None
        intent = self._intent(prepared)
        try:
            finding = look_up(context, intent, patiently=False)
        except GatewayError as error:
            message = f"The key {self.key} could not be looked up: {error.message}"
            raise error.replace(message=message, fate=NOTHING) from None
        if finding.found is not None and finding.ours is None:
            raise GenerationError(
                f"Nothing can be sent; under the key {self.key} the gateway has generation "
                f"{finding.found.id}, which {finding.foreign}",
                conn_id=context.client.conn_id,
                fate=NOTHING,
            )
        if finding.ours is None:
            return None
        found = finding.ours
        return Submission(intent.submitted(found.id, found.credits_reserved, context.clock.time()))

    def _intent(self, prepared: Prepared) -> Record:
        """Return the record of a request that is not known to have been sent: nothing is older than it."""
        request = prepared.request
        return Record(
            state="intent",
            epoch=0,
            attempt=0,
            fingerprint=request.fingerprint,
            key=self.key,
            begun_at=0.0,
            conn_id=self.job.context.client.conn_id,
            model=(prepared.dialect and prepared.dialect.model) or request.model,
            category=request.category,
            outputs=request.outputs,
        )


def call_of(
    client: GatewayClient,
    key: str | None,
    place: OutputPlace | None,
    words: Callable[[str], CallerWords],
    *,
    narrator: Callable[[str, float], Narrator] = Narrator,
    clock: Clock = time,
) -> Call:
    """
    Return the call for a key.

    That something was sent under a chosen key is known by a record beside the output, at a gateway that
    replays no keys; that it was sent under one that was made up is known by the key itself.

    :param key: chosen by a person or a program; ``None``: one is made up.
    :param place: where the output goes.
    :param words: makes the sentences for a key.
    :param narrator: tells how the waiting goes.
    """
    chosen, key = key is not None, key or made_up_key()
    store: RecordStore = NoRecords()
    replays_keys = client.api.capabilities.replays_keys
    if chosen and not replays_keys and not _MADE_UP.fullmatch(key) and place is not None:
        store = FileRecords(place.folder(".rivya"), Identity(client.api.name, "", "", key, -1))
    context = SubmissionContext(
        client=client,
        records=RecordKeeper(store, client.conn_id),
        identity=ChosenKey(key),
        words=words(key),
        facts=TryFacts(first_since_clear=False),  # nobody clears a call: each one looks patiently
        policy=SubmissionPolicy("reuse", "resubmit" if replays_keys else "fail"),
        clock=clock,
    )
    return Call(GenerationJob(context, narrator=narrator), key, chosen)


def generate(
    client: GatewayClient,
    arguments: RequestArguments,
    *,
    key: str | None,
    timeout: float,
    words: Callable[[str], CallerWords],
) -> GenerationResult:
    """
    Make one generation, from the request to its files.

    :param key: the idempotency key; ``None``: one is made up.
    :param timeout: seconds to wait for it.
    :param words: makes the sentences for a key.
    :raises GenerationError: with what happened, what it cost and what to do.
    """
    with TemporaryDirectory(prefix="rivya-") as folder:
        prepared = prepare_request(arguments, client, folder)
        call = call_of(client, key, prepared.place, words)
        submission = call.submit(prepared)
        finished = call.job.wait_here(submission, deadline=time.time() + timeout)
        return call.job.land(
            submission,
            finished,
            prepared.place,
            if_exists=arguments.if_exists,
            checks=Checks.of(arguments.verify, prepared.request.params),
        )

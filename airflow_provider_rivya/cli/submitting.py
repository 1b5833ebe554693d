"""The paid call of ``generate``, and what becomes of one whose answer did not come."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.credits import whole
from airflow_provider_rivya.exceptions import Fault, GatewayError, GenerationError, InvalidRequestError
from airflow_provider_rivya.request.references import upload
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.lookup import Clock, Finding, look_up
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.stores import FileRecords, NoRecords, RecordTakenError, SafeRecords

if TYPE_CHECKING:
    from argparse import Namespace

    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.cli.output import Output
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.request.prepare import Prepared

_MADE_UP: Final = re.compile(r"cli-[0-9a-f]{32}")
_NOTHING: Final = "Nothing was submitted and nothing was charged."
_UNKNOWN: Final = "Whether the gateway took the request in is not known."


def submit(hook: GatewayHook, prepared: Prepared, arguments: Namespace, output: Output) -> Generation:
    """
    Submit a request, or find what was submitted under its key before.

    :raises GenerationError: with what is known of the money, and what to do.
    """
    if hook.api.REPLAYS_KEYS:
        generation = _replayable(hook, prepared, arguments, output)
    else:
        generation = Once(hook, prepared, arguments, output).generation()
    reserved = whole(generation.credits_reserved)
    told = "" if reserved is None else f", {reserved} credits are reserved"
    output.say(f"Generation {generation.id} is submitted{told}.")
    return generation


def _replayable(hook: GatewayHook, prepared: Prepared, arguments: Namespace, output: Output) -> Generation:
    """Send under a key that the gateway answers with the first generation, however often it comes."""
    key = arguments.idempotency_key or _new_key()
    body = _body(hook, prepared, key, output)
    again = f"{_UNKNOWN} To be charged once, run the same command with\n  --idempotency-key {key}\n"
    try:
        return hook.create_generation(body, key, category=prepared.request.category)
    except KeyboardInterrupt:
        output.say(again.rstrip())
        raise
    except GatewayError as error:
        error.fate = again if error.maybe_taken_in else _NOTHING
        raise


@dataclass(frozen=True)
class Once:
    """
    A request to a gateway that would make another generation of a repeated key.

    It is sent once under its key, and from then on only looked up. That it was sent is known by a record
    beside the output where a person chose the key, and by the key itself where it was made up: such a key
    is told to nobody before the request is about to be sent.
    """

    hook: GatewayHook
    prepared: Prepared
    arguments: Namespace
    output: Output
    clock: Clock = time

    def generation(self) -> Generation:
        """
        Return the one generation of the key.

        :raises GenerationError: with what is known of the money, and what to do.
        """
        chosen = self.arguments.idempotency_key
        key = chosen or _new_key()
        records = self._records(key)
        there = records.read()
        before = None if there is None or there.state == "withdrawn" else there
        if before is not None and before.fingerprint != self.prepared.request.fingerprint:
            fault = Fault("--idempotency-key", f"another request was sent under {key!r}", "a key of its own")
            raise InvalidRequestError([fault], conn_id=self.hook.conn_id)
        if chosen and (found := self._sent_before(key, before)):
            if before is not None:
                records.note(before.submitted(found.id, found.credits_reserved, self.clock.time()))
            self.output.say(f"Nothing is sent: something was submitted under the key {key} before.")
            return found
        body = _body(self.hook, self.prepared, key, self.output)
        intent = replace(self._intent(key), body=body, begun_at=self.clock.time())
        try:
            records.begin(intent, there)
        except RecordTakenError:
            raise GenerationError(
                f"Another process is submitting under the key {key} right now",
                conn_id=self.hook.conn_id,
                fate="This one has sent nothing and paid nothing. Run the same command again.",
            ) from None
        self.output.say(f"Submitting under the key {key}.", style="dim")
        answer = self._send(intent, records, there)
        records.note(intent.submitted(answer.id, answer.credits_reserved, self.clock.time()))
        return answer

    def _sent_before(self, key: str, before: Record | None) -> Generation | None:
        """
        Return what was submitted under a key before.

        :param before: the record of it, if it may have been taken in.
        :return: ``None``: as far as can be known the key is new.
        :raises GenerationError: it was sent and is not found, or the gateway has something else there.
        """
        intent = before or self._intent(key)
        sent = before is not None or _made_up(key)
        fate = self._uncertain(key) if sent else _NOTHING
        try:
            if intent.generation_id is not None:
                fate = f"{_NOTHING} What was submitted under the key {key} before is paid for."
                return self.hook.get_generation(intent.generation_id, category=intent.category or "image")
            finding = self._look_up(intent, patiently=sent)
        except KeyboardInterrupt:
            self.output.say(fate.rstrip())
            raise
        except GatewayError as error:
            what = f"What was sent under the key {key}" if sent else f"The key {key}"
            error.message = f"{what} could not be looked up: {error.message}"
            error.fate = fate
            raise
        if finding.ours is None and (sent or finding.found):
            said = "An earlier run has sent this request, or was about to" if sent else "Nothing can be sent"
            raise GenerationError(f"{said}; {_outcome(finding, key)}", conn_id=self.hook.conn_id, fate=fate)
        return finding.ours

    def _send(self, intent: Record, records: SafeRecords, there: Record | None) -> Generation:
        try:
            return self._answer(intent)
        except KeyboardInterrupt:
            self.output.say(self._uncertain(intent.key).rstrip())
            raise
        except GatewayError as error:
            if error.maybe_taken_in:
                error.fate = self._uncertain(intent.key)
            else:
                records.take_back(there, intent)
                error.fate = _NOTHING
            raise

    def _answer(self, intent: Record) -> Generation:
        """Return what the gateway has made of the request, by its answer or else by looking it up."""
        try:
            return self.hook.create_generation(
                intent.body or "", intent.key, category=intent.category or "image"
            )
        except GatewayError as error:
            if not error.maybe_taken_in:
                raise
            lost = error
        self.output.warn(f"{lost.message}. Looking the request up, for up to a minute.")
        try:
            finding = self._look_up(intent, patiently=True)
        except GatewayError as error:
            lost.message = f"{lost.message}; nor could it be looked up: {error.message}"
            raise lost from None
        if finding.ours is None:
            lost.message = f"{lost.message}; {_outcome(finding, intent.key)}"
            raise lost
        return finding.ours

    def _look_up(self, intent: Record, *, patiently: bool) -> Finding:
        return look_up(self.hook, intent, patiently=patiently, clock=self.clock, killed=lambda: False)

    def _uncertain(self, key: str) -> str:
        from airflow_provider_rivya.cli.landing import way_back

        return (
            f"{_UNKNOWN} The same command with --idempotency-key {key} looks it up again, and never sends it "
            "a second time; another key, or none, pays for a new generation. To look for it and land it, at "
            f"no cost:\n  {way_back(key, self.arguments)}\n"
        )

    def _records(self, key: str) -> SafeRecords:
        from airflow_provider_rivya.cli.landing import place_of
        from airflow_provider_rivya.storage.place import OutputPlace

        if not self.arguments.idempotency_key or _made_up(key):
            return SafeRecords(NoRecords(), self.hook.conn_id)
        folder = OutputPlace(place_of(self.arguments.output)).folder(".rivya")
        identity = Identity(self.hook.settings.gateway, "", "", key, -1)
        return SafeRecords(FileRecords(folder, identity), self.hook.conn_id)

    def _intent(self, key: str) -> Record:
        """Return the record of a request that is not known to have been sent: nothing is older than it."""
        request, dialect = self.prepared.request, self.prepared.dialect
        return Record(
            state="intent",
            epoch=0,
            attempt=0,
            fingerprint=request.fingerprint,
            key=key,
            begun_at=0.0,
            conn_id=self.hook.conn_id,
            model=(dialect and dialect.model) or request.model,
            category=request.category,
        )


def _outcome(finding: Finding, key: str) -> str:
    if finding.found is None:
        return f"the gateway knows no generation under the key {key} ({finding.in_words})"
    return f"under the key {key} the gateway has generation {finding.found.id}, which {finding.foreign}"


def _body(hook: GatewayHook, prepared: Prepared, key: str, output: Output) -> str:
    request = prepared.request
    if prepared.references:
        output.say(f"Uploading {len(prepared.references)} reference file(s).")
    items = upload(hook, prepared.references, request.model)
    return hook.api.request_body(
        request.model, request.prompt, request.params, items, key=key, dialect=prepared.dialect
    )


def _new_key() -> str:
    return f"cli-{uuid.uuid4().hex}"


def _made_up(key: str) -> bool:
    return _MADE_UP.fullmatch(key) is not None

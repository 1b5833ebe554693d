"""What the hooks of all gateways share: the gateway's calls, and waiting for a generation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Required, TypedDict, Unpack

from airflow_provider_rivya.credits import plain
from airflow_provider_rivya.exceptions import Fault, GenerationError, InvalidRequestError, NotFoundError
from airflow_provider_rivya.hooks.client import ConnectedHook

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from airflow_provider_rivya.api.call import FilePart
    from airflow_provider_rivya.api.schemas import Balance, Generation, ModelInfo, UploadedFile
    from airflow_provider_rivya.catalog.lenient import Validation
    from airflow_provider_rivya.media.verify import Verify
    from airflow_provider_rivya.result import GenerationResult
    from airflow_provider_rivya.storage.place import IfExists


class GenerateArguments(TypedDict, total=False):
    """The arguments of :meth:`GatewayHook.generate`."""

    model: Required[str]
    prompt: str | None
    model_params: Mapping[str, Any] | None
    reference_media: Any
    output_path: str | os.PathLike[str] | None
    output_conn_id: str | None
    if_exists: IfExists
    idempotency_key: str | None
    client_request_id: str | None
    timeout: float
    validation: Validation
    max_credits: float | None
    allow_estimates: bool
    min_credits_left: float | None
    convert_reference_images: bool
    verify: Verify
    require_references: bool
    dialect: Mapping[str, Any] | None


class GatewayHook(ConnectedHook):
    """
    Base of the gateways' hooks: every call twice, sync and (with an ``a`` before its name) async.

    :param conn_id: the Airflow connection.
    """

    # -- the gateway's calls -----------------------------------------------------------------------

    def create_generation(
        self, body: str, idempotency_key: str | None = None, *, category: str = "image"
    ) -> Generation:
        """
        Submit a generation. This is what costs credits.

        :param body: exact JSON text, made with ``api.request_body``.
        :param idempotency_key: where the gateway honours one, a lost answer is asked for again with it;
            in any other case a request that may have been accepted is not sent again.
        :param category: of the model: ``image``, ``audio`` or ``video``.
        :raises GatewayError: the gateway refused it or could not be reached; ``maybe_taken_in`` says whether
            it may have been accepted, and paid for, all the same.
        """
        return self._send(self.api.create_generation(body, idempotency_key, category))

    async def acreate_generation(
        self, body: str, idempotency_key: str | None = None, *, category: str = "image"
    ) -> Generation:
        """Async :meth:`create_generation`."""
        return await self._asend(self.api.create_generation(body, idempotency_key, category))

    def get_generation(
        self,
        generation_id: str,
        *,
        category: str = "image",
        repeat: bool = True,
        within: float | None = None,
    ) -> Generation:
        """
        Read the state, and the result URLs, of a generation.

        :param category: of the model; some gateways keep images and videos apart.
        :param repeat: ``False`` makes one attempt only, for callers with a schedule of their own.
        :param within: seconds that one attempt may take, if fewer than the connection allows.
        """
        call = self.api.get_generation(generation_id, category)
        return self._send(call, repeat=repeat, within=within)

    async def aget_generation(
        self,
        generation_id: str,
        *,
        category: str = "image",
        repeat: bool = True,
        within: float | None = None,
    ) -> Generation:
        """Async :meth:`get_generation`."""
        call = self.api.get_generation(generation_id, category)
        return await self._asend(call, repeat=repeat, within=within)

    async def aget_generations(
        self, generation_ids: Sequence[str], *, category: str = "image", within: float | None = None
    ) -> Mapping[str, Generation]:
        """
        Read the states of many generations by one call, where ``api.capabilities`` says that there is one.

        :return: by id; those that the gateway does not tell of are missing.
        """
        call = self.api.get_generations(generation_ids, category)
        return await self._asend(call, repeat=False, within=within)

    def find_generation(self, key: str, *, category: str = "image") -> Generation | None:
        """
        Look up what was submitted under a key, where ``api.capabilities.finds_by_key`` says that this can be.

        :return: ``None``: the gateway knows none.
        """
        try:
            found = self._send(self.api.find_generation(key, category))
        except NotFoundError:
            return None
        return found

    async def afind_generation(self, key: str, *, category: str = "image") -> Generation | None:
        """Async :meth:`find_generation`."""
        try:
            found = await self._asend(self.api.find_generation(key, category))
        except NotFoundError:
            return None
        return found

    def get_credits(self) -> Balance:
        """Read the balance of the account."""
        return self._send(self.api.get_credits())

    async def aget_credits(self) -> Balance:
        """Async :meth:`get_credits`."""
        return await self._asend(self.api.get_credits())

    def list_models(self) -> list[ModelInfo]:
        """Read the live list of models."""
        return self._send(self.api.list_models())

    async def alist_models(self) -> list[ModelInfo]:
        """Async :meth:`list_models`."""
        return await self._asend(self.api.list_models())

    def upload_file(
        self,
        source: str | os.PathLike[str],
        *,
        kind: str | None = None,
        model: str | None = None,
        conn_id: str | None = None,
    ) -> UploadedFile:
        """
        Upload a reference file, streamed from where it lies.

        :param source: a local path, an object storage URI or an ``ObjectStoragePath``.
        :param kind: ``image``, ``video`` or ``audio``; by the file's content, if not given.
        :param model: have the gateway check the file against this model's rules.
        :param conn_id: the Airflow connection that opens ``source``, if it needs one.
        :raises InvalidRequestError: the file cannot be read, is damaged or no media; nothing was sent.
        """
        from airflow_provider_rivya.api.call import FilePart
        from airflow_provider_rivya.request.references import measured
        from airflow_provider_rivya.storage.source import open_reference

        file = open_reference(str(source), conn_id or getattr(source, "conn_id", None), where="source")
        read = file if isinstance(file, Fault) else measured(file, "source", file.name)
        if isinstance(read, Fault):
            raise InvalidRequestError([read], subject="The upload", conn_id=self.conn_id)
        part = FilePart(read.file.name, read.facts.mime_type or "", read.file.open)
        return self.send_file(part, kind or read.facts.kind, model)

    async def aupload_file(self, source: str | os.PathLike[str], **kwargs: Any) -> UploadedFile:
        """Async :meth:`upload_file`: in a thread, as reading the file would block the event loop."""
        return await asyncio.to_thread(self.upload_file, source, **kwargs)

    def send_file(self, part: FilePart, kind: str, model: str | None = None) -> UploadedFile:
        """
        Upload what ``part.open`` yields, streamed.

        :param kind: ``image``, ``video`` or ``audio``.
        :param model: have the gateway check the file against this model's rules.
        """
        return self._send(self.api.upload_file(part, kind, model))

    # -- from a request to files -------------------------------------------------------------------

    def generate(
        self,
        *,
        model: str,
        prompt: str | None = None,
        model_params: Mapping[str, Any] | None = None,
        reference_media: Any = None,
        output_path: str | os.PathLike[str] | None = None,
        output_conn_id: str | None = None,
        if_exists: IfExists = "overwrite",
        idempotency_key: str | None = None,
        client_request_id: str | None = None,
        timeout: float = 3600.0,
        validation: Validation = "strict",
        max_credits: float | None = None,
        allow_estimates: bool = False,
        min_credits_left: float | None = None,
        convert_reference_images: bool = False,
        verify: Verify = "structure",
        require_references: bool = False,
        dialect: Mapping[str, Any] | None = None,
    ) -> GenerationResult:
        """
        Check a request, upload its references, submit it, wait for it, and store its files.

        For a task of your own, where the operators do not fit. Airflow does not know of the generation: no
        record of it outlives the call but what ``idempotency_key`` gives.

        :param reference_media: one or a list of: local path, object storage URI, http(s) URL, or the result
            of an earlier generation.
        :param output_path: a folder (``s3://bucket/prefix/``, ``/data/``) or one file name; without it the
            result has only the URLs.
        :param idempotency_key: a key for this one request, the same on every call for it, such as
            ``f"{run_id}-{row_id}"``: it is paid for once then. Rivya answers a repeated key with the first
            generation. At ToAPIs it is looked up, and what was sent under it is not sent again, as the record
            in ``.rivya/`` beside the same ``output_path`` tells.
        :param timeout: seconds to wait for the generation.

        The other arguments are those of the generate operators.

        :raises InvalidRequestError: with every fault; nothing was sent.
        :raises GenerationError: with what happened, what it cost and what to do.
        """
        from airflow_provider_rivya.generation.caller import CallerWords, generate
        from airflow_provider_rivya.request.budget import Budget
        from airflow_provider_rivya.request.prepare import RequestArguments
        from airflow_provider_rivya.storage.path import as_text

        arguments = RequestArguments(
            model=model,
            prompt=prompt,
            model_params=model_params,
            reference_media=reference_media,
            client_request_id=client_request_id,
            output_path=as_text(output_path),
            output_conn_id=output_conn_id,
            if_exists=if_exists,
            validation=validation,
            budget=Budget(max_credits, allow_estimates, min_credits_left),
            convert_reference_images=convert_reference_images,
            verify=verify,
            require_references=require_references,
            dialect=dialect,
        )

        def words(key: str) -> CallerWords:
            return CallerWords(
                f"call generate() again with idempotency_key={key!r}.",
                lambda known_as: f" rivya fetch {known_as} --output FOLDER --conn-id {self.conn_id}",
                self.api.capabilities.replays_keys,
            )

        return generate(self, arguments, key=idempotency_key, timeout=timeout, words=words)

    async def agenerate(self, **arguments: Unpack[GenerateArguments]) -> GenerationResult:
        """Async :meth:`generate`: in a thread, as files would block the event loop."""
        return await asyncio.to_thread(self.generate, **arguments)

    # -- waiting -----------------------------------------------------------------------------------

    def wait_for_generation(
        self,
        generation_id: str,
        *,
        timeout: float = 3600.0,
        category: str = "image",
        submitted_at: float | None = None,
    ) -> Generation:
        """
        Wait until a generation has succeeded, and return it.

        :param timeout: seconds from now.
        :param category: ``image``, ``audio`` or ``video``: how often, and where, to ask.
        :param submitted_at: seconds since the epoch, where that is known.
        :raises GenerationFailedError: it failed at the gateway.
        :raises GenerationTimeoutError: it has not ended in time; it may still be running.
        :raises GatewayError: the key was refused, or the task id unknown, for longer than tolerated.
        """
        from airflow_provider_rivya.waiting import loop, verdict

        target = loop.Target.of(generation_id, self.api, self.settings, category, timeout, submitted_at)
        finished = loop.watch(self, target, self._stop)
        seen = finished.generation or self.get_generation(generation_id, category=category)
        return verdict.succeeded(finished, seen, self.conn_id)

    async def await_generation(
        self,
        generation_id: str,
        *,
        timeout: float = 3600.0,  # noqa: ASYNC109 - a deadline that the polling itself observes
        category: str = "image",
        submitted_at: float | None = None,
    ) -> Generation:
        """Async :meth:`wait_for_generation`."""
        from airflow_provider_rivya.waiting import loop, verdict

        target = loop.Target.of(
            generation_id, self.api, await self.asettings(), category, timeout, submitted_at
        )
        finished = await loop.awatch(self, target)
        seen = finished.generation or await self.aget_generation(generation_id, category=category)
        return verdict.succeeded(finished, seen, self.conn_id)

    # -- the connection form's button --------------------------------------------------------------

    def test_connection(self) -> tuple[bool, str]:
        """Read the balance: proves address and key without cost. Airflow's form shows the answer."""
        try:
            return True, f"The key works at {self.settings.base_url}. {self._tried()}"
        except GenerationError as error:
            return False, str(error)
        finally:
            self.close()

    def _tried(self) -> str:
        """
        Make a call that needs the key and costs nothing; return what it shows.

        :raises GenerationError: the connection cannot be used.
        """
        return f"Balance: {plain(self.get_credits().credits)} credits."

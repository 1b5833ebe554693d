"""What the hooks of all gateways share: the gateway's calls, and waiting for a generation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.exceptions import Fault, GenerationError, InvalidRequestError, NotFoundError
from airflow_provider_rivya.hooks.client import ConnectedHook
from airflow_provider_rivya.stop import StopFlag

if TYPE_CHECKING:
    import os

    from airflow_provider_rivya.api.call import FilePart
    from airflow_provider_rivya.api.schemas import Balance, Generation, ModelInfo, UploadedFile


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
            in any other case a request that may have been taken in is not sent again.
        :param category: of the model.
        """
        return self._send(self.api.create_generation(body, idempotency_key, category))

    async def acreate_generation(
        self, body: str, idempotency_key: str | None = None, *, category: str = "image"
    ) -> Generation:
        """Async :meth:`create_generation`."""
        return await self._asend(self.api.create_generation(body, idempotency_key, category))

    def get_generation(
        self, generation_id: str, *, category: str = "image", repeat: bool = True
    ) -> Generation:
        """
        Read the state, and the result URLs, of a generation.

        :param category: of the model; some gateways keep images and videos apart.
        :param repeat: ``False`` makes one attempt only, for callers with a schedule of their own.
        """
        return self._send(self.api.get_generation(generation_id, category), repeat=repeat)

    async def aget_generation(
        self, generation_id: str, *, category: str = "image", repeat: bool = True
    ) -> Generation:
        """Async :meth:`get_generation`."""
        return await self._asend(self.api.get_generation(generation_id, category), repeat=repeat)

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
        :param kind: ``image``, ``video`` or ``audio``; by the file's first bytes, if not given.
        :param model: have the gateway check the file against this model's rules.
        :param conn_id: the Airflow connection that opens ``source``, if it needs one.
        :raises InvalidRequestError: the file cannot be read or is no media; nothing was sent.
        """
        from airflow_provider_rivya.api.call import FilePart
        from airflow_provider_rivya.storage.source import open_reference

        file = open_reference(str(source), conn_id or getattr(source, "conn_id", None), where="source")
        if isinstance(file, Fault):
            raise InvalidRequestError([file], subject="The upload", conn_id=self.conn_id)
        media_type = file.media_type
        if media_type is None:
            fault = Fault("source", f"{file.name!r} is no image, video or audio file")
            raise InvalidRequestError([fault], subject="The upload", conn_id=self.conn_id)
        part = FilePart(file.name, media_type.mime_type, file.open)
        return self.send_file(part, kind or media_type.kind, model)

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
        :param submitted_at: seconds since the epoch; now, if not given.
        :raises GenerationFailedError: it failed at the gateway.
        :raises GenerationTimeoutError: it has not ended in time; it may still be running.
        :raises GatewayError: the key was refused, or the task id unknown, for longer than tolerated.
        """
        from airflow_provider_rivya.waiting import loop, verdict

        target = loop.Target.of(generation_id, self.api, self.settings, category, timeout, submitted_at)
        finished = loop.watch(self, target, StopFlag())
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
        return f"Balance: {self.get_credits().credits:g} credits."

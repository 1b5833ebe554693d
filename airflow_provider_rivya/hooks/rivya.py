"""The hook for Rivya."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_rivya.hooks.base import GatewayHook

if TYPE_CHECKING:
    from airflow_provider_rivya.api.rivya import RivyaApi
    from airflow_provider_rivya.api.schemas import UploadedFile


class RivyaHook(GatewayHook):
    """
    Talks to Rivya's Public API v1 with the credentials of an Airflow connection of type ``rivya``.

    Every call exists twice, sync and (with an ``a`` before its name) async. Passing faults are
    repeated (``retries`` of the connection), except a creation without an idempotency key, which
    could be paid twice.

    .. code-block:: python

        hook = RivyaHook()
        reference = hook.upload_file("/data/bicycle.jpg", kind="image", model="nano-banana-2")
        print(hook.get_credits().credits)

    :param rivya_conn_id: the Airflow connection; its password is the API key. Default ``rivya_default``.
    """

    conn_name_attr: ClassVar[str] = "rivya_conn_id"
    default_conn_name: ClassVar[str] = "rivya_default"
    conn_type: ClassVar[str] = "rivya"
    hook_name: ClassVar[str] = "Rivya"

    def __init__(self, rivya_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(rivya_conn_id, **kwargs)
        self.rivya_conn_id = rivya_conn_id

    @property
    def api(self) -> RivyaApi:
        from airflow_provider_rivya.api.rivya import RIVYA

        return RIVYA

    # -- calls that Rivya alone has ----------------------------------------------------------------

    def get_file(self, file_id: str) -> UploadedFile:
        """Read the metadata of an uploaded file."""
        return self._send(self.api.get_file(file_id))

    async def aget_file(self, file_id: str) -> UploadedFile:
        """Async :meth:`get_file`."""
        return await self._asend(self.api.get_file(file_id))

    def get_openapi(self) -> dict[str, Any]:
        """Read the OpenAPI document of the API as it is now. Needs no key."""
        return self._send(self.api.get_openapi())

    async def aget_openapi(self) -> dict[str, Any]:
        """Async :meth:`get_openapi`."""
        return await self._asend(self.api.get_openapi())

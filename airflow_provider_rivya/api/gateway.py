"""What every gateway offers: its calls as data, and a client that sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_provider_rivya.api.call import ApiCall, FilePart
    from airflow_provider_rivya.api.connection import ConnectionSettings
    from airflow_provider_rivya.api.dialect import Dialect
    from airflow_provider_rivya.api.download import Downloader
    from airflow_provider_rivya.api.schemas import (
        Balance,
        Generation,
        ModelInfo,
        ReferenceMedia,
        UploadedFile,
    )


class Gateway(Protocol):
    """
    What a module of ``api`` offers: a gateway's calls as data, and what it can do.

    ``category`` is ``image``, ``audio`` or ``video``; ``key`` is the idempotency key of a submission.
    """

    @property
    def NAME(self) -> str:
        """The connection's type, and the name in results."""

    @property
    def TITLE(self) -> str:
        """The name for people."""

    @property
    def DEFAULT_HOST(self) -> str: ...
    @property
    def REPLAYS_KEYS(self) -> bool:
        """Whether a creation that is sent again under its key gives the same generation."""

    @property
    def TAKES_TRACE_ID(self) -> bool:
        """Whether a request has a field for the user's own ``client_request_id``."""

    def create_generation(
        self, body: str, key: str | None, category: str = "image"
    ) -> ApiCall[Generation]: ...
    def get_generation(self, generation_id: str, category: str = "image") -> ApiCall[Generation]: ...
    def find_generation(self, key: str, category: str = "image") -> ApiCall[Generation] | None:
        """Look up what was submitted under a key; ``None``: the gateway has no such call."""

    def upload_file(
        self, part: FilePart, kind: str, model: str | None = None, client_request_id: str | None = None
    ) -> ApiCall[UploadedFile]: ...
    def get_credits(self) -> ApiCall[Balance]: ...
    def list_models(self) -> ApiCall[list[ModelInfo]]: ...
    def request_body(
        self,
        model: str,
        prompt: str | None,
        params: Mapping[str, Any],
        references: Sequence[ReferenceMedia] = (),
        client_request_id: str | None = None,
        *,
        key: str | None = None,
        dialect: Dialect | None = None,
    ) -> str: ...


class GatewayClient(Protocol):
    """
    A way to one gateway, with the credentials of one Airflow connection: what the rooms above need of a hook.

    ``category`` is ``image``, ``audio`` or ``video``; every call raises
    :class:`~airflow_provider_rivya.exceptions.GatewayError`.
    """

    conn_id: str

    @property
    def api(self) -> Gateway: ...
    @property
    def settings(self) -> ConnectionSettings:
        """:raises ConnectionConfigError: the connection cannot be used."""

    @property
    def clock_skew(self) -> float:
        """Seconds that the gateway's clock is ahead of ours, by its last answer."""

    def create_generation(
        self, body: str, idempotency_key: str | None = None, *, category: str = "image"
    ) -> Generation: ...
    def get_generation(
        self, generation_id: str, *, category: str = "image", repeat: bool = True
    ) -> Generation: ...
    async def aget_generation(
        self, generation_id: str, *, category: str = "image", repeat: bool = True
    ) -> Generation: ...
    def find_generation(self, key: str, *, category: str = "image") -> Generation | None: ...
    def get_credits(self) -> Balance: ...
    def send_file(self, part: FilePart, kind: str, model: str | None = None) -> UploadedFile: ...
    def downloader(self) -> Downloader:
        """Return what opens result URLs; it is the client's own, and closed with it."""

    def refresh(self) -> None:
        """Read the connection again, as its key may have been replaced."""

    async def arefresh(self) -> None: ...

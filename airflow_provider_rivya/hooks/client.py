"""From an Airflow connection to a client, sync and async: the lower half of every hook."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from airflow_provider_rivya._compat import BaseHook, is_connection_missing
from airflow_provider_rivya.api.connection import ConnectionSettings, how_to_set, read_connection
from airflow_provider_rivya.exceptions import ConnectionConfigError

if TYPE_CHECKING:
    from airflow_provider_rivya.api.call import ApiCall
    from airflow_provider_rivya.api.download import Downloader
    from airflow_provider_rivya.api.gateway import GatewayApi
    from airflow_provider_rivya.api.http import AsyncSender, ClientSettings, SyncSender
    from airflow_provider_rivya.stop import Stop

T = TypeVar("T")


class ConnectedHook(BaseHook):
    """
    A hook that has read its connection and can send calls.

    The connection is read once and kept; :meth:`refresh` reads it again. The key is held in the
    client's settings alone and is in no repr, log line, exception or return value.

    :param conn_id: the Airflow connection.
    :param stop: set when the task is asked to stop: waits between the attempts at a call then end.
    """

    conn_type: ClassVar[str]
    hook_name: ClassVar[str]
    refresh_interval: ClassVar[float] = 5.0
    """Seconds between two look-ups of a connection whose key is refused, however many tasks wait on it."""

    def __init__(self, conn_id: str, stop: Stop | None = None) -> None:
        super().__init__()
        self.conn_id = conn_id
        self._stop = stop
        self._guard = threading.RLock()
        self._settings: ConnectionSettings | None = None
        self._sync: SyncSender | None = None
        self._downloader: Downloader | None = None
        self._lock = asyncio.Lock()
        self._refreshed_at = -self.refresh_interval
        self._failed: tuple[float, ConnectionConfigError] | None = None
        self._async: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncSender] = (
            weakref.WeakKeyDictionary()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def api(self) -> GatewayApi:
        """The gateway's calls. Imported when first used: DAG files import hooks."""
        raise NotImplementedError

    # -- connection --------------------------------------------------------------------------------

    @property
    def settings(self) -> ConnectionSettings:
        """
        The connection, read and checked.

        :raises ConnectionConfigError: it is missing or has fields that cannot be used.
        """
        with self._guard:
            if self._settings is None:
                try:
                    connection = self.get_connection(self.conn_id)
                except Exception as error:
                    raise self._unreadable(error) from None
                self._settings = self._read(connection)
            return self._settings

    async def asettings(self) -> ConnectionSettings:
        """Return the same as :attr:`settings`, without blocking the event loop; many callers, one look-up."""
        if self._settings is None:
            async with self._lock:
                if self._settings is None:
                    self._settings = await self._alook_up_once()
        return self._settings

    async def _alook_up_once(self) -> ConnectionSettings:
        """Look up; of many callers beside an API server that is away, one waits for it every few seconds."""
        if self._failed is not None and time.monotonic() - self._failed[0] < self.refresh_interval:
            raise copy(self._failed[1])
        try:
            return await self._alook_up()
        except ConnectionConfigError as error:
            self._failed = (time.monotonic(), error)
            raise copy(error) from None

    async def _alook_up(self) -> ConnectionSettings:
        try:
            connection = await self.aget_connection(self.conn_id)
        except Exception as error:
            raise self._unreadable(error) from None
        return self._read(connection)

    def refresh(self) -> None:
        """Read the connection again, as its key may have been replaced; drop a client of the old one."""
        with self._guard:
            before, self._settings = self._settings, None
            try:
                changed = self.settings != before
            except ConnectionConfigError as error:
                self._keep(before, error)
                return
            if changed:
                self.close()

    async def arefresh(self) -> None:
        """Async :meth:`refresh`. Many callers at once make one look-up."""
        async with self._lock:
            if time.monotonic() - self._refreshed_at < self.refresh_interval:
                return
            before = self._settings
            try:
                self._settings = await self._alook_up()
            except ConnectionConfigError as error:
                self._keep(before, error)
            self._refreshed_at = time.monotonic()
            if self._settings != before:
                await self.aclose()

    def _keep(self, before: ConnectionSettings | None, error: ConnectionConfigError) -> None:
        self._settings = before
        self.log.warning("Going on with the connection as it was. %s", error)

    def _read(self, connection: Any) -> ConnectionSettings:
        if connection.conn_type != self.conn_type:
            raise ConnectionConfigError(
                f"The connection {self.conn_id!r} is of type {connection.conn_type!r}, "
                f"not {self.conn_type!r}",
                conn_id=self.conn_id,
                advice=how_to_set(self.conn_id, self.conn_type),
                fate="Nothing was sent and nothing was charged.",
            )
        settings = read_connection(
            conn_id=self.conn_id,
            conn_type=self.conn_type,
            default_host=self.api.default_host,
            host=connection.host,
            schema=connection.schema,
            port=connection.port,
            password=connection.password,
            extra=connection.extra,
        )
        for warning in settings.warnings:
            self.log.warning("Connection %s: %s", self.conn_id, warning)
        return settings

    def _unreadable(self, error: Exception) -> ConnectionConfigError:
        if not self.conn_id:
            return ConnectionConfigError(
                "The id of the connection is empty.",
                advice=f"Give the id of an Airflow connection of type {self.conn_type!r}.",
                fate="Nothing was sent and nothing was charged.",
            )
        missing = is_connection_missing(error)
        return ConnectionConfigError(
            f"There is no connection {self.conn_id!r}"
            if missing
            else f"The connection {self.conn_id!r} could not be read ({type(error).__name__})",
            conn_id=self.conn_id,
            advice=how_to_set(self.conn_id, self.conn_type) if missing else None,
            fate="Nothing was sent and nothing was charged.",
            retryable=not missing,
        )

    def _client_settings(self, settings: ConnectionSettings) -> ClientSettings:
        from airflow_provider_rivya.api.http import ClientSettings

        return ClientSettings(
            base_url=settings.base_url,
            api_key=settings.api_key,
            conn_id=settings.conn_id,
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
            retries=settings.retries,
            max_in_flight=settings.max_in_flight,
        )

    # -- sending -----------------------------------------------------------------------------------

    def get_conn(self) -> SyncSender:
        """Return the sync client, made when first used; :meth:`close` ends it."""
        from airflow_provider_rivya.api.http import SyncSender

        with self._guard:
            if self._sync is None:
                self._sync = SyncSender(self._client_settings(self.settings), self._stop)
            return self._sync

    async def aget_conn(self) -> AsyncSender:
        """Return the async client of the running event loop."""
        loop = asyncio.get_running_loop()
        if loop not in self._async:
            from airflow_provider_rivya.api.http import AsyncSender

            settings = await self.asettings()
            if loop not in self._async:
                self._async[loop] = AsyncSender(self._client_settings(settings))
        return self._async[loop]

    @property
    def clock_skew(self) -> float:
        """Seconds that the gateway's clock is ahead of ours, by its last answer to a sync call."""
        return self._sync.clock_skew if self._sync is not None else 0.0

    def close(self) -> None:
        """Close the sync client, and what downloads."""
        with self._guard:
            if self._sync is not None:
                self._sync.close()
                self._sync = None
            if self._downloader is not None:
                self._downloader.close()
                self._downloader = None

    async def aclose(self) -> None:
        """Close the async client of the running event loop."""
        sender = self._async.pop(asyncio.get_running_loop(), None)
        if sender is not None:
            await sender.aclose()

    def _send(self, call: ApiCall[T], *, repeat: bool = True) -> T:
        return self.get_conn().send(call, repeat=repeat)

    async def _asend(self, call: ApiCall[T], *, repeat: bool = True) -> T:
        sender = await self.aget_conn()
        return await sender.send(call, repeat=repeat)

    def downloader(self) -> Downloader:
        """Return what opens result URLs under this connection's rules; :meth:`close` ends it."""
        from airflow_provider_rivya.api.download import Downloader

        with self._guard:
            if self._downloader is None:
                settings = self.settings
                self._downloader = Downloader(
                    self._client_settings(settings),
                    settings.allowed_download_hosts,
                    settings.max_output_bytes,
                )
            return self._downloader

"""From an Airflow connection to a client, sync and async: the lower half of every hook."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import weakref
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from airflow_provider_rivya._compat import BaseHook
from airflow_provider_rivya.api.connection import ConnectionSettings
from airflow_provider_rivya.exceptions import ConnectionConfigError
from airflow_provider_rivya.hooks.reading import ConnectionReader, looking_up
from airflow_provider_rivya.stop import Stop, StopFlag

if TYPE_CHECKING:
    from airflow_provider_rivya.api.call import ApiCall
    from airflow_provider_rivya.api.download import Downloader
    from airflow_provider_rivya.api.exchange import ClientSettings
    from airflow_provider_rivya.api.gateway import GatewayApi
    from airflow_provider_rivya.api.http import AsyncSender, SyncSender

T = TypeVar("T")
log = logging.getLogger(__name__)
_KEPT = "Going on with the connection as it was. %s"


@dataclass(slots=True)
class _OfLoop:
    """What a hook keeps for one event loop."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    sender: AsyncSender | None = None
    made_of: ConnectionSettings | None = None


class ConnectedHook(BaseHook):
    """
    A hook that has read its connection and can send calls.

    The connection is read once and kept; :meth:`refresh` reads it again. The key is held in the
    client's settings alone and is in no repr, log line, exception or return value.

    :param conn_id: the Airflow connection.
    :param stop: set when the task is asked to stop: waits between the attempts at a call, and for a
        generation, then end.
    """

    conn_type: ClassVar[str]
    hook_name: ClassVar[str]
    refresh_interval: ClassVar[float] = 5.0
    """Seconds between two look-ups of a connection whose key is refused, however many tasks wait on it."""
    kept_unused: ClassVar[float] = 10.0
    """Seconds that a trigger's client is kept when no trigger uses it: triggers come and go."""
    submission_pause: float | None = None
    """Seconds that a submission waits when told to, if not as long as other calls. Set before the first."""

    def __init__(self, conn_id: str, stop: Stop | None = None) -> None:
        super().__init__()
        self.conn_id = conn_id
        self._reader = ConnectionReader(conn_id, self.conn_type)
        self._stop: Stop = stop or StopFlag()
        self._guard = threading.RLock()
        self._settings: ConnectionSettings | None = None
        self._stale = False
        self._made_of: ConnectionSettings | None = None
        self._sync: SyncSender | None = None
        self._downloader: Downloader | None = None
        self._refreshed_at = -self.refresh_interval
        self._failed: tuple[float, ConnectionConfigError] | None = None
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _OfLoop] = (
            weakref.WeakKeyDictionary()
        )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # Airflow 3.1 looks for these two on the very class of a connection's type, not on its bases.
        for name in ("get_connection_form_widgets", "get_ui_field_behaviour"):
            setattr(cls, name, classmethod(getattr(cls, name).__func__))

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
        The connection, read and checked; many threads make one look-up.

        :raises ConnectionConfigError: it is missing or has fields that cannot be used.
        """
        with self._guard:
            if self._settings is None:
                self._settings = self._look_up()
            return self._settings

    async def asettings(self) -> ConnectionSettings:
        """Return the same as :attr:`settings`, without blocking the event loop; many callers, one look-up."""
        if self._settings is None or self._stale:
            async with self._of_loop().lock:
                if self._settings is None or self._stale:
                    return self._take(await self._alook_up_once())
        return self._settings

    def expire(self) -> None:
        """Have :meth:`asettings` read the connection again; the same is no reason for a new client."""
        self._stale = True

    def _look_up(self) -> ConnectionSettings:
        try:
            with looking_up():
                connection = self.get_connection(self.conn_id)
        except Exception as error:
            raise self._reader.unreadable(error) from None
        return self._reader.read(connection, self.api.default_host)

    async def _alook_up(self) -> ConnectionSettings:
        try:
            with looking_up():
                connection = await self.aget_connection(self.conn_id)
        except Exception as error:
            raise self._reader.unreadable(error) from None
        await asyncio.to_thread(self._import_client)
        return self._reader.read(connection, self.api.default_host)

    def _import_client(self) -> object:
        """Import what calls the gateway: a fifth of a second that an event loop does not have."""
        from airflow_provider_rivya.api import http

        return http, self.api

    async def _alook_up_once(self) -> ConnectionSettings:
        """Look up; of many callers beside an API server that is away, one waits for it every few seconds."""
        if self._failed is not None and time.monotonic() - self._failed[0] < self.refresh_interval:
            raise self._failed[1].replace()
        try:
            return await self._alook_up()
        except ConnectionConfigError as error:
            self._failed = (time.monotonic(), error)
            raise error.replace() from None

    def refresh(self) -> None:
        """Read the connection again, as its key may have been replaced; later calls use what it says."""
        with self._guard:
            try:
                self._take(self._look_up())
            except ConnectionConfigError as error:
                log.warning(_KEPT, error)

    async def arefresh(self) -> None:
        """Async :meth:`refresh`. Many callers at once make one look-up."""
        async with self._of_loop().lock:
            if time.monotonic() - self._refreshed_at < self.refresh_interval:
                return
            try:
                self._take(await self._alook_up())
            except ConnectionConfigError as error:
                log.warning(_KEPT, error)
            self._refreshed_at = time.monotonic()

    def _take(self, settings: ConnectionSettings) -> ConnectionSettings:
        """Keep what was read; what is the same as before stays the very object that clients were made of."""
        self._stale = False
        if self._settings is None or settings != self._settings:
            self._settings = settings
        return self._settings

    def _client_settings(self, settings: ConnectionSettings) -> ClientSettings:
        from airflow_provider_rivya.api.exchange import ClientSettings

        names = [entry.name for entry in fields(ClientSettings)]
        given: dict[str, Any] = {name: getattr(settings, name, None) for name in names}
        return ClientSettings(**(given | {"submission_pause": self.submission_pause}))

    # -- sending -----------------------------------------------------------------------------------

    def get_conn(self) -> SyncSender:
        """Return the sync client, one for all threads, made when first used; :meth:`close` ends it."""
        from airflow_provider_rivya.api.http import SyncSender
        from airflow_provider_rivya.waiting.pace import PACES

        with self._guard:
            settings = self._current()
            if self._sync is None:
                pace = PACES.of(self.api, settings)
                self._sync = SyncSender(self._client_settings(settings), self._stop, pace)
            return self._sync

    def downloader(self) -> Downloader:
        """Return what opens result URLs under this connection's rules; :meth:`close` ends it."""
        from airflow_provider_rivya.api.download import Downloader

        with self._guard:
            settings = self._current()
            if self._downloader is None:
                hosts, most = settings.allowed_download_hosts, settings.max_output_bytes
                self._downloader = Downloader(self._client_settings(settings), hosts, most, self._stop)
            return self._downloader

    def _current(self) -> ConnectionSettings:
        """Return the settings; let go of what was made of others, which other threads may still be using."""
        settings = self.settings
        if settings is not self._made_of:
            self._sync = self._downloader = None
            self._made_of = settings
        return settings

    async def aget_conn(self) -> AsyncSender:
        """Return the async client of the running event loop."""
        settings, loop = await self.asettings(), self._of_loop()
        # Only now: the look-up has imported it in a thread.
        from airflow_provider_rivya.api.http import AsyncSender
        from airflow_provider_rivya.waiting.pace import PACES

        before = loop.sender
        if before is not None and loop.made_of is settings:
            return before
        sender = AsyncSender(self._client_settings(settings), PACES.of(self.api, settings))
        loop.sender, loop.made_of = sender, settings
        if before is None:
            return sender
        await before.aclose()
        return await self.aget_conn()  # the new one may have been closed meanwhile

    def _of_loop(self) -> _OfLoop:
        loop = asyncio.get_running_loop()
        return self._loops.get(loop) or self._loops.setdefault(loop, _OfLoop())

    @property
    def clock_skew(self) -> float:
        """Seconds that the gateway's clock is ahead of ours, by its last answer to a sync call."""
        sender = self._sync
        return sender.clock_skew if sender is not None else 0.0

    def close(self) -> None:
        """Close the sync client, and what downloads."""
        with self._guard:
            if self._sync is not None:
                self._sync.close()
            if self._downloader is not None:
                self._downloader.close()
            self._sync = self._downloader = None

    async def aclose(self) -> None:
        """Close the async client of the running event loop."""
        loop = self._of_loop()
        sender, loop.sender = loop.sender, None
        if sender is not None:
            await sender.aclose()

    def _send(self, call: ApiCall[T], *, repeat: bool = True, within: float | None = None) -> T:
        return self.get_conn().send(call, repeat=repeat, within=within)

    async def _asend(self, call: ApiCall[T], *, repeat: bool = True, within: float | None = None) -> T:
        sender = await self.aget_conn()
        return await sender.send(call, repeat=repeat, within=within)

    # -- the connection's form, for Airflow 3.1 ----------------------------------------------------

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the form's further fields."""
        from airflow_provider_rivya.hooks.form import form_widgets

        return form_widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return what the form does with the standard fields."""
        from airflow_provider_rivya.hooks.form import field_behaviour

        return field_behaviour(cls.conn_type)

"""The plugin for Airflow's API server: the page *Gallery*, and, if that is turned on, the files for it."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

PREFIX: Final = "/rivya"
PAGE: Final = f"{PREFIX}/gallery"
MEDIA: Final = f"{PREFIX}/media"


class _Later:
    """
    An ASGI app that is imported with its first request: every process of Airflow loads its plugins.

    :param module: has a function ``app()``.
    """

    def __init__(self, module: str) -> None:
        self._module = module

    def __repr__(self) -> str:
        return self._module

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await import_module(self._module).app()(scope, receive, send)


def _apps() -> list[dict[str, Any]]:
    apps = [{"app": _Later(f"{__package__}.page"), "url_prefix": PAGE, "name": "Rivya gallery"}]
    if conf.getboolean("rivya", "ui_media", fallback=False):
        apps.append({"app": _Later(f"{__package__}.media"), "url_prefix": MEDIA, "name": "Rivya media"})
    return apps


class RivyaPlugin(AirflowPlugin):
    """See docs/pictures.md."""

    name = "rivya"
    fastapi_apps = _apps()

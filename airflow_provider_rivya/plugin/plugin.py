"""The plugin for Airflow's API server: the page *Gallery*, its tab; if turned on, files and webhooks."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

from airflow_provider_rivya import _compat
from airflow_provider_rivya.links.address import in_ui

PREFIX: Final = "/rivya"
PAGE: Final = f"{PREFIX}/gallery"
MEDIA: Final = f"{PREFIX}/media"
WEBHOOKS: Final = f"{PREFIX}/webhooks"
SHOWN_BY: Final = tuple(
    f"{gateway}{kind}"
    for gateway in ("Rivya", "ToApis")
    for kind in (
        "GenerateOperator",
        "BatchOperator",
        "GenerateDecoratedOperator",
        "BatchDecoratedOperator",
        "TaskSensor",
    )
)
"""The classes whose task instances have the button *Gallery*."""


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
    if conf.get("rivya", "toapis_webhook_conn_ids", fallback=""):
        apps.append(
            {"app": _Later(f"{__package__}.webhooks.app"), "url_prefix": WEBHOOKS, "name": "Rivya webhooks"}
        )
    return apps


def tab() -> dict[str, Any]:
    """Return the page as a tab of our task instances; Airflow's UI puts in which one is looked at."""
    asked = "&".join(f"{name}={{{name.upper()}}}" for name in ("dag_id", "run_id", "task_id", "map_index"))
    return {
        "name": "Gallery",
        "href": in_ui(f"{PAGE}/?{asked}"),
        "destination": "task_instance",
        "url_route": "rivya-gallery",
        "applies_to": {"operator": list(SHOWN_BY)},
    }


class RivyaPlugin(AirflowPlugin):
    """See docs/pictures.md and docs/toapis.md."""

    name = "rivya"
    fastapi_apps = _apps()
    # Where a tab cannot be scoped, it would be on every task of every DAG.
    external_views = [tab()] if _compat.scopes_views() else []

"""The hook for ToAPIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_rivya.credits import plain
from airflow_provider_rivya.exceptions import (
    NotFoundError,
    PermissionDeniedError,
    RequestRejectedError,
    UnexpectedAnswerError,
)
from airflow_provider_rivya.hooks.base import GatewayHook

if TYPE_CHECKING:
    from airflow_provider_rivya.api.toapis import ToApisApi


class ToApisHook(GatewayHook):
    """
    Talks to ToAPIs (https://docs.toapis.com) with the credentials of a connection of type ``toapis``.

    Every call exists twice, sync and (with an ``a`` before its name) async. Passing faults are
    repeated (``retries`` of the connection), except a creation: ToAPIs documents no idempotency key, so
    that it is sent again only when it certainly was not taken in.

    .. code-block:: python

        hook = ToApisHook()
        reference = hook.upload_file("/data/bicycle.jpg", kind="image")
        print(hook.get_credits().credits)

    :param toapis_conn_id: the Airflow connection; its password is the API key. Default ``toapis_default``.
    """

    conn_name_attr: ClassVar[str] = "toapis_conn_id"
    default_conn_name: ClassVar[str] = "toapis_default"
    conn_type: ClassVar[str] = "toapis"
    hook_name: ClassVar[str] = "ToAPIs"

    def __init__(self, toapis_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(toapis_conn_id, **kwargs)
        self.toapis_conn_id = toapis_conn_id

    @property
    def api(self) -> ToApisApi:
        from airflow_provider_rivya.api.toapis import TOAPIS

        return TOAPIS

    def _tried(self) -> str:
        """The balance where its endpoint answers; it is documented on a copy of the docs alone."""
        try:
            balance = self.get_credits()
        except (NotFoundError, PermissionDeniedError, RequestRejectedError, UnexpectedAnswerError) as error:
            models = len(self.list_models())
            return f"It may use {models} models. The balance could not be read: {error.message}."
        if balance.unlimited:
            return "Its quota is unlimited."
        return f"Balance: {plain(balance.credits)} {balance.unit}."

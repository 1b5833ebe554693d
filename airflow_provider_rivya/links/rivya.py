"""The buttons that open a result and its gallery, in Airflow's UI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from airflow.sdk import BaseOperatorLink

from airflow_provider_rivya.links.address import in_ui

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


class RivyaResultLink(BaseOperatorLink):
    """
    Opens the first result of a task in the browser.

    Airflow's UI runs no code of a provider: it shows what the worker left in the XCom ``xcom_key``
    when the task ended. Until the task has succeeded that is nothing, and the button is dead. A
    ``file://`` or ``s3://`` address cannot be opened by a browser, so that the button leads to the
    gateway's own URL then, for as long as the gateway keeps the file.
    """

    name = "Result"

    @property
    def xcom_key(self) -> str:
        return "_link_rivya_result"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """
        Return the address; Airflow calls this on the worker, once the task has ended.

        :return: an http(s) URL, or an empty text.
        """
        # Asking Airflow for the XCom of a task without one leaves an error in its log.
        return first_url(getattr(operator, "reported_result", None))


class RivyaGalleryLink(BaseOperatorLink):
    """Opens the page that shows what a task has made; who may see it, Airflow decides when the page asks."""

    name = "Gallery"

    @property
    def xcom_key(self) -> str:
        return "_link_rivya_gallery"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the address of the page, below the path that Airflow is served at."""
        asked = {
            "dag_id": ti_key.dag_id,
            "run_id": ti_key.run_id,
            "task_id": ti_key.task_id,
            "map_index": ti_key.map_index,
        }
        return in_ui(f"/rivya/gallery/?{urlencode(asked)}")


def first_url(result: Any) -> str:
    """
    Return the first http(s) address in a result, or an empty text.

    :param result: a :class:`~airflow_provider_rivya.result.GenerationResult` as a dict; anything
        else, such as the ``None`` of a task that failed, has none.
    """
    outputs = result.get("outputs") if isinstance(result, dict) else None
    for output in outputs if isinstance(outputs, list) else ():
        if isinstance(output, dict) and (url := _openable(output)):
            return url
    return ""


def _openable(output: Mapping[str, Any]) -> str | None:
    for address in (output.get("uri"), output.get("source_url")):
        # Nothing else: a javascript: address in a button would run in Airflow's UI.
        if isinstance(address, str) and address.lower().startswith(("http://", "https://")):
            return address
    return None

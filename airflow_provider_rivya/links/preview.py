"""What a task has made as Markdown, for whoever has to approve of it in Airflow's UI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from airflow_provider_rivya.links.address import in_ui
from airflow_provider_rivya.redaction import clean

_MARKS: Final = re.compile(r"([!-/:-@\[-`{-~])")
_MOST_TEXT: Final = 1_000
_MOST_FILES: Final = 8


def rivya_preview_markdown(
    result: Mapping[str, Any], *, prompt: str = "", task_id: str | None = None, map_index: int = -1
) -> str:
    """
    Return a text with the pictures of a result, for ``ApprovalOperator(body=...)``; call it in a task.

    A picture needs an address that the browser of whoever looks at it can open. That is the page of this
    provider's plugin where ``[rivya] ui_media`` is on and ``task_id`` is given: it does not expire, and asks
    who is looking. Else it is the gateway's own URL: it expires, and whoever reads the body has the file.

    :param result: what a generate task has returned.
    :param prompt: is shown above.
    :param task_id: of the task that has made it, in the run of the task that calls this.
    """
    outputs = result.get("outputs")
    files = [output for output in outputs if isinstance(output, Mapping)] if isinstance(outputs, list) else []
    parts = [_plain(prompt)] if prompt else []
    for number, output in enumerate(files[:_MOST_FILES]):
        name = str(output.get("uri") or "").rpartition("/")[2] or f"output {number}"
        address = _address(output, number, task_id, map_index)
        if address and str(output.get("mime_type") or "image/").startswith("image/"):
            parts.append(f"![{_plain(prompt or name)}]({address})")
        elif address:
            parts.append(f"[{_plain(name)}]({address})")
        else:
            parts.append(f"{_plain(name)}: no browser can open it.")
    facts = {"Model": result.get("model"), "Credits": result.get("credits_final")}
    told = [f"{name}: {_plain(str(value))}" for name, value in facts.items() if value is not None]
    return "\n\n".join([*parts, ", ".join(told)]).strip()


def _address(output: Mapping[str, Any], number: int, task_id: str | None, map_index: int) -> str | None:
    from airflow.configuration import conf

    if task_id is not None and conf.getboolean("rivya", "ui_media", fallback=False):
        from airflow.sdk import get_current_context

        instance: Any = get_current_context()["ti"]
        parts = (instance.dag_id, instance.run_id, task_id, map_index, number)
        return in_ui("/".join(["/rivya/media", *(quote(str(part), safe="") for part in parts)]))
    url = output.get("source_url")
    if not isinstance(url, str) or not url.lower().startswith(("https://", "http://")):
        return None
    return quote(url, safe=":/?#@!$&'*+,;=%~-._[]")


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    return _MARKS.sub(r"\\\1", clean(text, _MOST_TEXT))

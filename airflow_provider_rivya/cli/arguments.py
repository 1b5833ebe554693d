"""What a person typed, read: prompt, parameters, references and spelling of a request."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.request.places import ANYWHERE, ReferencePlaces
from airflow_provider_rivya.request.references import Reference, read_references

if TYPE_CHECKING:
    from argparse import Namespace

    from airflow_provider_rivya.hooks.base import GatewayHook


def read_request(arguments: Namespace) -> tuple[str | None, Any, list[Fault]]:
    """Read prompt and parameters from the arguments, or from the files that they name."""
    faults: list[Fault] = []
    prompt = _text(arguments.prompt, "prompt", faults)
    text = _text(arguments.params, "params", faults)
    params: Any = None
    if text is not None and text.strip():
        try:
            params = json.loads(text)
        except ValueError as error:
            faults.append(
                Fault("params", f"it is not JSON ({error})", 'an object such as {"resolution": "2K"}')
            )
        else:
            if not isinstance(params, dict):
                kind = type(params).__name__
                faults.append(Fault("params", f"a JSON object is needed, not {kind}", '{"key": "value"}'))
                params = None
    return prompt, params, faults


def read_dialect(pairs: Sequence[str], gateway: str, faults: list[Fault]) -> dict[str, str] | None:
    """
    Read ``FIELD=VALUE`` pairs.

    :param gateway: whose request it is; one that spells all requests alike takes none.
    :param faults: what is wrong is added here; the values themselves are checked with the model.
    """
    if not pairs:
        return None
    catalog = load_catalog(gateway)
    if all(spec.dialect is None for spec in catalog):
        faults.append(Fault("dialect", f"{catalog.title} has one spelling for all requests", "leave it out"))
        return None
    given: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            faults.append(Fault("dialect", f"{pair!r} is not FIELD=VALUE", "a pair such as resolution=top"))
        elif given.setdefault(name, value) != value:
            faults.append(Fault(f"dialect.{name}", f"both {given[name]!r} and {value!r}", "one of them"))
    return given


def open_references(sources: Sequence[str], hook: GatewayHook | None, folder: str) -> list[Reference | Fault]:
    """
    Open the references.

    :param hook: fetches those that are URLs; without one there must be none.
    :param folder: for what is fetched.
    """
    if not sources:
        return []

    def open_url(url: str, **options: Any) -> Any:
        if hook is None:
            raise ValueError("a URL needs a connection")
        return hook.downloader().open(url, **options)

    conn_id = None if hook is None else hook.conn_id
    # A task has no folder of its own to be relative to; a person has.
    files = [text if "://" in text else os.path.abspath(os.path.expanduser(text)) for text in sources if text]
    places = ANYWHERE if hook is None else ReferencePlaces.of(hook.settings)
    return read_references(files, open_url=open_url, folder=lambda: folder, conn_id=conn_id, places=places)


def is_url(source: str) -> bool:
    """Whether a reference is fetched from the web."""
    return source.lower().startswith(("http://", "https://"))


def _text(value: str | None, name: str, faults: list[Fault]) -> str | None:
    if value is None or not value.startswith("@"):
        return value
    try:
        return sys.stdin.read() if value == "@-" else Path(value[1:]).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        faults.append(Fault(name, f"the file {value[1:]!r} cannot be read: {reason}"))
        return None

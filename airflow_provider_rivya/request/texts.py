"""Texts that no request may hold anywhere: half a surrogate pair, the connection's own API key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.nested import MAX_DEPTH, texts_in

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

A = TypeVar("A", bound="DataclassInstance")

_FIELDS: Final = (
    "model",
    "prompt",
    "model_params",
    "reference_media",
    "client_request_id",
    "output_path",
    "output_conn_id",
    "dialect",
)
_SHORTEST_KEY: Final = 8
"""A shorter one may stand in a text by chance; no gateway has such."""


def sendable(arguments: A, own_key: str = "") -> tuple[A, list[Fault]]:
    """
    Return the faults of such texts, and the arguments without them, so that no other fault can show them.

    :param arguments: :class:`~airflow_provider_rivya.request.prepare.RequestArguments`.
    :param own_key: of the connection that the request would go to.
    """
    faults: list[Fault] = []
    cleaned: dict[str, Any] = {}
    for name in _FIELDS:
        value = getattr(arguments, name)
        if found := list(faults_of(value, name, own_key)):
            faults += found
            # A reference that is told here need not be looked for as well.
            harmless = _nothing if name == "reference_media" else _harmless
            cleaned[name] = _rewritten(value, lambda text, how=harmless: how(text, own_key))  # type: ignore[misc]
    return (replace(arguments, **cleaned) if cleaned else arguments), faults


def faults_of(value: Any, path: str, own_key: str = "") -> Iterator[Fault]:
    """Return what is wrong with the texts in a value."""
    for where, text in texts_in(value, path):
        if _broken(text):
            problem = "the text holds half a surrogate pair and cannot be sent"
            yield Fault(_harmless(where, own_key), problem, "valid Unicode")
        if len(own_key) >= _SHORTEST_KEY and own_key in text:
            problem = "it holds the connection's own API key, which is never sent"
            yield Fault(_harmless(where, own_key), problem, "a text without it")


def _broken(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _harmless(text: str, own_key: str) -> str:
    if len(own_key) >= _SHORTEST_KEY:
        text = text.replace(own_key, "***")
    return text.encode("utf-8", "replace").decode("utf-8")


def _nothing(text: str, own_key: str) -> str:
    return text if _harmless(text, own_key) == text else ""


def _rewritten(value: Any, rewrite: Callable[[str], str], depth: int = 0) -> Any:
    """Copy a value with other texts; what lies too deep, and what is no plain value, is left out."""
    if isinstance(value, str):
        return rewrite(value)
    if depth >= MAX_DEPTH:
        return None
    if isinstance(value, Mapping):
        return {
            rewrite(key) if isinstance(key, str) else key: _rewritten(entry, rewrite, depth + 1)
            for key, entry in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_rewritten(entry, rewrite, depth + 1) for entry in value]
    return value

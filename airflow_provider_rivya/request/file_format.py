"""Which format of file a request asks for, and whether the name of its output fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.media.types import KNOWN_EXTENSIONS, spellings

if TYPE_CHECKING:
    from airflow_provider_rivya.catalog.model import ModelSpec

_KEYS: Final = ("output_format", "outputFormat", "response_format")
_WRAPPED: Final = frozenset({"pcm", "ulaw", "alaw"})
"""Sound without a header, which a gateway may put into a WAV file."""


def name_warning(name: str, params: Mapping[str, Any], spec: ModelSpec | None) -> str | None:
    """
    Say that a file will have a name of another format than is asked for.

    :param name: the fixed name of the output.
    :param spec: whose default counts where nothing is asked for.
    """
    asked = _asked(params, spec)
    format_name = (asked or "").lower().partition("_")[0]  # mp3_44100_128
    if format_name not in KNOWN_EXTENSIONS:
        return None
    allowed = spellings(format_name) | (spellings("wav") if format_name in _WRAPPED else frozenset())
    if name.rpartition(".")[2].lower() in allowed:
        return None
    return f"output_path: the file is called {name!r}, but the gateway is asked for {asked!r}"


def _asked(params: Mapping[str, Any], spec: ModelSpec | None) -> str | None:
    known = spec.param_by_key if spec is not None else {}
    for key in _KEYS:
        value = params.get(key, known[key].default if key in known else None)
        if isinstance(value, str):
            return value
    return None

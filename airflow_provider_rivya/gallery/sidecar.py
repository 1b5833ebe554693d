"""The document beside a file that says how it was made: no key, no URL that opens anything. Pure."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import metadata
from typing import Any, Final, Self

from airflow_provider_rivya import __version__
from airflow_provider_rivya.nested import MAX_DEPTH
from airflow_provider_rivya.redaction import without_access

VERSION: Final = 1
_OF_FILE: Final = (
    "mime_type",
    "size_bytes",
    "sha256",
    "width",
    "height",
    "duration_s",
    "c2pa",
    "xmp",
)


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """
    What a generation was asked for; plain JSON, as a deferral carries it.

    :param references: sha256 of each reference's content, in order; ``None``: not known any more.
    """

    prompt: str | None = None
    model_params: Mapping[str, Any] = field(default_factory=dict)
    references: Sequence[str] | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any] | None) -> Self:
        return cls(**(document or {}))


def sidecar_of(
    output: Mapping[str, Any],
    result: Mapping[str, Any],
    made_from: MadeFrom,
    joined: Mapping[str, Any],
) -> dict[str, Any]:
    """
    Return the document.

    :param output: one of the result's.
    :param joined: what joins it to its row and task: ``client_request_id``, ``row_key`` and the like.
    """
    document = {
        "version": VERSION,
        "file": str(output["uri"]).rpartition("/")[2],
        **{name: output.get(name) for name in _OF_FILE},
        "prompt": made_from.prompt,
        "model": result["model"],
        "model_params": made_from.model_params,
        "reference_sha256": made_from.references,
        "gateway": result["gateway"],
        "generation_id": result["generation_id"],
        "created_at": result.get("created_at"),
        "finished_at": result.get("finished_at"),
        "credits": result.get("credits_final"),
        **{name: value for name, value in joined.items() if value is not None},
        "made_by": f"airflow-provider-rivya {__version__}",
        "versions": _versions(),
    }
    return {name: _bare(value) for name, value in document.items()}


@cache
def _versions() -> dict[str, str]:
    return {
        "airflow-provider-rivya": __version__,
        "apache-airflow": metadata.version("apache-airflow-core"),
        "python": platform.python_version(),
    }


def _bare(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return without_access(value)
    if depth >= MAX_DEPTH:
        return None
    if isinstance(value, Mapping):
        return {_bare(str(name)): _bare(entry, depth + 1) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_bare(entry, depth + 1) for entry in value]
    return value

"""
Reads the gateway's live list of models, in the catalogue's vocabulary.

Rivya documents the fields of its list (https://rivya.ai/docs/api-models), but not the shape of ``params`` and
``reference_media``: what is absent says nothing, and what is not understood is named. The list of ToAPIs
(https://docs.toapis.com/docs/en/api-reference/chat/list-models) has ids alone, those that the key may use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    with_config,
)
from typing_extensions import TypedDict


def _max_files(media: object) -> object:
    return media.get("max_files") if isinstance(media, dict) else media


def _option(value: object) -> object:
    """The catalogue's spelling of an option: a text, whatever the list has."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


_Texts = Annotated[list[str], AfterValidator(sorted)]
_Facts = TypedDict(
    "_Facts",
    {
        "name": Annotated[str, Field(alias="display_name")],
        "category": str,
        "credits": Annotated[int | float, Field(alias="base_credits")],
        "billing": Annotated[str, Field(alias="billing_type")],
        "api_status": str,
        "api_input_status": str,
        "prompt.max_length": Annotated[int | None, Field(alias="max_prompt_length")],
        "inputs": Annotated[_Texts, Field(alias="supported_api_inputs")],
        "reference.kinds": Annotated[_Texts, Field(alias="file_kinds")],
        "reference.max_files": Annotated[int, BeforeValidator(_max_files), Field(alias="reference_media")],
    },
    total=False,
)


@with_config(ConfigDict(extra="forbid"))
class Row(TypedDict, total=False):
    """A parameter, as the list has it."""

    type: Literal["select", "number", "text", "array"]
    required: bool
    default: Any
    options: list[Annotated[str, BeforeValidator(_option)]]
    min: int | float | None
    max: int | float | None
    step: int | float | None


_FACTS: Final[TypeAdapter[Any]] = TypeAdapter(_Facts)
_ROW: Final[TypeAdapter[Any]] = TypeAdapter(Row)
_NOT_COMPARED: Final = ("key", "label", "description", "items")


@dataclass(frozen=True)
class LiveModel:
    """
    A generation model of the live list, in the catalogue's vocabulary.

    :param facts: what could be read: ``credits``, ``prompt.max_length``, ``reference.kinds``, ...
    :param params: by key, what could be read of each; ``None`` when the list of them could not.
    """

    id: str
    facts: dict[str, Any]
    params: dict[str, dict[str, Any]] | None


def read_list(document: object) -> tuple[dict[str, LiveModel], list[str]]:
    """Read the generation models by id, and tell what is not understood."""
    entries = document.get("data") if isinstance(document, dict) else document
    if not isinstance(entries, list):
        raise ValueError("no list of models: neither a list nor an object with a list in 'data'")
    models: dict[str, LiveModel] = {}
    unread: list[str] = []
    for number, entry in enumerate(entries):
        model_id = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(model_id, str) or not model_id:
            unread.append(f"entry {number}: no model with an id")
            continue
        if entry.get("category") == "chat" or entry.get("supported_endpoint_types") == ["chat_completions"]:
            continue
        told = {
            key: it for key, it in entry.items() if key != "reference_media" or _max_files(it) is not None
        }
        facts = _read(_FACTS, told, f"{model_id}: ", unread)
        models[model_id] = LiveModel(model_id, facts, _params(entry, f"{model_id}: params", unread))
    return models, unread


def _params(entry: dict[str, Any], place: str, unread: list[str]) -> dict[str, dict[str, Any]] | None:
    """Read a list of rows with a key each, or a mapping from key to row."""
    rows = entry.get("params")
    if isinstance(rows, list):
        rows = {str(row.get("key") or "") if isinstance(row, dict) else "": row for row in rows}
    if not isinstance(rows, dict) or not all(key and isinstance(row, dict) for key, row in rows.items()):
        # With one row unknown, a missing parameter could no longer be told from an unread one.
        unread += [place] if "params" in entry else []
        return None
    params = {}
    for key, row in rows.items():
        told = {name: value for name, value in row.items() if name not in _NOT_COMPARED}
        params[key] = facts = _read(_ROW, told, f"{place}.{key}.", unread)
        if "default" in facts and ("options" in facts or facts.get("type") == "select"):
            facts["default"] = _option(facts["default"])
    return params


def _read(kind: TypeAdapter[Any], fields: dict[str, Any], place: str, unread: list[str]) -> dict[str, Any]:
    """Read the fields that are of their type, and tell which are not."""
    wrong: set[str] = set()
    try:
        kind.validate_python(fields, strict=True)
    except ValidationError as error:
        wrong = {str(fault["loc"][0]) for fault in error.errors()}
    unread += [f"{place}{name}" for name in sorted(wrong)]
    return dict(kind.validate_python({name: fields[name] for name in fields.keys() - wrong}, strict=True))

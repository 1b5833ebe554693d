"""
Compares a bundled catalogue with the gateway's live list: ``GET /api/v1/models`` of Rivya, ``GET /v1/models``
of ToAPIs.

Pure. The fields of Rivya's list are documented (https://rivya.ai/docs/api-models); the shape of its
``params`` and ``reference_media`` is not. So whatever can be read is compared, in several spellings; what is
absent says nothing; and what is there in a shape that is not understood is named, never guessed at. ToAPIs'
list (https://docs.toapis.com/docs/en/api-reference/chat/list-models) has ids alone, those that the key may
use: there the comparison tells which are listed, and under which of a model's ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from airflow_provider_rivya.catalog.model import Catalog, ModelSpec, ParamSpec

_CHAT: Final = "chat"
_CHAT_ENDPOINTS: Final = frozenset(("chat_completions",))
# Field of the live list -> the catalogue's name, and the types that can be compared.
_PLAIN: Final[dict[str, tuple[str, tuple[type, ...]]]] = {
    "display_name": ("name", (str,)),
    "category": ("category", (str,)),
    "base_credits": ("credits", (int, float)),
    "billing_type": ("billing", (str,)),
    "api_status": ("api_status", (str,)),
    "api_input_status": ("api_input_status", (str,)),
    "max_prompt_length": ("prompt.max_length", (int, type(None))),
}
_NAMES: Final = ("key", "name", "id")
_ROW: Final[dict[str, tuple[str, ...]]] = {
    "type": ("type",),
    "required": ("required",),
    "default": ("default", "default_value", "defaultValue"),
    "options": ("options", "enum", "values", "choices"),
    "min": ("min", "minimum"),
    "max": ("max", "maximum"),
    "step": ("step", "multipleOf"),
}
_TYPES: Final = {
    "select": "select",
    "enum": "select",
    "number": "number",
    "integer": "number",
    "float": "number",
    "text": "text",
    "string": "text",
    "array": "array",
}


@dataclass(frozen=True)
class LiveModel:
    """
    One entry of the live list, in the catalogue's vocabulary.

    :param facts: what could be read: ``credits``, ``prompt.max_length``, ``reference.kinds``, ...
    :param params: by key, what could be read of each; ``None`` when the list of them could not.
    :param unread: fields that are there in a shape that is not understood.
    """

    id: str
    facts: dict[str, Any]
    params: dict[str, dict[str, Any]] | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class LiveList:
    """
    The live list, read.

    :param models: the generation models.
    :param chat: ids of the chat models, which this package has no use for.
    :param unread: places of entries that are no models at all.
    """

    models: tuple[LiveModel, ...]
    chat: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """
    One field that differs; ``None`` stands for "has none".

    ``params.seed`` alone is a whole parameter; ``id`` is a model that the live list has under an alias.
    """

    field: str
    bundled: Any
    live: Any


@dataclass(frozen=True)
class ModelChanges:
    """A model that both know, and what differs."""

    id: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Difference:
    """
    What separates the bundled catalogue from the live list.

    :param as_of: date of the bundled catalogue.
    :param added: models that only the live list has.
    :param removed: ids that only the bundle has.
    :param changed: models of both that differ.
    :param unread: what could not be compared, in words.
    """

    as_of: str
    added: tuple[LiveModel, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[ModelChanges, ...] = ()
    unread: tuple[str, ...] = field(default=(), compare=False)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON with the fields of this class."""
        document = asdict(self)
        return {key: list(value) if isinstance(value, tuple) else value for key, value in document.items()}


def compare(catalog: Catalog, document: object) -> Difference:
    """
    Compare.

    :param document: the decoded answer of the list: ``{"data": [...]}`` or a bare list.
    :raises ValueError: it is neither.
    """
    live = read_live(document)
    by_id = {model.id: model for model in live.models}
    changed, removed = [], []
    for spec in catalog:
        listed = next((name for name in (spec.id, *spec.aliases) if name in by_id), None)
        if listed is None:
            removed.append(spec.id)
        elif changes := tuple(_changes(spec, by_id[listed])):
            changed.append(ModelChanges(spec.id, changes))
    unread = [f"{model.id}: {name}" for model in live.models for name in model.unread]
    return Difference(
        as_of=catalog.as_of,
        added=tuple(model for model in live.models if model.id not in catalog),
        removed=tuple(removed),
        changed=tuple(changed),
        unread=(*live.unread, *unread),
    )


def read_live(document: object) -> LiveList:
    """
    Read the live list.

    :raises ValueError: it is no list of models.
    """
    entries = document.get("data") if isinstance(document, Mapping) else document
    if not isinstance(entries, list | tuple):
        raise ValueError("no list of models: neither a list nor an object with a list in 'data'")
    models: dict[str, LiveModel] = {}
    chat, unread = [], []
    for number, entry in enumerate(entries):
        model_id = entry.get("id") if isinstance(entry, Mapping) else None
        if not isinstance(model_id, str) or not model_id:
            unread.append(f"entry {number}: no model with an id")
        elif _is_chat(entry):
            chat.append(model_id)
        else:
            models[model_id] = _model(model_id, entry)
    return LiveList(tuple(models.values()), tuple(chat), tuple(unread))


def _is_chat(entry: Mapping[str, Any]) -> bool:
    """By its category; without one, by endpoints that are none but those for text."""
    endpoints = _texts(entry.get("supported_endpoint_types"))
    return entry.get("category") == _CHAT or (bool(endpoints) and _CHAT_ENDPOINTS.issuperset(endpoints or ()))


def _model(model_id: str, entry: Mapping[str, Any]) -> LiveModel:
    facts: dict[str, Any] = {}
    unread: list[str] = []
    for name, (own, kinds) in _PLAIN.items():
        if name in entry:
            if _is(entry[name], *kinds):
                facts[own] = entry[name]
            else:
                unread.append(name)
    for name, own in (("supported_api_inputs", "inputs"), ("file_kinds", "reference.kinds")):
        if name in entry:
            if (listed := _texts(entry[name])) is not None:
                facts[own] = sorted(listed)
            else:
                unread.append(name)
    _read_reference(entry.get("reference_media"), facts, unread)
    params = _params(entry["params"], unread) if "params" in entry else None
    return LiveModel(model_id, facts, params, tuple(unread))


def _read_reference(value: object, facts: dict[str, Any], unread: list[str]) -> None:
    if value is None:
        return
    most = None
    if isinstance(value, Mapping):
        most = next((value[name] for name in ("max_files", "maxFiles") if name in value), None)
    if _is(most, int):
        facts["reference.max_files"] = most
    elif most is not None or not isinstance(value, Mapping):
        unread.append("reference_media")


def _params(value: object, unread: list[str]) -> dict[str, dict[str, Any]] | None:
    """Read a list of rows with a key each, or a mapping from key to row."""
    rows: list[tuple[object, object]]
    if isinstance(value, Mapping):
        rows = list(value.items())
    elif isinstance(value, list | tuple):
        rows = [(_key(row), row) for row in value]
    else:
        unread.append("params")
        return None
    params: dict[str, dict[str, Any]] = {}
    for number, (key, row) in enumerate(rows):
        if not isinstance(key, str) or not key or not isinstance(row, Mapping):
            # With one row unknown, a missing parameter could no longer be told from an unread one.
            unread.append(f"params (row {number})")
            return None
        params[key] = _row(key, row, unread)
    return params


def _key(row: object) -> object:
    if not isinstance(row, Mapping):
        return None
    return next((row[name] for name in _NAMES if isinstance(row.get(name), str)), None)


def _row(key: str, row: Mapping[str, Any], unread: list[str]) -> dict[str, Any]:
    raw = {own: row[name] for own, names in _ROW.items() for name in names if name in row}
    facts: dict[str, Any] = {}
    if raw.get("options") not in (None, [], ()):
        options = [_option(option) for option in raw["options"]] if _is(raw["options"], list, tuple) else []
        if options and None not in options:
            facts["options"] = options
        else:
            unread.append(f"params.{key}.options")
    if "type" in raw:
        kind = _TYPES.get(raw["type"]) if isinstance(raw["type"], str) else None
        kind = "select" if "options" in facts and kind in ("text", "number") else kind
        if kind is None:
            unread.append(f"params.{key}.type")
        else:
            facts["type"] = kind
    if _is(raw.get("required"), bool):
        facts["required"] = raw["required"]
    for name in ("min", "max", "step"):
        if name in raw and _is(raw[name], int, float, type(None)):
            facts[name] = raw[name]
    if "default" in raw:
        chosen = "options" in facts or facts.get("type") == "select"
        facts["default"] = _option(raw["default"]) if chosen else raw["default"]
    return facts


def _option(value: object) -> str | None:
    """The text of an option, which may stand in an object together with a label."""
    if isinstance(value, Mapping):
        value = value.get("value")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _texts(value: object) -> list[str] | None:
    listed = isinstance(value, list | tuple) and all(isinstance(part, str) for part in value)
    return list(value) if listed and isinstance(value, list | tuple) else None


def _is(value: object, *kinds: type) -> bool:
    """``isinstance``, but true and false are no numbers."""
    return isinstance(value, kinds) and (not isinstance(value, bool) or bool in kinds)


def _changes(spec: ModelSpec, live: LiveModel) -> Iterator[Change]:
    bundled = _bundled(spec)
    if live.id != spec.id:
        yield Change("id", spec.id, live.id)
    for name, value in live.facts.items():
        if bundled[name] != value:
            yield Change(name, bundled[name], value)
    if live.params is None:
        return
    own = spec.param_by_key
    for key, row in live.params.items():
        if key not in own:
            yield Change(f"params.{key}", None, row)
            continue
        known = param_facts(own[key])
        for name, value in row.items():
            if known[name] != value:
                yield Change(f"params.{key}.{name}", known[name], value)
    for key in own:
        if key not in live.params:
            yield Change(f"params.{key}", param_facts(own[key]), None)


def _bundled(spec: ModelSpec) -> dict[str, Any]:
    rule = spec.reference
    return {
        "name": spec.name,
        "category": spec.category,
        "credits": spec.credits,
        "billing": spec.billing,
        "api_status": spec.api_status,
        "api_input_status": spec.api_input_status,
        "prompt.max_length": spec.prompt.max_length,
        "inputs": sorted(spec.inputs),
        "reference.kinds": sorted(rule.by_kind) if rule else [],
        "reference.max_files": rule.max_files if rule else None,
    }


def param_facts(param: ParamSpec) -> dict[str, Any]:
    """What the catalogue knows of a parameter, in the fields that a live row may have."""
    return {
        "type": param.type,
        "required": param.required,
        "default": param.default,
        "options": list(param.options),
        "min": param.min,
        "max": param.max,
        "step": param.step,
    }

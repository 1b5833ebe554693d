"""
Reads a catalogue's JSON into :mod:`airflow_provider_rivya.catalog.spec`.

Strict on purpose: a field that this module does not know, or one of another type, is an error. A rule
that is silently skipped would let a request through that costs credits.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast, get_args

from airflow_provider_rivya.catalog.spec import (
    Catalog,
    ItemField,
    ItemRule,
    KindRule,
    ModelSpec,
    ParamSpec,
    ParamType,
    PromptRule,
    ReferenceMode,
    ReferenceRule,
    Scalar,
)

_T = TypeVar("_T")
_NUMBER = (int, float)
# The per-mode limits are spelled max_images, required_videos, ...
_PLURALS = {"image": "images", "video": "videos", "audio": "audios"}


class _Fields:
    """The fields of one JSON object, each to be taken exactly once; ``where`` names the object in errors."""

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, dict):
            raise ValueError(f"{where}: an object is needed, not {type(data).__name__}")
        self._left: dict[str, Any] = dict(data)
        self.where = where

    def has(self, key: str) -> bool:
        return key in self._left

    def take(self, key: str, kind: type[_T] | tuple[type[_T], ...]) -> _T:
        if key not in self._left:
            raise ValueError(f"{self.where}: {key} is missing")
        value = self._left.pop(key)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        # bool is an int in Python, but true is not a number in JSON.
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            names = " or ".join(one.__name__ for one in kinds)
            raise ValueError(f"{self.where}.{key}: {names} is needed, not {value!r}")
        return value

    def optional(self, key: str, kind: type[_T] | tuple[type[_T], ...], default: Any = None) -> Any:
        return self.take(key, kind) if key in self._left else default

    def texts(self, key: str, *, optional: bool = False) -> tuple[str, ...]:
        values = self.optional(key, list, []) if optional else self.take(key, list)
        if not all(isinstance(value, str) for value in values):
            raise ValueError(f"{self.where}.{key}: a list of texts is needed, not {values!r}")
        return tuple(values)

    def drop_null(self, key: str) -> bool:
        """Take the field off if it is null; tell whether it was."""
        if key in self._left and self._left[key] is None:
            del self._left[key]
            return True
        return False

    def end(self) -> None:
        if self._left:
            raise ValueError(f"{self.where}: unknown fields {sorted(self._left)}")


def parse_catalog(data: object) -> Catalog:
    """
    Build a catalogue from the decoded JSON of a bundled file.

    :raises ValueError: naming the place, for any field that is missing, unknown or of another type.
    """
    fields = _Fields(data, "catalogue")
    gateway = fields.take("gateway", str)
    as_of = fields.take("as_of", str)
    source = fields.take("source", str)
    defaults = _kinds(fields.take("file_defaults", dict), "file_defaults")
    entries = fields.take("models", list)
    models = tuple(_model(entry, defaults, number) for number, entry in enumerate(entries))
    fields.end()
    catalog = Catalog(gateway, as_of, source, models)
    if len(catalog.ids) != len(models):
        raise ValueError("catalogue: model ids are not unique")
    return catalog


def _model(data: object, defaults: tuple[KindRule, ...], number: int) -> ModelSpec:
    fields = _Fields(data, f"models[{number}]")
    model_id = fields.take("id", str)
    fields.where = model_id
    prompt = _Fields(fields.take("prompt", dict), f"{model_id}.prompt")
    prompt_rule = PromptRule(prompt.take("required", bool), prompt.optional("max_length", int))
    prompt.end()
    no_reference = fields.drop_null("reference")
    spec = ModelSpec(
        id=model_id,
        name=fields.take("name", str),
        category=fields.take("category", str),
        api_status=fields.take("api_status", str),
        api_input_status=fields.take("api_input_status", str),
        inputs=fields.texts("inputs"),
        credits=fields.take("credits", _NUMBER),
        billing=fields.take("billing", str),
        price_sensitive_params=fields.texts("price_sensitive_params", optional=True),
        prompt=prompt_rule,
        params_required=fields.take("params_required", bool),
        params=tuple(_param(entry, model_id) for entry in fields.take("params", list)),
        params_complete=fields.take("params_complete", bool),
        reference=None if no_reference else _reference(fields.take("reference", dict), model_id),
        reference_complete=fields.take("reference_complete", bool),
        notes=fields.texts("notes", optional=True),
        unknown=fields.texts("unknown", optional=True),
        source=fields.take("source", str),
        file_defaults=defaults,
    )
    fields.end()
    if len(spec.param_by_key) != len(spec.params):
        raise ValueError(f"{model_id}: parameter keys are not unique")
    return spec


def _param(data: object, model_id: str) -> ParamSpec:
    fields = _Fields(data, f"{model_id}.params")
    key = fields.take("key", str)
    fields.where = f"{model_id}.params.{key}"
    kind = fields.take("type", str)
    if kind not in get_args(ParamType):
        raise ValueError(f"{fields.where}: unknown type {kind!r}")
    param = ParamSpec(
        key=key,
        type=cast(ParamType, kind),
        required=fields.optional("required", bool, False),
        default=cast("Scalar | None", fields.optional("default", (str, int, float))),
        min=fields.optional("min", _NUMBER),
        max=fields.optional("max", _NUMBER),
        step=fields.optional("step", _NUMBER),
        options=fields.texts("options", optional=True),
        note=fields.optional("note", str, ""),
        items=_items(fields.take("items", dict), fields.where) if fields.has("items") else None,
    )
    fields.end()
    if (kind == "select") != bool(param.options) or (kind == "array") != (param.items is not None):
        raise ValueError(f"{fields.where}: options go with a select, items with an array")
    return param


def _items(data: object, where: str) -> ItemRule:
    fields = _Fields(data, f"{where}.items")
    if fields.take("type", str) != "object":
        raise ValueError(f"{fields.where}: only arrays of objects are known")
    entries = []
    for entry in fields.take("fields", list):
        item = _Fields(entry, f"{fields.where}.fields")
        entries.append(ItemField(item.take("key", str), "string"))
        if item.take("type", str) != "string":
            raise ValueError(f"{item.where}: only text fields are known")
        item.end()
    fields.end()
    return ItemRule("object", tuple(entries))


def _kinds(data: dict[str, object], where: str) -> tuple[KindRule, ...]:
    rules = []
    for kind, entry in data.items():
        if kind not in _PLURALS:
            raise ValueError(f"{where}: unknown kind {kind!r}")
        fields = _Fields(entry, f"{where}.{kind}")
        size = fields.optional("max_size_mb", _NUMBER)
        rules.append(KindRule(kind, size, fields.texts("mime_types", optional=True)))
        fields.end()
    return tuple(rules)


def _reference(data: object, model_id: str) -> ReferenceRule:
    where = f"{model_id}.reference"
    fields = _Fields(data, where)
    rule = ReferenceRule(
        kinds=_kinds(fields.take("kinds", dict), f"{where}.kinds"),
        max_files=fields.optional("max_files", int),
        rule=fields.optional("rule", str, ""),
        duration_token_kinds=fields.texts("duration_token_kinds", optional=True),
        per_mode=tuple(_mode(entry, f"{where}.per_mode") for entry in fields.optional("per_mode", list, [])),
    )
    fields.end()
    return rule


def _mode(data: object, where: str) -> ReferenceMode:
    fields = _Fields(data, where)

    def limits(prefix: str) -> tuple[tuple[str, int], ...]:
        names = {kind: f"{prefix}_{plural}" for kind, plural in _PLURALS.items()}
        return tuple((kind, fields.take(name, int)) for kind, name in names.items() if fields.has(name))

    mode = ReferenceMode(fields.take("when", str), at_most=limits("max"), at_least=limits("required"))
    fields.end()
    return mode

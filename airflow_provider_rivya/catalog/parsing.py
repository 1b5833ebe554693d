"""
Reads a catalogue's JSON into :mod:`airflow_provider_rivya.catalog.spec`.

Strict on purpose: a field that this module does not know, or one of another type, is an error. A rule
that is silently skipped would let a request through that costs credits.
"""

from __future__ import annotations

from typing import cast, get_args

from airflow_provider_rivya.catalog.conditions import Scalar
from airflow_provider_rivya.catalog.fields import NUMBER, Fields
from airflow_provider_rivya.catalog.parsing_conditions import (
    check_subjects,
    dialect_of,
    disputes,
    refusals,
    rules,
    scalars,
)
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
)

# The per-mode limits are spelled max_images, required_videos, ...
_PLURALS = {"image": "images", "video": "videos", "audio": "audios"}


def parse_catalog(data: object) -> Catalog:
    """
    Build a catalogue from the decoded JSON of a bundled file.

    :raises ValueError: naming the place, for any field that is missing, unknown or of another type.
    """
    fields = Fields(data, "catalogue")
    gateway = fields.take("gateway", str)
    as_of = fields.take("as_of", str)
    source = fields.take("source", str)
    title = fields.optional("title", str, gateway.capitalize())
    price_note = fields.optional("price_note", str, "")
    defaults = _kinds(fields.take("file_defaults", dict), "file_defaults")
    entries = fields.take("models", list)
    models = tuple(_model(entry, defaults, price_note, number) for number, entry in enumerate(entries))
    fields.end()
    names = [name for spec in models for name in (spec.id, *spec.aliases)]
    if len(set(names)) != len(names):
        raise ValueError("catalogue: model ids are not unique")
    return Catalog(gateway, as_of, source, models, title)


def _model(data: object, defaults: tuple[KindRule, ...], price_note: str, number: int) -> ModelSpec:
    fields = Fields(data, f"models[{number}]")
    model_id = fields.take("id", str)
    fields.where = model_id
    prompt = Fields(fields.take("prompt", dict), f"{model_id}.prompt")
    prompt_rule = PromptRule(
        prompt.take("required", bool), prompt.optional("max_length", int), disputes(prompt)
    )
    prompt.end()
    no_reference = fields.drop_null("reference")
    no_price = fields.drop_null("credits")
    spec = ModelSpec(
        id=model_id,
        name=fields.take("name", str),
        category=fields.take("category", str),
        api_status=fields.take("api_status", str),
        api_input_status=fields.optional("api_input_status", str, ""),
        inputs=fields.texts("inputs"),
        credits=None if no_price else fields.take("credits", NUMBER),
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
        aliases=fields.texts("aliases", optional=True),
        alias_note=fields.optional("alias_note", str, ""),
        dialect=dialect_of(fields.take("dialect", dict), model_id) if fields.has("dialect") else None,
        rules=rules(fields.optional("rules", list, []), f"{model_id}.rules"),
        price_by=_price_by(fields),
        price_note=price_note,
        pages=fields.texts("pages", optional=True),
    )
    fields.end()
    if len(spec.param_by_key) != len(spec.params):
        raise ValueError(f"{model_id}: parameter keys are not unique")
    check_subjects(spec)
    return spec


def _price_by(fields: Fields) -> tuple[str, tuple[tuple[str, int | float], ...]] | None:
    """``{"resolution": {"1K": 5, "2K": 6}}``."""
    if not fields.has("price_by"):
        return None
    table = Fields(fields.take("price_by", dict), f"{fields.where}.price_by")
    key = table.only_key()
    prices = Fields(table.take(key, dict), f"{table.where}.{key}")
    return key, tuple((value, prices.take(value, NUMBER)) for value in prices.names())


def _param(data: object, model_id: str) -> ParamSpec:
    fields = Fields(data, f"{model_id}.params")
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
        min=fields.optional("min", NUMBER),
        max=fields.optional("max", NUMBER),
        step=fields.optional("step", NUMBER),
        options=fields.texts("options", optional=True),
        note=fields.optional("note", str, ""),
        items=_items(fields.take("items", dict), fields.where) if fields.has("items") else None,
        choices=cast("tuple[int | float, ...]", scalars(fields, "choices", NUMBER)),
        unquoted=fields.optional("unquoted", bool, False),
        any_case=fields.optional("any_case", bool, False),
        open=fields.optional("open", str, ""),
        disputed=disputes(fields),
        refused=refusals(fields),
        also_called=fields.texts("also_called", optional=True),
    )
    fields.end()
    if (kind == "select") != bool(param.options) or (kind == "array") != (param.items is not None):
        raise ValueError(f"{fields.where}: options go with a select, items with an array")
    if (kind != "number" and (param.choices or param.unquoted)) or (
        kind != "select" and (param.any_case or param.open)
    ):
        raise ValueError(f"{fields.where}: choices and unquoted need a number, any_case and open a select")
    return param


def _items(data: object, where: str) -> ItemRule:
    fields = Fields(data, f"{where}.items")
    if fields.take("type", str) != "object":
        raise ValueError(f"{fields.where}: only arrays of objects are known")
    entries = []
    for entry in fields.take("fields", list):
        item = Fields(entry, f"{fields.where}.fields")
        entries.append(ItemField(item.take("key", str), "string"))
        if item.take("type", str) != "string":
            raise ValueError(f"{item.where}: only text fields are known")
        item.end()
    fields.end()
    return ItemRule("object", tuple(entries))


def _kinds(data: dict[str, object], where: str) -> tuple[KindRule, ...]:
    found = []
    for kind, entry in data.items():
        if kind not in _PLURALS:
            raise ValueError(f"{where}: unknown kind {kind!r}")
        fields = Fields(entry, f"{where}.{kind}")
        size = fields.optional("max_size_mb", NUMBER)
        found.append(KindRule(kind, size, fields.texts("mime_types", optional=True), disputes(fields)))
        fields.end()
    return tuple(found)


def _reference(data: object, model_id: str) -> ReferenceRule:
    where = f"{model_id}.reference"
    fields = Fields(data, where)
    rule = ReferenceRule(
        kinds=_kinds(fields.take("kinds", dict), f"{where}.kinds"),
        max_files=fields.optional("max_files", int),
        rule=fields.optional("rule", str, ""),
        duration_token_kinds=fields.texts("duration_token_kinds", optional=True),
        per_mode=tuple(_mode(entry, f"{where}.per_mode") for entry in fields.optional("per_mode", list, [])),
        urls=fields.optional("urls", bool, False),
    )
    fields.end()
    return rule


def _mode(data: object, where: str) -> ReferenceMode:
    fields = Fields(data, where)

    def limits(prefix: str) -> tuple[tuple[str, int], ...]:
        names = {kind: f"{prefix}_{plural}" for kind, plural in _PLURALS.items()}
        return tuple((kind, fields.take(name, int)) for kind, name in names.items() if fields.has(name))

    mode = ReferenceMode(fields.take("when", str), at_most=limits("max"), at_least=limits("required"))
    fields.end()
    return mode

"""Writes a model's page, ``<id>.md``: what one model takes, what it costs, and a DAG that uses it."""

from __future__ import annotations

import json
import re
from typing import Any

from airflow_provider_rivya.api.dialect import Dialect
from airflow_provider_rivya.catalog import summary
from airflow_provider_rivya.catalog.conditions import REFERENCES, Rule
from airflow_provider_rivya.catalog.findings import counted, number_rule, value_rule
from airflow_provider_rivya.catalog.model import ModelSpec, ParamSpec
from airflow_provider_rivya.catalog.names import meaning_of
from tools.models import disagreements
from tools.models.markdown import cell, table
from tools.models.target import RIVYA, TOAPIS, Target
from tools.models.typed import class_name

_PROMPTS = {
    "image": "A red bicycle leaning on a brick wall, morning light",
    "video": "A paper boat drifts down a rain-washed street, the camera follows it slowly",
    "audio": "Good morning. Your parcel leaves the warehouse today and arrives on Friday.",
}
_OWN_PROMPTS = {
    "elevenlabs-sound-effect-v2": "Rain on a tin roof, a distant roll of thunder",
    "suno-music": "A calm acoustic guitar piece for a product video",
    "suno-sounds": "A short wooden door chime",
}
_EXAMPLE_URLS = {
    "image": "https://example.org/person.png",
    "video_url": "https://example.org/clip.mp4",
    "image_url": "https://example.org/person.png",
}
_SHOWN_MEANINGS = ("aspect ratio", "resolution", "output format", "duration")
_EXAMPLE_FILES = {"image": "product.jpg", "video": "clip.mp4", "audio": "voice.mp3"}
_INCOMPLETE = (
    "The documentation does not show all of them: a parameter that is not listed is passed on with a warning."
)
_FOR_MAINTAINERS = re.compile(r"\bconventions\.|\berror list\b")
_REMARK = re.compile(r"\s*\([^()]*\bconventions\.[^()]*\)")


def target_of(spec: ModelSpec) -> Target:
    """The gateway of a model, which only ToAPIs' models have a dialect to tell."""
    return RIVYA if spec.dialect is None else TOAPIS


def render(spec: ModelSpec) -> str:
    """Return the text of a model's page."""
    further = "".join(f", <{page}>" for page in spec.pages)
    blocks = [
        f"# {cell(spec.name)}",
        _facts(spec),
        "## Parameters",
        _parameters(spec),
        *disagreements.rules(spec),
        *_references(spec),
        *disagreements.disputes(spec),
        *_open_points(spec),
        "## In a DAG",
        f"```python\n{snippet(spec)}```",
        _typed(spec),
        f"Source: <{spec.source}>{further}. [All models](index.md)",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def snippet(spec: ModelSpec) -> str:
    """Return a whole DAG file that uses the model; its request passes validation."""
    target = target_of(spec)
    arguments = [f"model={_text(spec.id)}"]
    if spec.prompt.required:
        arguments.append(f"prompt={_text(_OWN_PROMPTS.get(spec.id) or _PROMPTS[spec.category])}")
    if params := example_params(spec):
        arguments.append(f"model_params={_dict(params)}")
    if kind := _example_kind(spec):
        arguments.append(f'reference_media=["/data/{_EXAMPLE_FILES[kind]}"]')
    arguments.append(f'output_path="/data/{target.gateway}/"')
    listed = "".join(f"        {argument},\n" for argument in ['task_id="generate"', *arguments])
    return (
        "from airflow.sdk import DAG\n\n"
        f"from airflow_provider_rivya.operators.{target.gateway} import {target.operator}\n\n"
        f'with DAG("{re.sub(r"[-.]", "_", spec.id)}", schedule=None):\n'
        f"    {target.operator}(\n{listed}"
        "        deferrable=True,\n        retries=2,\n    )\n"
    )


def example_params(spec: ModelSpec) -> dict[str, Any]:
    """What the snippet sets: all that is required, and what most people will want to set."""
    params = {}
    for param in spec.params:
        wanted = param.required or meaning_of(param) in _SHOWN_MEANINGS
        wanted |= param.is_url and "url" in spec.inputs
        wanted |= bool(param.refused) and param.default is None
        if wanted and not _is_disputed(param) and (value := _example_value(param)) is not None:
            params[param.key] = value
    return params


def _example_value(param: ParamSpec) -> Any:
    if param.items is not None:
        lines = ({"voice": "Adam", "text": "Is it ready?"}, {"voice": "Alice", "text": "It ships today."})
        return list(lines)
    if param.is_url or param.key == "image":
        return _EXAMPLE_URLS[param.key]
    if param.default is not None:
        return param.default
    return next(iter((*param.options, *param.choices)), None)


def _is_disputed(param: ParamSpec) -> bool:
    return any(not dispute.values and dispute.above is None for dispute in param.disputed)


def _example_kind(spec: ModelSpec) -> str | None:
    """The kind of reference file that the snippet shows; none where no page tells how they are taken."""
    if spec.reference is None or any(rule.require is None and _is_of_files(rule) for rule in spec.rules):
        return None
    return spec.reference.kinds[0].kind


def _is_of_files(rule: Rule) -> bool:
    return [condition.subject for condition in rule.when] == [REFERENCES]


def _dict(params: dict[str, Any]) -> str:
    flat = json.dumps(params, ensure_ascii=False)
    if len(flat) <= 88:
        return flat
    entries = "".join(f"            {_text(key)}: {json.dumps(value)},\n" for key, value in params.items())
    return f"{{\n{entries}        }}"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _facts(spec: ModelSpec) -> str:
    rows = [
        ("Makes", spec.category),
        ("Price", summary.price_in_words(spec)),
        ("Prompt", summary.prompt(spec)),
        ("Input", summary.inputs(spec)),
    ]
    if spec.aliases:
        names = ", ".join(f"`{alias}`" for alias in spec.aliases)
        rows.insert(0, ("Also known as", f"{names}: {cell(spec.alias_note)}"))
    if spec.dialect is not None:
        rows.append(("Sent as", _spelling(spec, spec.dialect)))
    if spec.api_status != "available":
        rows.append(("API", f"not open ({spec.api_status})"))
    return table(("Model id", f"`{spec.id}`"), rows)


def _spelling(spec: ModelSpec, dialect: Dialect) -> str:
    """Where the gateway wants what its pages put in different places."""
    told = [f"references in `{dialect.references}`"] if spec.reference is not None else []
    if "resolution" in spec.param_by_key:
        told.append("`metadata.resolution`" if dialect.resolution == "metadata" else "top-level `resolution`")
    inside = [f"`{param.key}`" for param in spec.params if param.key in dialect.in_metadata]
    if inside:
        told.append(f"{', '.join(inside)} in `metadata`")
    return f"{'; '.join(told) or 'the parameters at the top'} (`dialect` changes it)"


def _parameters(spec: ModelSpec) -> str:
    if not spec.params:
        return "None."
    rows = [
        (
            f"`{param.key}`" + (" **required**" if param.required else ""),
            param.type,
            "" if param.default is None else f"`{param.default}`",
            allowed(param),
            cell(param.note),
        )
        for param in spec.params
    ]
    gap = "" if spec.params_complete else f"\n\n{_INCOMPLETE}"
    listed = table(("Parameter", "Type", "Default", "Allowed", "Note"), rows)
    return f"{listed}{gap}\n\nDefaults are the gateway's; they are not sent."


def allowed(param: ParamSpec) -> str:
    """What a parameter takes, for a table."""
    if param.type == "select":
        listed = ", ".join(f"`{option}`" for option in param.options)
        return f"{listed}, perhaps more" if param.open else listed
    if param.choices:
        return ", ".join(f"`{choice}`" for choice in param.choices)
    if param.type == "number":
        return number_rule(param)
    if param.items is not None:
        fields = ", ".join(f"`{field.key}`" for field in param.items.fields)
        return f"a list of objects with the texts {fields}"
    return value_rule(param)


def _references(spec: ModelSpec) -> list[str]:
    if spec.reference is None and spec.reference_complete:
        return []
    if spec.reference is None:
        return ["## Reference media", "The model takes files; the documentation does not tell which."]
    rule = spec.reference
    limit = counted(rule.max_files, "file") if rule.max_files is not None else "not documented"
    lines = [f"At most: {limit}." + (f" {rule.rule[:1].upper()}{rule.rule[1:]}." if rule.rule else "")]
    rows = []
    for kind in rule.kinds:
        found = spec.file_rule(kind.kind) or kind
        own = "" if kind.max_size_mb and kind.mime_types else " (the gateway's default)"
        size = f"{found.max_size_mb} MB{own}" if found.max_size_mb else "not documented"
        rows.append((kind.kind, size, ", ".join(f"`{mime}`" for mime in found.mime_types)))
    lines.append(table(("Kind", "Size up to", "Formats"), rows))
    if rule.duration_token_kinds:
        lines.append(
            f"The length of {' and '.join(rule.duration_token_kinds)} files is verified by the gateway; "
            "the upload takes care of it."
        )
    return ["## Reference media", *lines]


def _open_points(spec: ModelSpec) -> list[str]:
    notes = [cell(_REMARK.sub("", note)) for note in spec.notes]
    points = [note for note in notes if not _FOR_MAINTAINERS.search(note)]
    points += [f"not documented: `{mark}`" for mark in spec.unknown]
    listed = "\n".join(f"- {point[:1].upper()}{point[1:].rstrip('.')}." for point in points)
    return ["## Open points", listed] if points else []


def _typed(spec: ModelSpec) -> str:
    if not spec.params:
        return ""
    module = target_of(spec).params_module
    return f"Typed parameters: `from airflow_provider_rivya.{module} import {class_name(spec.id)}`."

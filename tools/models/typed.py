"""Writes a gateway's module of typed parameters: a ``TypedDict`` for every model."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from airflow_provider_rivya.catalog.findings import number_rule, value_rule
from airflow_provider_rivya.catalog.model import Catalog, ModelSpec, ParamSpec
from airflow_provider_rivya.catalog.names import meaning_of
from tools.models.target import RIVYA, TARGETS

_WIDTH = 110
_INDENT = "    "
_OTHERS = {"boolean": "bool", "object": "dict[str, Any]", "json": "Any"}
_HEAD = '''"""
The parameters of every {models} as a ``TypedDict``: an IDE completes them and mypy checks a plain dict.

Written by ``make models`` from the model catalogue of {as_of}; not to be edited. Nothing here is needed at
run time, so a DAG file can import it for type checkers alone:

.. code-block:: python

    from typing import TYPE_CHECKING

    if TYPE_CHECKING:
        from airflow_provider_rivya.{module} import {example}

    look: "{example}" = {value}

The types are those of the wire: a select takes the text of one of its options, ``"true"`` and ``"5"`` too.
Ranges and steps, which types cannot tell, are checked by the operator before anything is sent.
"""

from typing import {names}'''


def class_name(model_id: str) -> str:
    """``nano-banana-2`` is ``NanoBanana2Params``; a name that begins with a digit gets ``Model`` in front."""
    name = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", model_id))
    return f"{'Model' if name[:1].isdigit() else ''}{name}Params"


def render(catalog: Catalog) -> str:
    """
    Return the text of the module.

    :raises ValueError: two models would have the same class name, or a key is no Python name.
    """
    names = [class_name(spec.id) for spec in catalog]
    if len(set(names)) != len(names):
        raise ValueError("two models have the same class name")
    target = TARGETS[catalog.gateway]
    example, value = target.example
    body = [*_items(catalog), *(_model(spec) for spec in catalog)]
    head = _HEAD.format(
        models="model" if target is RIVYA else f"{catalog.title} model",
        as_of=catalog.as_of,
        module=target.params_module,
        example=example,
        value=value,
        names=_typing_names(catalog),
    )
    return "\n\n\n".join([head, *body]) + "\n"


def _typing_names(catalog: Catalog) -> str:
    """What the module needs of ``typing``."""
    params = [param for spec in catalog for param in spec.params]
    needed = {
        "Any": any(param.type in ("object", "json") for param in params),
        "Literal": any(_is_literal(param) for param in params),
        "Required": any(param.required or param.items is not None for param in params),
        "TypedDict": True,
    }
    return ", ".join(name for name, wanted in needed.items() if wanted)


def python_type(param: ParamSpec, owner: str = "") -> str:
    """What a value of the parameter is in Python, without its options: ``str``, ``int``, ``list[...]``."""
    if param.type == "array":
        return f"list[{_item_name(owner, param)}]"
    if param.type in _OTHERS:
        return _OTHERS[param.type]
    if param.type != "number":
        return "str"
    whole = isinstance(param.step, int) and not isinstance(param.min, float)
    return "int" if whole or meaning_of(param) == "seed" else "float"


def _items(catalog: Catalog) -> list[str]:
    blocks = []
    for spec in catalog:
        for param in spec.params:
            if param.items is not None:
                fields = "\n".join(f"{_INDENT}{field.key}: Required[str]" for field in param.items.fields)
                title = f'{_INDENT}"""One element of ``{param.key}`` of {spec.id}."""'
                blocks.append(f"class {_item_name(spec.id, param)}(TypedDict):\n{title}\n\n{fields}")
    return blocks


def _item_name(model_id: str, param: ParamSpec) -> str:
    return f"{class_name(model_id).removesuffix('Params')}{param.key.capitalize()}Item"


def _model(spec: ModelSpec) -> str:
    about = f"Parameters of {spec.name} (``{spec.id}``), {spec.category}. Source: {spec.source}"
    if not spec.params_complete:
        about += "\n\nThe public documentation does not show them all; others are passed on with a warning."
    lines = [f"class {class_name(spec.id)}(TypedDict, total=False):", *_docstring(about)]
    for param in spec.params:
        if not param.key.isidentifier():
            raise ValueError(f"{spec.id}: {param.key!r} cannot be the name of a field")
        lines += ["", *_annotation(param, spec.id), *_docstring(_about(param))]
    return "\n".join(lines)


def _is_literal(param: ParamSpec) -> bool:
    return bool(param.choices) or (param.type == "select" and not param.open)


def _annotation(param: ParamSpec, model_id: str) -> list[str]:
    wrappers = ["Required"] if param.required else []
    if _is_literal(param):
        wrappers.append("Literal")
        parts = [f'"{option}"' for option in param.options] or [str(choice) for choice in param.choices]
    else:
        parts = [python_type(param, model_id)]
    return _nested(f"{param.key}: ", wrappers, parts, 1)


def _nested(prefix: str, wrappers: Sequence[str], parts: Sequence[str], depth: int) -> list[str]:
    """Lay out ``prefix A[B[parts]]`` as the formatter does: on one line, else a level at a time."""
    margin = _INDENT * depth
    flat = prefix + "".join(f"{name}[" for name in wrappers) + ", ".join(parts) + "]" * len(wrappers)
    if len(margin) + len(flat) <= _WIDTH or not wrappers:
        return [margin + flat]
    if len(wrappers) > 1:
        inner = _nested("", wrappers[1:], parts, depth + 1)
    else:
        joined = _INDENT + margin + ", ".join(parts)
        inner = [joined] if len(joined) <= _WIDTH else [f"{_INDENT}{margin}{part}," for part in parts]
    return [f"{margin}{prefix}{wrappers[0]}[", *inner, f"{margin}]"]


def _about(param: ParamSpec) -> str:
    if param.type == "number":
        facts = [number_rule(param).capitalize()]
    elif param.type == "text":
        facts = ["A public http(s) URL" if param.is_url else "A text"]
    elif param.type == "array":
        facts = ["A list of objects"]
    elif param.type in _OTHERS:
        facts = [value_rule(param)]
    elif param.open:
        facts = [f"{', '.join(param.options)}, perhaps more"]
    else:
        facts = []
    if param.required:
        facts.append("required")
    elif param.default is not None:
        facts.append(f"the gateway's default is {param.default}")
    else:
        facts.append("no default is documented")
    doubts = [dispute.why for dispute in param.disputed if not dispute.values and dispute.above is None]
    return " ".join(_sentence(text) for text in ("; ".join(facts), param.note, *doubts) if text)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _docstring(text: str) -> list[str]:
    if len(_INDENT) + len(text) + 6 <= _WIDTH and "\n" not in text:
        return [f'{_INDENT}"""{text}"""']
    lines: list[str] = []
    wrapper = textwrap.TextWrapper(_WIDTH - len(_INDENT), break_long_words=False, break_on_hyphens=False)
    for paragraph in text.split("\n"):
        lines += wrapper.wrap(paragraph) or [""]
    return [f'{_INDENT}"""', *(_INDENT + line if line else "" for line in lines), f'{_INDENT}"""']

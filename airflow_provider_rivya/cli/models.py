"""``models list`` and ``models show``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.api.dialect import CHOICES
from airflow_provider_rivya.catalog import summary
from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.findings import value_rule
from airflow_provider_rivya.catalog.model import Catalog, ModelSpec, ParamSpec
from airflow_provider_rivya.catalog.price import estimate_credits
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.redaction import clean

if TYPE_CHECKING:
    from argparse import Namespace

    from rich.table import Table

    from airflow_provider_rivya.cli.output import Output

_NOTHING = "-"


def list_models(arguments: Namespace, output: Output) -> int:
    """``rivya models list``."""
    catalog = load_catalog(arguments.gateway)
    wanted = [spec for spec in catalog if arguments.category in (None, spec.category)]
    table = _table("Model", "Makes", "Credits", "Prompt", "Files")
    for spec in wanted:
        limit = spec.prompt.max_length
        table.add_row(
            "\n  ".join((spec.id, *spec.aliases)),
            spec.category,
            summary.price(spec),
            f"{limit:,}" if limit else _NOTHING,
            _files(spec),
        )
    for column in table.columns:
        column.no_wrap = True
    for column in table.columns[2:]:
        column.justify = "right"
    output.result([_brief(spec) for spec in wanted], table)
    if output.format == "table":
        for line in (
            f"{len(wanted)} models of {catalog.title}, as documented on {catalog.as_of}.",
            "Credits: ~ is a base price, metered or changed by a parameter.",
            "Prompt: the most characters. Files: the most references. ? is not documented.",
            "See 'models show ID' for the parameters.",
        ):
            output.say(line, style="dim")
    return 0


def show_model(arguments: Namespace, output: Output) -> int:
    """``rivya models show ID``."""
    spec = find(load_catalog(arguments.gateway), arguments.model)
    facts = _table("", "", header=False)
    for name, value in (
        ("Also called", _aliases(spec)),
        ("Makes", spec.category),
        ("Price", summary.price_in_words(spec)),
        ("Prompt", summary.prompt(spec)),
        ("Input", summary.inputs(spec)),
        ("References", _references(spec)),
        ("Dialect", _dialect(spec)),
        ("API", "" if spec.api_status == "available" else f"not open ({spec.api_status})"),
        ("Source", spec.source),
    ):
        if value:
            facts.add_row(name, value)
    facts.columns[0].style = "dim"
    facts.title = f"{spec.name} ({spec.id})"
    params = _table("Parameter", "Type", "Default", "Allowed")
    params.columns[0].no_wrap = True
    for param in spec.params:
        params.add_row(param.key, param.type, _default(param), _allowed(param))
    tables = [facts, params] if spec.params else [facts]
    output.result({**summary.document(spec), "price": estimate_credits(spec)._asdict()}, *tables)
    if output.format == "table":
        if not spec.params_complete:
            output.say("Not all parameters are documented; others are passed on with a warning.", style="dim")
        for note in spec.notes:
            output.say(f"Note: {note}.", style="dim")
    return 0


def find(catalog: Catalog, model_id: str) -> ModelSpec:
    """
    Return a model.

    :raises InvalidRequestError: there is none, with the ids that were perhaps meant.
    """
    spec = catalog.get(model_id)
    if spec is None:
        nearest = " or ".join(catalog.nearest(model_id))
        allowed = "" if nearest else "the ids of 'models list'"
        fault = Fault("model", f"{catalog.title} has no model {clean(model_id, 60)!r}", allowed, nearest)
        raise InvalidRequestError([fault], fate="")
    return spec


def _table(*heads: str, header: bool = True) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(
        *heads,
        box=SIMPLE_HEAD,
        show_header=header,
        header_style="bold",
        title_style="bold",
        title_justify="left",
        pad_edge=False,
    )


def _brief(spec: ModelSpec) -> dict[str, Any]:
    rule = spec.reference
    return {
        "id": spec.id,
        "aliases": list(spec.aliases),
        "name": spec.name,
        "category": spec.category,
        "price": estimate_credits(spec)._asdict(),
        "billing": spec.billing,
        "api_status": spec.api_status,
        "inputs": list(spec.inputs),
        "prompt": asdict(spec.prompt),
        "references": {"max_files": rule.max_files, "kinds": list(rule.by_kind)} if rule else None,
        "params": [param.key for param in spec.params],
    }


def _files(spec: ModelSpec) -> str:
    """How many reference files, as short as a column is."""
    if spec.reference is None:
        return "URLs" if "url" in spec.inputs else _NOTHING if spec.reference_complete else "?"
    return "?" if spec.reference.max_files is None else str(spec.reference.max_files)


def _references(spec: ModelSpec) -> str:
    if spec.reference is None:
        return summary.references(spec)
    lines = [summary.references(spec) + (f" ({spec.reference.rule})" if spec.reference.rule else "")]
    for kind in spec.reference.kinds:
        found = spec.file_rule(kind.kind) or kind
        formats = ", ".join(mime.partition("/")[2] for mime in found.mime_types)
        lines.append(f"{kind.kind}: up to {found.max_size_mb} MB, {formats}")
    return "\n".join(lines)


def _aliases(spec: ModelSpec) -> str:
    names = ", ".join(spec.aliases)
    return f"{names} ({spec.alias_note})" if spec.alias_note else names


def _dialect(spec: ModelSpec) -> str:
    """How requests are spelled, in the words that ``--dialect`` takes."""
    if spec.dialect is None:
        return ""
    return ", ".join(f"{name}={value}" for name in CHOICES if (value := getattr(spec.dialect, name)))


def _default(param: ParamSpec) -> str:
    if param.required:
        return "required"
    return _NOTHING if param.default is None else str(param.default)


def _allowed(param: ParamSpec) -> str:
    return f"{value_rule(param)}\n({param.note})" if param.note else value_rule(param)

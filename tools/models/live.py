"""``make models-diff``: compares a bundled catalogue with the gateway's live list."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.model import Catalog, ModelSpec
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.redaction import clean
from tools.models.live_list import LiveModel, Row, read_list


@dataclass(frozen=True)
class Change:
    """
    One field of a model that differs; ``None`` stands for "has none".

    ``params.seed`` alone is a whole parameter; ``id`` is a model that the live list has under an alias.
    """

    model: str
    field: str
    bundled: Any
    live: Any


@dataclass(frozen=True)
class Difference:
    """What separates the bundled catalogue from the live list, and in words what could not be compared."""

    added: tuple[LiveModel, ...]
    removed: tuple[str, ...]
    changed: tuple[Change, ...]
    unread: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def lines(self) -> Iterator[str]:
        """The difference for a person, a line for each."""
        for model in self.added:
            yield f"added      {model.id}: read its page and complete the entry"
        for change in self.changed:
            yield f"changed    {change.model} {change.field}: {change.bundled} -> {change.live}"
        for model_id in self.removed:
            yield f"not listed {model_id}: kept; remove it by hand if it is gone"
        for place in self.unread:
            yield f"not read   {place}"
        if not self:
            yield "The bundled catalogue agrees with the live list."


def compare(catalog: Catalog, document: object) -> Difference:
    """
    Compare a catalogue with the decoded answer, ``{"data": [...]}`` or a bare list.

    :raises ValueError: it is neither.
    """
    live, unread = read_list(document)
    pairs = [(spec, next(filter(live.get, (spec.id, *spec.aliases)), None)) for spec in catalog]
    return Difference(
        added=tuple(model for model in live.values() if model.id not in catalog),
        removed=tuple(spec.id for spec, listed in pairs if listed is None),
        changed=tuple(change for spec, listed in pairs if listed for change in _changes(spec, live[listed])),
        unread=tuple(unread),
    )


def _changes(spec: ModelSpec, live: LiveModel) -> Iterator[Change]:
    rule = spec.reference
    bundled: dict[str, Any] = {name: getattr(spec, name, None) for name in ("id", *live.facts)}
    bundled |= {"prompt.max_length": spec.prompt.max_length, "inputs": sorted(spec.inputs)}
    bundled["reference.kinds"] = sorted(rule.by_kind) if rule else []
    bundled["reference.max_files"] = rule.max_files if rule else None
    found = {"id": live.id, **live.facts}
    params = {} if live.params is None else {**live.params, **spec.param_by_key}
    for key in params:
        own, row = spec.param_by_key.get(key), (live.params or {}).get(key)
        known = None if own is None else {name: getattr(own, name) for name in Row.__annotations__}
        if known is None or row is None:
            bundled[f"params.{key}"], found[f"params.{key}"] = known, row
        else:
            known["options"] = list(known["options"])
            bundled |= {f"params.{key}.{name}": value for name, value in known.items()}
            found |= {f"params.{key}.{name}": value for name, value in row.items()}
    return (
        Change(spec.id, name, bundled[name], found[name]) for name in found if found[name] != bundled[name]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the difference. Exit code 1: there is one; 2: there is no list to compare with."""
    from airflow_provider_rivya.cli.connection import connect

    parser = argparse.ArgumentParser(prog="make models-diff")
    parser.add_argument(
        "--conn-id", default="rivya_default", help="its type decides the gateway (%(default)s)"
    )
    options = parser.parse_args(arguments)
    try:
        with connect(options.conn_id) as hook:
            # Only what the gateway sent: a field that it left out says nothing.
            live = [entry.model_dump(exclude_unset=True) for entry in hook.list_models()]
            difference = compare(load_catalog(hook.api.name), live)
    except GenerationError as error:
        print(error, file=sys.stderr)
        return 2
    for line in difference.lines():
        print(clean(line))
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())

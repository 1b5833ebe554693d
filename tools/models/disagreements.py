"""What a model's page says of disputed values and of what goes together."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from airflow_provider_rivya.catalog.conditions import REFERENCES, Condition, Dispute, Rule
from airflow_provider_rivya.catalog.model import ModelSpec
from tools.models.markdown import cell

_SHOWN = 6


def disputes(spec: ModelSpec) -> list[str]:
    """A section on what only some pages allow; empty where they agree."""
    points = [_point(f"prompt beyond {entry.above:,} characters", entry) for entry in spec.prompt.disputed]
    for param in spec.params:
        points += [_point(_subject(param.key, entry), entry) for entry in param.disputed]
        points += [
            f"- `{param.key}` {_codes(entry.values)} is refused here: {cell(entry.why)}. Use `{entry.use}`."
            for entry in param.refused
        ]
        if param.open:
            points.append(
                f"- `{param.key}`: a value beyond these is sent with a warning; {cell(param.open)}."
            )
    for kind in spec.reference.kinds if spec.reference else ():
        points += [_point(f"a reference in {_codes(entry.values)}", entry) for entry in kind.disputed]
    if not points:
        return []
    return [
        "## Where the pages differ",
        "What only some pages allow is sent with a warning.",
        "\n".join(points),
    ]


def _subject(key: str, entry: Dispute) -> str:
    if entry.above is not None:
        return f"`{key}` above {entry.above}"
    return f"`{key}` {_codes(entry.values)}" if entry.values else f"`{key}`"


def _codes(values: Iterable[object]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _point(subject: str, entry: Dispute) -> str:
    links = ", ".join(f"[{_name(page)}]({page})" for page in entry.pages)
    return f"- {subject[:1].upper()}{subject[1:]}: {cell(entry.why)} ({links})."


def _name(page: str) -> str:
    parts = urlsplit(page)
    tail = [part for part in parts.path.split("/") if part not in ("generation", "markdown", "")][-1]
    return f"{parts.hostname}: {tail}"


def rules(spec: ModelSpec) -> list[str]:
    """A section on what goes together; empty where there is nothing to say."""
    if not spec.rules:
        return []
    return ["## What goes together", "\n".join(_rule(rule) for rule in spec.rules)]


def _rule(rule: Rule) -> str:
    # That a value is one of many is no condition worth reading.
    conditions = [entry for entry in rule.when if len(entry.values) <= _SHOWN] or [*rule.when]
    when = " and ".join(_words(condition) for condition in conditions)
    then = f": {_words(rule.require)}" if rule.require is not None else ""
    why = f" ({cell(rule.why)})" if rule.why and then else f": {cell(rule.why)}" if rule.why else ""
    told = " A warning." if rule.level == "warning" else ""
    return f"- With {when}{then}{why}.{told}"


def _words(condition: Condition) -> str:
    if condition.subject == REFERENCES:
        return "reference files" if condition.given else "no reference files"
    if condition.given is not None:
        return f"`{condition.subject}`" if condition.given else f"no `{condition.subject}`"
    return f"`{condition.subject}` {_codes(condition.values)}"

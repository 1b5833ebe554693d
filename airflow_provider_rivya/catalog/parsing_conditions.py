"""Reads the catalogue's disputes, refusals, rules and dialects; as strict as the rest of it."""

from __future__ import annotations

from typing import cast, get_args

from airflow_provider_rivya.api.dialect import CHOICES, Dialect
from airflow_provider_rivya.catalog.conditions import (
    REFERENCES,
    Condition,
    Dispute,
    Level,
    Refusal,
    Rule,
    Scalar,
)
from airflow_provider_rivya.catalog.fields import NUMBER, Fields
from airflow_provider_rivya.catalog.spec import ModelSpec

_GIVEN = {"given": True, "absent": False}


def scalars(fields: Fields, key: str, kinds: tuple[type, ...] = (str, int, float)) -> tuple[Scalar, ...]:
    """Take a list of texts and numbers that may be left out."""
    values = fields.optional(key, list, [])
    if any(type(value) not in kinds for value in values):
        raise ValueError(f"{fields.where}.{key}: texts or numbers are needed, not {values!r}")
    return tuple(values)


def disputes(owner: Fields) -> tuple[Dispute, ...]:
    """Take the field ``disputed``."""
    found = []
    for entry in owner.optional("disputed", list, []):
        fields = Fields(entry, f"{owner.where}.disputed")
        why = fields.take("why", str)
        above = fields.optional("above", NUMBER)
        found.append(Dispute(why, scalars(fields, "values"), above, fields.texts("pages")))
        fields.end()
    return tuple(found)


def refusals(owner: Fields) -> tuple[Refusal, ...]:
    """Take the field ``refused``."""
    found = []
    for entry in owner.optional("refused", list, []):
        fields = Fields(entry, f"{owner.where}.refused")
        found.append(Refusal(scalars(fields, "values"), fields.take("why", str), fields.take("use", str)))
        fields.end()
    return tuple(found)


def rules(entries: list[object], where: str) -> tuple[Rule, ...]:
    """Read what goes together."""
    return tuple(_rule(entry, f"{where}[{number}]") for number, entry in enumerate(entries))


def _rule(data: object, where: str) -> Rule:
    fields = Fields(data, where)
    when = _conditions(fields.take("when", dict), f"{where}.when")
    require = _conditions(fields.optional("require", dict, {}), f"{where}.require")
    level = fields.optional("level", str, "fault")
    rule = Rule(when, require[0] if require else None, fields.take("why", str), cast(Level, level))
    fields.end()
    if not when or len(require) > 1 or level not in get_args(Level):
        raise ValueError(f"{where}: needed are conditions, at most one requirement, and a known level")
    return rule


def _conditions(data: dict[str, object], where: str) -> tuple[Condition, ...]:
    fields = Fields(data, where)
    found = []
    for subject in fields.names():
        if isinstance(data[subject], list):
            found.append(Condition(subject, scalars(fields, subject)))
        else:
            word = fields.take(subject, str)
            if word not in _GIVEN:
                raise ValueError(f"{where}.{subject}: a list, given or absent is needed, not {word!r}")
            found.append(Condition(subject, given=_GIVEN[word]))
    return tuple(found)


def check_subjects(spec: ModelSpec) -> None:
    """
    See that rules and prices speak of what the model has.

    :raises ValueError: one would never apply, because of a wrong name or value.
    """
    for rule in spec.rules:
        for condition in (*rule.when, *((rule.require,) if rule.require else ())):
            _check_values(spec, condition.subject, condition.values, f"{spec.id}.rules")
    if spec.price_by is not None:
        key, prices = spec.price_by
        _check_values(spec, key, tuple(value for value, _ in prices), f"{spec.id}.price_by")


def _check_values(spec: ModelSpec, subject: str, values: tuple[Scalar, ...], where: str) -> None:
    if subject == REFERENCES and not values:
        return
    param = spec.param_by_key.get(subject)
    if param is None:
        raise ValueError(f"{where}: unknown parameter {subject!r}")
    listed = param.options or param.choices
    if unknown := [value for value in values if listed and value not in listed]:
        raise ValueError(f"{where}: {subject} has unknown values {unknown!r}")


def dialect_of(data: object, model_id: str) -> Dialect:
    """Read how a model's requests are spelled."""
    fields = Fields(data, f"{model_id}.dialect")
    spelled = {name: fields.take(name, str) for name in CHOICES if fields.has(name)}
    inside = fields.texts("in_metadata", optional=True)
    fields.end()
    for name, value in spelled.items():
        if value not in CHOICES[name]:
            raise ValueError(f"{fields.where}.{name}: unknown value {value!r}")
    return Dialect(in_metadata=frozenset(inside), **spelled)

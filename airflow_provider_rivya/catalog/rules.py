"""Checks what goes together: values that are right by themselves and not side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_rivya.catalog.conditions import REFERENCES, Condition, Rule
from airflow_provider_rivya.catalog.findings import Findings, counted, listing, path_to, shown
from airflow_provider_rivya.catalog.model import ModelSpec
from airflow_provider_rivya.catalog.references import PATH

PARAMS = "model_params"


@dataclass(frozen=True)
class _Request:
    """
    A request as far as it is right.

    :param files: how many reference files there are; ``None`` when that is not known.
    :param unusable: parameters that are set to something wrong: no rule is applied to those.
    """

    spec: ModelSpec
    params: Mapping[str, Any]
    files: int | None
    unusable: frozenset[str]

    def value(self, key: str) -> Any:
        return self.params.get(key, self.spec.param_by_key[key].default)

    def known(self, condition: Condition) -> bool:
        if condition.subject == REFERENCES:
            return self.files is not None
        if condition.subject in self.unusable:
            return False
        return condition.given is not None or self.value(condition.subject) is not None

    def holds(self, condition: Condition) -> bool:
        if condition.given is None:
            return self.value(condition.subject) in condition.values
        given = self.files if condition.subject == REFERENCES else condition.subject in self.params
        return bool(given) == condition.given


def check_combinations(
    spec: ModelSpec,
    params: Mapping[str, Any],
    files: int | None,
    given: Mapping[str, Any],
    findings: Findings,
) -> None:
    """
    Note every rule of the model that the request breaks.

    :param params: those that are right, in the form of the wire.
    :param files: the number of reference files; ``None``: they were not looked at.
    :param given: the parameters as the author set them.
    """
    request = _Request(spec, params, files, frozenset(given) - frozenset(params))
    for rule in spec.rules:
        if all(request.known(condition) and request.holds(condition) for condition in rule.when):
            _apply(rule, request, findings)


def _apply(rule: Rule, request: _Request, findings: Findings) -> None:
    require = rule.require
    if require is None:
        _note(rule, rule.when[0], "", "", "", findings)
    elif request.known(require) and not request.holds(require):
        cause = rule.when[0]
        if require.subject == REFERENCES:
            _note(rule, cause, _about_files(cause, require, request), "", "", findings)
        else:
            others = _other_ways(require, request, cause)
            problem = _about_values(cause, require, request)
            _note(rule, require, problem, listing(map(str, require.values)), others, findings)


def _note(
    rule: Rule, where: Condition, problem: str, allowed: str, suggestion: str, findings: Findings
) -> None:
    path = PATH if where.subject == REFERENCES else path_to(PARAMS, where.subject)
    text = ": ".join(part for part in (problem, rule.why) if part)
    if rule.level == "fault":
        findings.fault(path, text, allowed, suggestion)
    else:
        findings.warn(path, f"{text}; documented: {allowed}" if allowed else text)


def _about_values(cause: Condition, require: Condition, request: _Request) -> str:
    why = (
        "reference files"
        if cause.subject == REFERENCES
        else f"{cause.subject} {shown(request.value(cause.subject))}"
    )
    if require.given is not None:
        return f"is {'needed' if require.given else 'not taken'} with {why}"
    value = request.value(require.subject)
    chosen = (
        shown(value) if require.subject in request.params else f"is not set, and its default {shown(value)}"
    )
    return f"{chosen} does not go with {why}"


def _about_files(cause: Condition, require: Condition, request: _Request) -> str:
    what = "" if cause.given else f"{shown(request.value(cause.subject))} "
    if require.given:
        return f"{what}needs reference files, and none is given"
    return f"{what}is for requests without reference files, and {counted(request.files or 0, 'file')} given"


def _other_ways(require: Condition, request: _Request, cause: Condition) -> str:
    """What the cause could be for the value at hand to be right, from all rules about the two."""
    param = request.spec.param_by_key.get(cause.subject)
    if param is None or require.given is not None:
        return ""
    value = request.value(require.subject)
    barred = {
        option
        for rule in request.spec.rules
        if rule.require is not None
        and rule.require.subject == require.subject
        and rule.when[0].subject == cause.subject
        and value not in rule.require.values
        for option in rule.when[0].values
    }
    disputed = {option for dispute in param.disputed for option in dispute.values}
    fitting = [option for option in param.options if option not in barred | disputed]
    return f"{cause.subject} {' or '.join(map(repr, fitting))}" if fitting else ""

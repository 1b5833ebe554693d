"""
Checks a request against the catalogue before anything is sent: every fault at once.

Pure: no I/O beyond reading the bundled catalogue, no exception for any input. The documentation's defaults
are never added to a request.

Where the public documentation of a model is complete, an unknown parameter is a fault. Where it is not
(``params_complete`` is false), an unknown parameter is handed on with a warning; but the name that *other*
models use for a parameter of this one is refused all the same, since sending both or neither of them is
never what was meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_rivya.catalog import names
from airflow_provider_rivya.catalog.findings import (
    Findings,
    keys_of,
    listing,
    path_to,
    shown,
    type_name,
    value_rule,
)
from airflow_provider_rivya.catalog.model import Catalog, ModelSpec
from airflow_provider_rivya.catalog.plain import (
    REFUSED,
    json_value,
    plain,
    sendable_text,
    text_mapping,
)
from airflow_provider_rivya.catalog.price import estimate_credits
from airflow_provider_rivya.catalog.references import ReferenceFacts, check_references
from airflow_provider_rivya.catalog.rules import PARAMS, check_combinations
from airflow_provider_rivya.catalog.values import wire_value
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError

__all__ = [
    "NormalisedRequest",
    "ReferenceFacts",
    "Verdict",
    "check_request",
    "estimate_credits",
    "require_valid",
]


@dataclass(frozen=True)
class NormalisedRequest:
    """
    The request as it goes on the wire.

    :param model: the catalogue's id of the model, also where the author wrote an alias.
    :param prompt: unchanged; ``None`` when absent (or blank where it is optional).
    :param params: in the author's order; keys that were ``None`` are left out, nothing is added.
    """

    model: str
    prompt: str | None
    params: dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """
    What the check found.

    :param faults: in the order model, prompt, parameters, references; empty when the request may be sent.
    :param warnings: what the documentation leaves open about this request.
    :param normalised: what to send; without the faulty parts, so of use only when there are no faults.
    :param spec: the model, when the catalogue knows it.
    """

    faults: tuple[Fault, ...]
    warnings: tuple[str, ...]
    normalised: NormalisedRequest
    spec: ModelSpec | None

    @property
    def ok(self) -> bool:
        """Whether the request may be sent."""
        return not self.faults


def check_request(
    source: Catalog | ModelSpec,
    *,
    model: object,
    prompt: object = None,
    model_params: object = None,
    references: Sequence[ReferenceFacts] | None = None,
    sent_as: str | None = None,
) -> Verdict:
    """
    Check a request.

    :param source: the catalogue, or the one model that ``model`` has to name.
    :param model: the model's id, exactly as the gateway (or one of its pages) spells it.
    :param prompt: a text or ``None``.
    :param model_params: a mapping or ``None``. A value of ``None`` means that the key is not set.
    :param references: what is known of the files; ``None`` when they were not looked at, which applies no
        rule about them.
    :param sent_as: the id that the request's dialect puts in place of the catalogue's; ``None`` if none.
    """
    findings = Findings()
    name = plain(model)
    spec = _find_model(source, name, findings)
    if spec is not None and name != spec.id and sent_as is None:
        _tell_of_alias(spec, name, findings)
    text = _check_prompt(spec, prompt, findings)
    params = _check_params(spec, model_params, None if references is None else len(references), findings)
    if spec is not None and references is not None:
        check_references(spec, references, findings)
    if spec is not None and not findings.fault_count:
        _note_gaps(spec, params, bool(references), findings)
    model_id = spec.id if spec is not None else name
    request = NormalisedRequest(model_id if type(model_id) is str else "", text, params)
    return Verdict(findings.faults, findings.warnings, request, spec)


def require_valid(
    source: Catalog | ModelSpec,
    *,
    model: object,
    prompt: object = None,
    model_params: object = None,
    references: Sequence[ReferenceFacts] | None = None,
    sent_as: str | None = None,
) -> Verdict:
    """
    Check a request as :func:`check_request` does, and return its verdict only if there is no fault.

    :raises InvalidRequestError: with every fault.
    """
    verdict = check_request(
        source,
        model=model,
        prompt=prompt,
        model_params=model_params,
        references=references,
        sent_as=sent_as,
    )
    if verdict.faults:
        raise InvalidRequestError(verdict.faults)
    return verdict


def _find_model(source: Catalog | ModelSpec, name: Any, findings: Findings) -> ModelSpec | None:
    if type(name) is not str:
        findings.fault("model", f"a model id is needed, not {type_name(name)}", "a text")
        return None
    if isinstance(source, ModelSpec):
        spec = source if name in (source.id, *source.aliases) else None
        if spec is None:
            findings.fault("model", f"{shown(name)} is not the model at hand", source.id, source.id)
    else:
        spec = source.get(name)
        if spec is None:
            nearest = " or ".join(source.nearest(name))
            allowed = "" if nearest else f"the {len(source)} models of the catalogue of {source.as_of}"
            findings.fault(
                "model",
                f"{source.title} has no model {shown(name)}",
                allowed,
                nearest,
            )
    if spec is not None and spec.api_status != "available":
        findings.fault("model", f"{spec.id} is not open through the API ({spec.api_status})")
    return spec


def _tell_of_alias(spec: ModelSpec, name: str, findings: Findings) -> None:
    why = f" ({spec.alias_note})" if spec.alias_note else ""
    findings.warn(
        "model", f"{name!r} is sent as {spec.id!r}{why}; dialect={{'model': {name!r}}} sends it as written"
    )


def _check_params(
    spec: ModelSpec | None, model_params: object, files: int | None, findings: Findings
) -> dict[str, Any]:
    entries = {} if model_params is None else text_mapping(model_params, PARAMS, findings)
    if entries is None:
        return {}
    if spec is not None:
        _check_presence(spec, entries, findings)
    params: dict[str, Any] = {}
    for key, value in entries.items():
        param = spec.param_by_key.get(key) if spec is not None else None
        if param is not None:
            wire = wire_value(param, value, path_to(PARAMS, key), findings)
        else:
            wire = _unlisted(spec, key, value, findings)
        if wire is not REFUSED:
            params[key] = wire
    if spec is not None:
        for param in spec.params:
            if param.type == "object" and param.key in params:
                before = findings.fault_count
                _check_nested(spec, path_to(PARAMS, param.key), params[param.key], findings)
                if findings.fault_count > before:
                    del params[param.key]
        check_combinations(spec, params, files, entries, findings)
    return params


def _check_nested(spec: ModelSpec, path: str, value: Mapping[str, Any], findings: Findings) -> None:
    """Refuse what has a place of its own: given twice, or here alone, it would escape every check."""
    for key in value:
        where = path_to(path, key)
        if key in spec.param_by_key:
            problem = f"is a parameter of {spec.id}: beside the others it is checked, and sent in its place"
            findings.fault(where, problem, "", path_to(PARAMS, key))
        elif argument := names.reserved(key, spec):
            findings.fault(where, f"is not a model parameter, use the argument {argument}")
        elif why := names.kept(key, spec):
            findings.fault(where, f"is not a model parameter: {why}")


def _check_presence(spec: ModelSpec, entries: Mapping[str, Any], findings: Findings) -> None:
    missing = [param for param in spec.required_params if param.key not in entries]
    for param in missing:
        note = "" if param.default is None else f" (its default {param.default!r} is not sent by itself)"
        findings.fault(
            path_to(PARAMS, param.key),
            f"is required by {spec.id}{note}",
            value_rule(param),
        )
    if spec.params_required and not entries and not missing:
        findings.fault(PARAMS, f"{spec.id} needs parameters and none is set", keys_of(spec))


def _unlisted(spec: ModelSpec | None, key: str, value: object, findings: Findings) -> Any:
    """Deal with a key that the model's table does not list."""
    path = path_to(PARAMS, key)
    if argument := names.reserved(key, spec):
        findings.fault(path, f"is not a model parameter, use the argument {argument}")
        return REFUSED
    if why := names.kept(key, spec):
        findings.fault(path, f"is not a model parameter: {why}")
        return REFUSED
    if spec is None:
        return json_value(value, path, findings)
    if findings.full:
        findings.fault(path, "is not a parameter")
        return REFUSED
    if alias := names.alias_for(key, value, spec):
        problem = f"is not a parameter of {spec.id}, which calls this {alias!r}"
        findings.fault(path, problem, keys_of(spec), alias)
        return REFUSED
    near = names.near_key(key, spec)
    if spec.params_complete:
        findings.fault(path, f"is not a parameter of {spec.id}", keys_of(spec), near)
        return REFUSED
    wire = json_value(value, path, findings)
    if wire is not REFUSED:
        hint = f"; did you mean {near}?" if near else ""
        findings.warn(
            path,
            f"is passed on although it is not listed: {spec.id} is not documented in full{hint}",
        )
    return wire


def _note_gaps(spec: ModelSpec, params: Mapping[str, Any], has_references: bool, findings: Findings) -> None:
    """Warn where a documented-as-valid request may still be refused by the gateway."""
    if spec.inputs == ("url",):
        absent = [param.key for param in spec.params if param.is_url and param.key not in params]
        if optional := [key for key in absent if not spec.param_by_key[key].required]:
            findings.warn(
                PARAMS,
                f"{listing(optional)} not set; {spec.id} has no other input, optional or not",
            )
    for key, value in params.items():
        if has_references and f"params.{key}.edit_range" in spec.unknown:
            findings.warn(
                path_to(PARAMS, key),
                "with a reference image an undocumented narrower range applies",
            )
        if type(value) is list and spec.prompt.max_length is not None:
            _check_joined_text(spec, key, value, spec.prompt.max_length, findings)


def _check_joined_text(spec: ModelSpec, key: str, items: list[Any], limit: int, findings: Findings) -> None:
    param = spec.param_by_key.get(key)
    if param is None or param.type != "array":
        return
    length = sum(len(item.get("text", "")) for item in items)
    if length > limit:
        findings.warn(
            path_to(PARAMS, key),
            f"the texts have {length:,} characters together, the prompt's limit is {limit:,}; "
            "the documentation leaves open whether it counts for them",
        )


def _check_prompt(spec: ModelSpec | None, prompt: object, findings: Findings) -> str | None:
    """
    Note what is wrong with the prompt.

    :return: the text as it goes on the wire; ``None`` where there is none.
    """
    text = plain(prompt)
    required = spec is not None and spec.prompt.required
    if text is None or (type(text) is str and not text.strip()):
        if required and spec is not None:
            state = "missing" if text is None else "blank"
            findings.fault("prompt", f"is {state}, {spec.id} needs one", "a text")
        return None
    if type(text) is not str:
        findings.fault("prompt", f"a text is needed, not {type_name(text)}", "a text")
        return None
    if sendable_text(text, "prompt", findings) and spec is not None:
        _check_length(spec, text, findings)
    return text


def _check_length(spec: ModelSpec, text: str, findings: Findings) -> None:
    length, limit = len(text), spec.prompt.max_length
    if limit is not None and length > limit:
        problem = f"has {length:,} characters, {length - limit:,} too many for {spec.id}"
        findings.fault("prompt", problem, f"at most {limit:,} characters")
        return
    if limit is not None and not text.isascii() and (units := len(text.encode("utf-16-le")) // 2) > limit:
        findings.warn(
            "prompt",
            f"has {length:,} characters but {units:,} UTF-16 units, and the limit is {limit:,}; "
            "the documentation leaves open which of the two is counted",
        )
    for dispute in spec.prompt.disputed:
        if dispute.concerns(length):
            findings.warn("prompt", f"has {length:,} characters, and {dispute.why}")

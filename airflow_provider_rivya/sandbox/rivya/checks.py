"""
Rivya's checks of a generation, written from its public documentation and the model data.

Independent of the client's validation on purpose: what one of the two misreads, the other shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_rivya.sandbox.assumptions.current import Assumptions
from airflow_provider_rivya.sandbox.drawing.encoding import NEEDS, can_play
from airflow_provider_rivya.sandbox.errors import ApiError
from airflow_provider_rivya.sandbox.models.catalog import catalog
from airflow_provider_rivya.sandbox.requests.values import CHECK_OF_TYPE, shown, unknown_item_fields
from airflow_provider_rivya.sandbox.rivya.references import Lookup, check_references
from airflow_provider_rivya.sandbox.state.store import Reference

BODY_FIELDS = frozenset({"model", "prompt", "params", "client_request_id"})
REFERENCES = "referenceMediaItems"


@dataclass(frozen=True)
class Accepted:
    """A generation that passed every check."""

    model: Mapping[str, Any]
    prompt: str
    params: dict[str, Any]
    references: tuple[Reference, ...]
    client_request_id: str | None


def check_generation(body: Mapping[str, Any], assumptions: Assumptions, lookup: Lookup) -> Accepted:
    """
    Check the body of ``POST /api/v1/generations``.

    :param lookup: looks a reference's URL up among the account's uploads.
    :raises ApiError: ``validation_failed``, its message naming every fault.
    """
    faults = _unknown_fields(body, assumptions)
    if "client_request_id" in body:
        faults += _client_request_id(body["client_request_id"], assumptions)
    model = _model(body.get("model"), faults)
    if model is None:
        faults += [
            f"{name}: {shown(body[name])} is not {wanted}"
            for name, kind, wanted in (("prompt", str, "a string"), ("params", dict, "an object"))
            if name in body and not isinstance(body[name], kind)
        ]
        raise ApiError("validation_failed", "; ".join(faults))
    faults += _prompt(body.get("prompt"), "prompt" in body, model)
    params = body.get("params", {})
    references: tuple[Reference, ...] = ()
    if not isinstance(params, dict):
        faults.append(f"params: {shown(params)} is not an object")
        params = {}
    else:
        faults += _params({k: v for k, v in params.items() if k != REFERENCES}, model, assumptions)
        if REFERENCES in params:
            references = check_references(params[REFERENCES], model, assumptions, lookup, faults)
        if model["api_input_status"] == "requires_files_api" and not params.get(REFERENCES):
            faults.append(f"params.{REFERENCES}: {model['id']} works on uploaded files, none is given")
    if model["category"] != "image" and not can_play():
        faults.append(f"model: {model['id']} makes {model['category']}, {NEEDS}")
    if faults:
        raise ApiError("validation_failed", "; ".join(faults))
    known = {param["key"] for param in model["params"]}
    if assumptions.text("unknown_params") == "drop":
        params = {key: value for key, value in params.items() if key in known or key == REFERENCES}
    prompt = body.get("prompt", "")
    if not prompt.strip():
        prompt = _prompt_of_lines(params, model)
    return Accepted(model, prompt, params, references, body.get("client_request_id"))


def _unknown_fields(body: Mapping[str, Any], assumptions: Assumptions) -> list[str]:
    unknown = [name for name in body if name not in BODY_FIELDS]
    faults = [f"files: not accepted; use params.{REFERENCES}"] if "files" in unknown else []
    if assumptions.text("unknown_params") == "refuse":
        faults += [f"{name}: unknown field" for name in unknown if name != "files"]
    return faults


def _client_request_id(value: object, assumptions: Assumptions) -> list[str]:
    if not isinstance(value, str):
        return [f"client_request_id: {shown(value)} is not a string"]
    limit = assumptions.limit("client_request_id_max_length")
    if limit is not None and len(value) > limit:
        return [f"client_request_id: {len(value)} characters, at most {limit:g} are allowed"]
    return []


def _model(value: object, faults: list[str]) -> Mapping[str, Any] | None:
    if value is None:
        faults.append("model: required")
    elif not isinstance(value, str):
        faults.append(f"model: {shown(value)} is not a string")
    elif (model := catalog().models.get(value)) is None:
        faults.append(f"model: {shown(value)} is not a known model")
    elif model["api_status"] != "available":
        faults.append(f"model: {value} is not available through the API ({model['api_status']})")
    else:
        return model
    return None


def _prompt(value: object, present: bool, model: Mapping[str, Any]) -> list[str]:
    if not present:
        return [f"prompt: required by {model['id']}"] if model["prompt"]["required"] else []
    if not isinstance(value, str):
        return [f"prompt: {shown(value)} is not a string"]
    if not value.strip() and model["prompt"]["required"]:
        return [f"prompt: empty, but required by {model['id']}"]
    limit = model["prompt"].get("max_length")
    if limit is not None and len(value) > limit:
        return [f"prompt: {len(value)} characters, {model['id']} takes at most {limit}"]
    return []


def _prompt_of_lines(params: Mapping[str, Any], model: Mapping[str, Any]) -> str:
    """Make the task's prompt from lines of speech (https://rivya.ai/docs/api/models)."""
    arrays = [rule["key"] for rule in model["params"] if rule["type"] == "array"]
    lines = [line for key in arrays for line in params.get(key, ())]
    return "\n".join(": ".join(str(part) for part in line.values()) for line in lines)


def _params(params: Mapping[str, Any], model: Mapping[str, Any], assumptions: Assumptions) -> list[str]:
    rules = {rule["key"]: rule for rule in model["params"]}
    faults = [
        f"params.{key}: required" for key, rule in rules.items() if rule.get("required") and key not in params
    ]
    for key, value in params.items():
        rule = rules.get(key)
        if rule is not None:
            if problem := CHECK_OF_TYPE[rule["type"]](value, rule):
                faults.append(f"params.{key}: {problem}")
            elif rule["type"] == "array" and assumptions.text("unknown_params") == "refuse":
                faults += [f"params.{key}{problem}" for problem in unknown_item_fields(value, rule)]
        elif model["params_complete"] and assumptions.text("unknown_params") == "refuse":
            allowed = ", ".join(rules) or "none"
            faults.append(f"params.{key}: unknown parameter of {model['id']}; it takes: {allowed}")
    return faults

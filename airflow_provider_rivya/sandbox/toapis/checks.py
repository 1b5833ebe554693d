"""
ToAPIs' checks of a create call, written from its public documentation and the model data.

Independent of the client's validation on purpose: what one of the two misreads, the other shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_rivya.sandbox.assumptions.current import Assumptions
from airflow_provider_rivya.sandbox.drawing.encoding import NEEDS, can_play
from airflow_provider_rivya.sandbox.requests.values import shown
from airflow_provider_rivya.sandbox.state.store import Reference
from airflow_provider_rivya.sandbox.toapis.errors import ToApisError
from airflow_provider_rivya.sandbox.toapis.models import find_model
from airflow_provider_rivya.sandbox.toapis.references import (
    FIELDS,
    Fault,
    FindUpload,
    check_references,
    taken,
)
from airflow_provider_rivya.sandbox.toapis.rules import broken_rules, longest_prompt, problem_of

OF_EVERY_MODEL = frozenset(
    {"model", "prompt", "metadata", "n", "client_business_id", "callback_url", "trace_id"}
)
RESOLUTION = "resolution"
BUSINESS_ID = "client_business_id"


@dataclass(frozen=True)
class Accepted:
    """
    A task that passed every check.

    :param model_name: the model's id as it was sent.
    :param params: the model's parameters by their keys, wherever in the body they were.
    """

    model: Mapping[str, Any]
    model_name: str
    prompt: str
    params: dict[str, Any]
    references: tuple[Reference, ...]
    client_business_id: str | None

    @property
    def results(self) -> int:
        """How many results were asked for."""
        return int(self.params.get("n", 1)) if self.model["category"] == "image" else 1


def check_task(
    body: Mapping[str, Any], category: str, assumptions: Assumptions, find_upload: FindUpload
) -> Accepted:
    """
    Check the body of ``POST /v1/images/generations`` or ``POST /v1/videos/generations``.

    :param category: ``image`` or ``video``, by the endpoint.
    :param find_upload: looks a reference's URL up among the account's uploads.
    :raises ToApisError: with a message that names every fault.
    """
    faults: list[Fault] = []
    metadata = body.get("metadata", {})
    if not isinstance(metadata, dict):
        faults.append(Fault(f"metadata: {shown(metadata)} is not an object"))
        metadata = {}
    business_id = _business_id(body, metadata, assumptions, faults)
    model = _model(body.get("model"), category, assumptions, faults)
    if model is None:
        raise _refusal(faults)
    _prompt(body.get("prompt"), model, assumptions, faults)
    params = _placed(body, metadata, model, assumptions, faults)
    _count(params, model, assumptions, faults)
    _params(params, model, assumptions, faults)
    if not faults:
        faults += [Fault(text) for text in broken_rules(params, model, _has_references(body, assumptions))]
    references = check_references(body, model, assumptions, find_upload, faults)
    if category == "video" and not can_play():
        faults.append(Fault(f"model: {model['id']} makes video, {NEEDS}"))
    if faults:
        raise _refusal(faults)
    return Accepted(model, str(body["model"]), body["prompt"], params, references, business_id)


def _refusal(faults: list[Fault]) -> ToApisError:
    kinds = {(fault.name, fault.status) for fault in faults}
    name, status = kinds.pop() if len(kinds) == 1 else ("invalid_request", None)
    return ToApisError(name, "; ".join(fault.text for fault in faults), status=status)


def _model(
    value: object, category: str, assumptions: Assumptions, faults: list[Fault]
) -> Mapping[str, Any] | None:
    if value is None:
        faults.append(Fault("model: required"))
    elif not isinstance(value, str):
        faults.append(Fault(f"model: {shown(value)} is not a string"))
    elif (model := find_model(value, assumptions)) is None:
        status = assumptions.count("toapis_unknown_model_status")
        faults.append(Fault(f"model: {shown(value)} is not a model that this key may use", status=status))
    elif model["category"] != category:
        faults.append(Fault(f"model: {value} makes {model['category']}, not {category}"))
    else:
        return model
    return None


def _prompt(value: object, model: Mapping[str, Any], assumptions: Assumptions, faults: list[Fault]) -> None:
    limit = longest_prompt(model, assumptions)
    if value is None:
        faults.append(Fault("prompt: required"))
    elif not isinstance(value, str):
        faults.append(Fault(f"prompt: {shown(value)} is not a string"))
    elif not value.strip():
        faults.append(Fault("prompt: empty"))
    elif limit is not None and len(value) > limit:
        faults.append(Fault(f"prompt: {len(value)} characters, {model['id']} takes at most {limit}"))


def _business_id(
    body: Mapping[str, Any], metadata: Mapping[str, Any], assumptions: Assumptions, faults: list[Fault]
) -> str | None:
    value = body.get(BUSINESS_ID, metadata.get(BUSINESS_ID))
    if value is None:
        return None
    limit = assumptions.limit("toapis_client_business_id_max_length")
    if not isinstance(value, str) or not value.strip():
        faults.append(Fault(f"{BUSINESS_ID}: {shown(value)} is not a text"))
        return None
    if limit is not None and len(value) > limit:
        faults.append(Fault(f"{BUSINESS_ID}: {len(value)} characters, at most {limit:g} are allowed"))
    return value


def _placed(
    body: Mapping[str, Any],
    metadata: Mapping[str, Any],
    model: Mapping[str, Any],
    assumptions: Assumptions,
    faults: list[Fault],
) -> dict[str, Any]:
    """Gather the model's parameters from the top of the body and from ``metadata``."""
    keys = {rule["key"] for rule in model["params"]} - {"metadata"}
    inner = frozenset((model.get("dialect") or {}).get("in_metadata", ()))
    places: dict[str, tuple[str, ...]] = {key: ("metadata",) if key in inner else ("top",) for key in keys}
    if RESOLUTION in keys:
        wanted = assumptions.text("toapis_resolution_place")
        places[RESOLUTION] = ("top", "metadata") if wanted == "any" else (wanted,)
    params: dict[str, Any] = {}
    for place, given in (("top", body), ("metadata", metadata)):
        for key, value in given.items():
            label = key if place == "top" else f"metadata.{key}"
            if place in places.get(key, ()):
                differs = key in params and params[key] != value
                params[key] = _decided(params[key], value, assumptions, faults) if differs else value
            elif not _known(key, place, keys, model, assumptions):
                if assumptions.text("toapis_unknown_fields") == "refuse":
                    hint = f", send it {_where(places[key])}" if key in places else ""
                    faults.append(Fault(f"{label}: no field of {model['id']}{hint}"))
            elif key == "n" and place == "top":
                params[key] = value
    return params


def _known(key: str, place: str, keys: set[str], model: Mapping[str, Any], assumptions: Assumptions) -> bool:
    if key == BUSINESS_ID:
        return True
    if place == "top" and (key in OF_EVERY_MODEL or (key in FIELDS and taken(key, assumptions))):
        return True
    # metadata may hold options that no page lists in full, and so may a body whose page was not seen in full.
    # A parameter in the wrong place and a reference field that is not taken are neither.
    open_ended = place == "metadata" or not model["params_complete"]
    return open_ended and key not in keys and key not in FIELDS


def _where(places: tuple[str, ...]) -> str:
    return "in metadata" if places == ("metadata",) else "at the top of the body"


def _has_references(body: Mapping[str, Any], assumptions: Assumptions) -> bool:
    return any(body.get(name) for name in FIELDS if taken(name, assumptions))


def _decided(top: object, inner: object, assumptions: Assumptions, faults: list[Fault]) -> object:
    wanted = assumptions.text("toapis_resolution_conflict")
    if wanted == "refuse":
        faults.append(Fault(f"resolution: {shown(top)}, but metadata.resolution: {shown(inner)}"))
    return top if wanted == "top" else inner


def _count(
    params: dict[str, Any], model: Mapping[str, Any], assumptions: Assumptions, faults: list[Fault]
) -> None:
    """``n`` has to be a JSON number, whatever the model's page says of its range."""
    value = params.pop("n", None)
    if value is None:
        return
    limited = any(rule["key"] == "n" and ("max" in rule or "choices" in rule) for rule in model["params"])
    most = None if limited else assumptions.limit("toapis_undocumented_n_max")
    if isinstance(value, str):
        status = assumptions.count("toapis_quoted_n_status")
        faults.append(Fault(f"n: {shown(value)} is a string, send a number", status=status))
    elif not isinstance(value, int | float) or isinstance(value, bool) or value % 1 or value < 1:
        faults.append(Fault(f"n: {shown(value)} is not a whole number from 1"))
    elif most is not None and value > most:
        faults.append(Fault(f"n: {shown(value)} is more than {most:g}"))
    else:
        params["n"] = int(value)


def _params(
    params: Mapping[str, Any], model: Mapping[str, Any], assumptions: Assumptions, faults: list[Fault]
) -> None:
    for rule in model["params"]:
        key = rule["key"]
        if key in params:
            if problem := problem_of(params[key], rule, assumptions):
                faults.append(Fault(f"{key}: {problem}"))
        elif rule.get("required"):
            faults.append(Fault(f"{key}: required"))

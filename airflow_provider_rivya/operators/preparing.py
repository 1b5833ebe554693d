"""All that can be wrong with a task is found here, at once, before the gateway is touched."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.generation.request import GenerationRequest

if TYPE_CHECKING:
    from airflow_provider_rivya.media.store import IfExists, OutputPlace
    from airflow_provider_rivya.operators.references import Reference

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """
    A task that can be submitted.

    :param request: validated, as it goes on the wire.
    :param references: opened and looked at, in order; not uploaded yet.
    :param place: where outputs go; ``None`` hands on the URLs alone.
    """

    request: GenerationRequest
    references: Sequence[Reference]
    place: OutputPlace | None


def prepare(
    *,
    gateway: str,
    model: Any,
    prompt: Any,
    model_params: Any,
    references: Sequence[Reference | Fault],
    client_request_id: Any,
    output_path: str | None,
    output_conn_id: str | None,
    if_exists: IfExists,
    mapped: bool,
    subject: str,
) -> Prepared:
    """
    Check everything and return it in the form of the wire.

    :param references: what :func:`~airflow_provider_rivya.operators.references.read_references` made of
        the argument.
    :param mapped: whether the task is one of a mapped group, whose outputs must not share a name.
    :param subject: what the error message begins with.
    :raises InvalidRequestError: with every fault found.
    """
    from airflow_provider_rivya.catalog.spec import load_catalog
    from airflow_provider_rivya.catalog.validation import check_request

    faults: list[Fault] = [reference for reference in references if isinstance(reference, Fault)]
    usable = [reference for reference in references if not isinstance(reference, Fault)]
    params = _params(model_params, faults)
    verdict = check_request(
        load_catalog(gateway),
        model=model,
        prompt=prompt,
        model_params=params,
        references=[reference.facts for reference in usable],
    )
    faults.extend(verdict.faults)
    faults.extend(_trace_id_faults(client_request_id))
    outputs = verdict.normalised.params.get("max_images", 1)
    place = _place(output_path, output_conn_id, faults)
    if place is not None:
        faults.extend(_place_faults(place, if_exists, mapped, outputs if isinstance(outputs, int) else 1))
    if faults:
        raise InvalidRequestError(faults, subject=subject)
    for warning in verdict.warnings:
        log.warning("%s", warning)
    return Prepared(
        request=GenerationRequest(
            gateway=gateway,
            model=verdict.normalised.model,
            prompt=verdict.normalised.prompt,
            params=verdict.normalised.params,
            reference_digests=tuple(reference.sha256 for reference in usable),
        ),
        references=usable,
        place=place,
    )


def _params(value: Any, faults: list[Fault]) -> Any:
    """Read parameters that came as text: from a ``.json`` template file, or rendered by Jinja."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return json.loads(value)
    except ValueError as error:
        faults.append(
            Fault(
                "model_params",
                f"a text that is not JSON ({error})",
                "a dict, or a text or .json file with a JSON object",
            )
        )
        return None


def _trace_id_faults(value: Any) -> list[Fault]:
    """The limit of 128 is stated for uploads only (https://rivya.ai/docs/api-files); taken for both."""
    if value is None or (isinstance(value, str) and len(value) <= 128):
        return []
    problem = f"{len(value)} characters" if isinstance(value, str) else f"a {type(value).__name__}"
    return [Fault("client_request_id", problem, "a text of up to 128 characters")]


def _place(output_path: Any, output_conn_id: str | None, faults: list[Fault]) -> OutputPlace | None:
    from airflow_provider_rivya.media.store import OutputPlace

    if output_path is None:
        return None
    place = OutputPlace(output_path, output_conn_id)
    found = place.faults()
    faults.extend(found)
    return None if found else place


def _place_faults(place: OutputPlace, if_exists: IfExists, mapped: bool, outputs: int) -> list[Fault]:
    from airflow_provider_rivya.media.naming import check_fixed_name

    name_fault = check_fixed_name(place.fixed_name, outputs, mapped)
    found = [fault for fault in (name_fault, place.probe()) if fault is not None]
    return found

"""All that can be wrong with a task is found here, at once, before the gateway is touched."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.operators.machines import warn_of_outputs
from airflow_provider_rivya.request.budget import NO_BUDGET, Budget, price_faults
from airflow_provider_rivya.request.request import GenerationRequest
from airflow_provider_rivya.storage.place import checked_place

if TYPE_CHECKING:
    from airflow_provider_rivya.api.dialect import Dialect
    from airflow_provider_rivya.catalog.lenient import Validation
    from airflow_provider_rivya.catalog.spec import ModelSpec
    from airflow_provider_rivya.catalog.validation import NormalisedRequest
    from airflow_provider_rivya.request.references import Reference
    from airflow_provider_rivya.storage.place import OutputPlace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """
    A task that can be submitted.

    :param request: validated, as it goes on the wire.
    :param references: opened and looked at, in order; not uploaded yet.
    :param place: where outputs go; ``None`` hands on the URLs alone.
    :param spec: what the catalogue knows of the model, if anything.
    :param dialect: how the request is spelled, at gateways that need it.
    """

    request: GenerationRequest
    references: Sequence[Reference]
    place: OutputPlace | None
    spec: ModelSpec | None = None
    dialect: Dialect | None = None


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
    mapped: bool,
    subject: str,
    validation: Validation = "strict",
    budget: Budget = NO_BUDGET,
    executor: str | None = None,
    advise_conversion: bool = False,
    dialect: Any = None,
    takes_trace_id: bool = True,
) -> Prepared:
    """
    Check everything and return it in the form of the wire.

    :param references: what :func:`~airflow_provider_rivya.request.references.read_references` made of
        the argument. Whatever else is known to be wrong may stand among them.
    :param mapped: whether the task is one of a mapped group, whose outputs must not share a name.
    :param subject: what the error message begins with.
    :param validation: ``warn`` logs what the catalogue would refuse and sends it all the same, ``off``
        does not ask it; files and the output place are checked in any case.
    :param budget: what the task may cost.
    :param executor: that the task asks for; the deployment's own, if none.
    :param advise_conversion: say of images that the model does not take how to have them converted.
    :param dialect: fields of :class:`~airflow_provider_rivya.api.dialect.Dialect` that are to differ from the
        catalogue's.
    :param takes_trace_id: whether the gateway has a field for ``client_request_id``.
    :raises InvalidRequestError: with every fault found.
    """
    from airflow_provider_rivya.catalog.price import image_count
    from airflow_provider_rivya.request.convert import with_advice
    from airflow_provider_rivya.request.dialect import spelled

    faults: list[Fault] = [reference for reference in references if isinstance(reference, Fault)]
    usable = [reference for reference in references if not isinstance(reference, Fault)]
    params = _params(model_params, faults)
    forced = dialect.get("model") if isinstance(dialect, Mapping) else None
    request, spec = _checked(gateway, model, prompt, params, usable, validation, faults, sent_as=forced)
    spelling = spelled(dialect, spec.dialect if spec else None, faults)
    faults.extend(_trace_id_faults(client_request_id, takes_trace_id))
    faults.extend(price_faults(spec, budget, request.params))
    place = checked_place(
        output_path, output_conn_id, faults, mapped=mapped, outputs=image_count(request.params)
    )
    if faults:
        told = with_advice(faults, usable, spec) if advise_conversion else faults
        raise InvalidRequestError(told, subject=subject)
    if place is not None:
        warn_of_outputs(place, executor)
    return Prepared(
        request=GenerationRequest(
            gateway=gateway,
            model=request.model,
            prompt=request.prompt,
            params=request.params,
            reference_digests=tuple(reference.sha256 for reference in usable),
            category=(spelling and spelling.endpoint) or (spec.category if spec else "image"),
        ),
        references=usable,
        place=place,
        spec=spec,
        dialect=spelling,
    )


def _checked(
    gateway: str,
    model: Any,
    prompt: Any,
    params: Any,
    references: Sequence[Reference],
    validation: Validation,
    faults: list[Fault],
    *,
    sent_as: str | None,
) -> tuple[NormalisedRequest, ModelSpec | None]:
    """Ask the catalogue as far as ``validation`` says; log its warnings."""
    from airflow_provider_rivya.catalog.lenient import as_far_as_known, as_given
    from airflow_provider_rivya.catalog.spec import load_catalog
    from airflow_provider_rivya.catalog.validation import check_request

    catalog = load_catalog(gateway)
    given = as_given(model, prompt, params)
    if validation == "off":
        faults.extend(given.faults)
        return given.normalised, catalog.get(given.normalised.model)
    facts = [reference.facts for reference in references]
    verdict = check_request(
        catalog, model=model, prompt=prompt, model_params=params, references=facts, sent_as=sent_as
    )
    for warning in verdict.warnings:
        log.warning("%s", warning)
    if validation == "strict":
        faults.extend(verdict.faults)
        return verdict.normalised, verdict.spec
    faults.extend(given.faults)
    for fault in verdict.faults:
        log.warning("%s (sent all the same: validation='warn')", fault)
    return as_far_as_known(verdict, given), verdict.spec


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


def _trace_id_faults(value: Any, taken: bool) -> list[Fault]:
    """The limit of 128 is stated for uploads only (https://rivya.ai/docs/api-files); taken for both."""
    if value is not None and not taken:
        return [Fault("client_request_id", "this gateway has no field for it", "leave it out")]
    if value is None or (isinstance(value, str) and len(value) <= 128):
        return []
    problem = f"{len(value)} characters" if isinstance(value, str) else f"a {type(value).__name__}"
    return [Fault("client_request_id", problem, "a text of up to 128 characters")]

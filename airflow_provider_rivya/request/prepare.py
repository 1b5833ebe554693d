"""Finds all that is wrong with a request, its files and its output place, before the gateway is touched."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.exceptions import Fault, GenerationError, InvalidRequestError
from airflow_provider_rivya.media.verify import verify_faults
from airflow_provider_rivya.request.budget import NO_BUDGET, Budget, price_faults
from airflow_provider_rivya.request.file_format import name_warning
from airflow_provider_rivya.request.request import GenerationRequest
from airflow_provider_rivya.request.texts import faults_of, sendable
from airflow_provider_rivya.storage.checked import checked_place

if TYPE_CHECKING:
    from airflow_provider_rivya.api.dialect import Dialect
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.catalog.check import NormalisedRequest
    from airflow_provider_rivya.catalog.lenient import Validation
    from airflow_provider_rivya.catalog.model import ModelSpec
    from airflow_provider_rivya.catalog.references import ReferenceFacts
    from airflow_provider_rivya.media.verify import Verify
    from airflow_provider_rivya.request.references import Reference
    from airflow_provider_rivya.stop import Stop
    from airflow_provider_rivya.storage.place import IfExists, OutputPlace

log = logging.getLogger(__name__)


def _warn(text: str) -> None:
    log.warning("%s", text)


@dataclass(frozen=True, slots=True)
class RequestArguments:
    """
    What somebody asks for, as it was given: nothing of it is checked yet.

    :param model: model id.
    :param prompt: text.
    :param model_params: a mapping, or a text with a JSON object.
    :param reference_media: what :func:`~airflow_provider_rivya.request.references.read_references` takes.
    :param require_references: refuse an empty reference, and a request without any.
    :param client_request_id: the user's own trace id.
    :param output_path: where outputs go; ``None`` hands on the URLs alone.
    :param output_conn_id: the Airflow connection for it.
    :param if_exists: what happens to a file of the final name.
    :param mapped: whether there are sisters whose outputs must not share a name.
    :param validation: ``warn`` logs what the catalogue would refuse and sends it all the same, ``off``
        does not ask it; files and the output place are checked in any case.
    :param budget: what it may cost.
    :param convert_reference_images: convert images that the model does not take.
    :param verify: how results are checked; ``decode`` needs libraries.
    :param dialect: fields of :class:`~airflow_provider_rivya.api.dialect.Dialect` that are to differ from the
        catalogue's.
    :param subject: what an error message begins with.
    """

    model: Any
    prompt: Any = None
    model_params: Any = None
    reference_media: Any = None
    client_request_id: Any = None
    output_path: Any = None
    output_conn_id: Any = None
    if_exists: IfExists = "overwrite"
    mapped: bool = False
    validation: Validation = "strict"
    budget: Budget = NO_BUDGET
    convert_reference_images: bool = False
    verify: Verify = "structure"
    require_references: bool = False
    dialect: Any = None
    subject: str = "The request"


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
    client_request_id: str | None = None
    if_exists: IfExists = "overwrite"
    budget: Budget = NO_BUDGET


def prepare_request(
    arguments: RequestArguments,
    client: GatewayClient,
    folder: str,
    faults: Sequence[Fault] = (),
    stop: Stop | None = None,
) -> Prepared:
    """
    Check everything and return it in the form of the wire.

    :param client: fetches references that are URLs, under its connection's rules.
    :param folder: for files that are fetched or converted.
    :param faults: what is known to be wrong already.
    :param stop: set when the task is asked to stop: then no file is read to its end.
    :raises InvalidRequestError: with every fault found.
    """
    from airflow_provider_rivya.request.convert import convert_references
    from airflow_provider_rivya.request.places import ReferencePlaces
    from airflow_provider_rivya.request.references import read_references

    own_key = client.settings.api_key
    arguments, unsendable = sendable(arguments, own_key)
    try:
        references = read_references(
            arguments.reference_media,
            open_url=client.downloader().open,
            folder=lambda: folder,
            conn_id=client.conn_id,
            places=ReferencePlaces.of(client.settings),
            required=arguments.require_references,
            stop=stop,
        )
    except GenerationError:
        # A retry may read them; it would not mend what else is wrong.
        wrong = [*faults, *unsendable]
        try:
            prepare(arguments, None, gateway=client.api.name, own_key=own_key)
        except InvalidRequestError as error:
            wrong += error.faults
        if wrong:
            raise InvalidRequestError(wrong, subject=arguments.subject) from None
        raise
    if arguments.convert_reference_images:
        references = convert_references(
            references, gateway=client.api.name, model=arguments.model, folder=folder
        )
    return prepare(
        arguments,
        [*faults, *unsendable, *references],
        gateway=client.api.name,
        own_key=own_key,
    )


def prepare(
    arguments: RequestArguments,
    references: Sequence[Reference | Fault] | None,
    *,
    gateway: str,
    own_key: str = "",
    warn: Callable[[str], None] = _warn,
) -> Prepared:
    """
    Check everything and return it in the form of the wire.

    :param references: what :func:`~airflow_provider_rivya.request.references.read_references` made of
        the argument. Whatever else is known to be wrong may stand among them. ``None``: they are looked at
        later, so that no rule about them applies.
    :param own_key: of the connection, if it is known: it must stand nowhere in the request.
    :param warn: is told what the documentation leaves open; the log, if not given.
    :raises InvalidRequestError: with every fault found.
    """
    from airflow_provider_rivya.catalog.price import most_outputs, output_count
    from airflow_provider_rivya.request.convert import with_advice
    from airflow_provider_rivya.request.dialect import spelled

    arguments, unsendable = sendable(arguments, own_key)
    given = arguments.dialect
    faults: list[Fault] = [reference for reference in references or () if isinstance(reference, Fault)]
    faults += unsendable
    usable = [reference for reference in references or () if not isinstance(reference, Fault)]
    params = _params(arguments.model_params, faults)
    if params is not arguments.model_params:
        faults.extend(faults_of(params, "model_params", own_key))
    forced = given.get("model") if isinstance(given, Mapping) else None
    request, spec = _checked(
        gateway,
        arguments.model,
        arguments.prompt,
        params,
        None if references is None else [reference.facts for reference in usable],
        arguments.validation,
        faults,
        warn,
        sent_as=forced,
    )
    dialect = spelled(given, spec.dialect if spec else None, faults)
    faults.extend(_trace_id_faults(arguments.client_request_id))
    faults.extend(verify_faults(arguments.verify))
    faults.extend(price_faults(spec, arguments.budget, request.params))
    place = checked_place(
        arguments.output_path,
        arguments.output_conn_id,
        faults,
        mapped=arguments.mapped,
        outputs=output_count(request.params),
    )
    name = None if place is None else place.fixed_name
    if name is not None and (said := name_warning(name, request.params, spec)):
        log.warning("%s", said)
    if faults:
        told = faults if arguments.convert_reference_images else with_advice(faults, usable, spec)
        raise InvalidRequestError(told, subject=arguments.subject)
    return Prepared(
        request=GenerationRequest(
            gateway=gateway,
            model=request.model,
            prompt=request.prompt,
            params=request.params,
            reference_digests=tuple(reference.sha256 for reference in usable),
            category=(dialect and dialect.endpoint) or (spec.category if spec else "image"),
            outputs=most_outputs(spec, request.params),
        ),
        references=usable,
        place=place,
        spec=spec,
        dialect=dialect,
        client_request_id=arguments.client_request_id,
        if_exists=arguments.if_exists,
        budget=arguments.budget,
    )


def _checked(
    gateway: str,
    model: Any,
    prompt: Any,
    params: Any,
    references: Sequence[ReferenceFacts] | None,
    validation: Validation,
    faults: list[Fault],
    warn: Callable[[str], None],
    *,
    sent_as: str | None,
) -> tuple[NormalisedRequest, ModelSpec | None]:
    """Ask the catalogue as far as ``validation`` says; tell its warnings."""
    from airflow_provider_rivya.catalog.bundled import load_catalog
    from airflow_provider_rivya.catalog.check import check_request
    from airflow_provider_rivya.catalog.lenient import as_far_as_known, as_given

    catalog = load_catalog(gateway)
    if validation == "off":
        given = as_given(model, prompt, params)
        faults.extend(given.faults)
        return given.normalised, catalog.get(given.normalised.model)
    verdict = check_request(
        catalog, model=model, prompt=prompt, model_params=params, references=references, sent_as=sent_as
    )
    for warning in verdict.warnings:
        warn(warning)
    if validation == "strict":
        faults.extend(verdict.faults)
        return verdict.normalised, verdict.spec
    given = as_given(model, prompt, params)
    faults.extend(given.faults)
    for fault in verdict.faults:
        warn(f"{fault} (sent all the same: validation='warn')")
    return as_far_as_known(verdict, given), verdict.spec


def _params(value: Any, faults: list[Fault]) -> Any:
    """Read parameters that came as text: from a ``.json`` template file, or rendered by Jinja."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return json.loads(value)
    except RecursionError:
        problem = "it is nested too deeply"
    except ValueError as error:
        problem = f"a text that is not JSON ({error})"
    faults.append(Fault("model_params", problem, "a dict, or a text or .json file with a JSON object"))
    return None


def _trace_id_faults(value: Any) -> list[Fault]:
    """The limit of 128 is stated for uploads only (https://rivya.ai/docs/api-files); taken for both."""
    if value is None or (isinstance(value, str) and len(value) <= 128):
        return []
    problem = f"{len(value)} characters" if isinstance(value, str) else f"a {type(value).__name__}"
    return [Fault("client_request_id", problem, "a text of up to 128 characters")]

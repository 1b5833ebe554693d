"""The part of an operator that makes its request: from its rendered fields to the body that is sent."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.request.budget import Budget, check_balance

if TYPE_CHECKING:
    from airflow_provider_rivya.catalog.lenient import Validation
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.request.prepare import Prepared

log = logging.getLogger(__name__)


class MakesRequest:
    """Goes before an operator's base, which has these fields."""

    model: str
    prompt: str | None
    model_params: Mapping[str, Any] | str | None
    reference_media: Any
    client_request_id: str | None
    output_path: str | None
    output_conn_id: str | None
    if_exists: Literal["overwrite", "fail", "skip"]
    validation: Validation
    max_credits: float | None
    allow_estimates: bool
    min_credits_left: float | None
    convert_reference_images: bool
    executor: str | None
    dialect: Mapping[str, Any] | None = None
    """How a request is spelled, for gateways whose documentation does not agree with itself."""

    @property
    def conn_id(self) -> str:
        """The gateway's Airflow connection, under the name that the gateway's operator gives it."""
        raise NotImplementedError

    def _prepare(
        self, context: Any, hook: GatewayHook, folder: str, faults: Sequence[Fault] = ()
    ) -> Prepared:
        """
        Check everything.

        :param faults: what is known to be wrong already.
        :raises InvalidRequestError: with these and whatever else is wrong.
        """
        from airflow_provider_rivya.request.convert import convert_references
        from airflow_provider_rivya.request.prepare import prepare
        from airflow_provider_rivya.request.references import read_references

        instance = context["ti"]
        if isinstance(self.reference_media, Iterator):
            self.reference_media = list(self.reference_media)  # lineage reads it again
        references = read_references(
            self.reference_media,
            open_url=hook.downloader().open,
            folder=lambda: folder,
            conn_id=hook.conn_id,
        )
        if self.convert_reference_images:
            references = convert_references(
                references, gateway=hook.api.NAME, model=self.model, folder=folder
            )
        return prepare(
            gateway=hook.api.NAME,
            model=self.model,
            prompt=self.prompt,
            model_params=self.model_params,
            references=[*faults, *references],
            client_request_id=self.client_request_id,
            output_path=self.output_path,
            output_conn_id=self.output_conn_id,
            mapped=instance.map_index >= 0,
            executor=self.executor,
            subject=f"The request of task {instance.task_id!r}",
            validation=self.validation,
            budget=self._budget,
            advise_conversion=not self.convert_reference_images,
            dialect=self.dialect,
            takes_trace_id=hook.api.TAKES_TRACE_ID,
        )

    @property
    def _budget(self) -> Budget:
        return Budget(self.max_credits, self.allow_estimates, self.min_credits_left)

    def _body(self, hook: GatewayHook, prepared: Prepared | None, key: str) -> str:
        from airflow_provider_rivya.request.references import upload

        if prepared is None:
            raise RuntimeError("nothing can be submitted without a request")
        request = prepared.request
        if prepared.place is not None and (taken := prepared.place.conflict(self.if_exists)):
            raise InvalidRequestError([taken], subject="The output place", conn_id=self.conn_id)
        if self.min_credits_left is not None:
            check_balance(hook.get_credits(), prepared.spec, self._budget, self.conn_id)
        if prepared.references:
            log.info("Uploading %d reference file(s).", len(prepared.references))
        return hook.api.request_body(
            request.model,
            request.prompt,
            request.params,
            upload(hook, prepared.references, request.model),
            self.client_request_id,
            key=key,
            dialect=prepared.dialect,
        )

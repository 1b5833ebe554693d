"""The body of the paid call: the last checks that need the gateway, the uploads, the exact JSON text."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.request.budget import check_balance
from airflow_provider_rivya.request.references import upload

if TYPE_CHECKING:
    from airflow_provider_rivya.api.gateway import GatewayClient
    from airflow_provider_rivya.request.prepare import Prepared

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BodyMaker:
    """
    Makes the body of a prepared request, when something new is submitted.

    :param prepared: ``None`` where nothing new can be submitted.
    """

    client: GatewayClient
    prepared: Prepared | None

    def __call__(self, key: str) -> str:
        """
        Upload the references and return the JSON text.

        :param key: that it will be sent under, which some gateways want in the body.
        :raises GenerationError: the output place is taken, the account has too little, or an upload failed;
            nothing was submitted.
        """
        prepared, client = self.prepared, self.client
        if prepared is None:
            raise RuntimeError("nothing can be submitted without a request")
        request = prepared.request
        if prepared.place is not None and (taken := prepared.place.conflict(prepared.if_exists)):
            raise InvalidRequestError([taken], subject="The output place", conn_id=client.conn_id)
        if prepared.budget.min_credits_left is not None:
            check_balance(client.get_credits(), prepared.spec, prepared.budget, client.conn_id)
        if prepared.references:
            log.info("Uploading %d reference file(s).", len(prepared.references))
        return client.api.request_body(
            request.model,
            request.prompt,
            request.params,
            upload(client, prepared.references, request.model),
            prepared.client_request_id if client.api.capabilities.takes_trace_id else None,
            key=key,
            dialect=prepared.dialect,
        )

"""The ASGI application: both gateways' endpoints and the control endpoints, behind the door and the wire."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from airflow_provider_rivya.sandbox.errors import ApiError, ControlError
from airflow_provider_rivya.sandbox.requests.answers import json_answer
from airflow_provider_rivya.sandbox.rivya.api import Api
from airflow_provider_rivya.sandbox.server.control import Control
from airflow_provider_rivya.sandbox.server.door import Door
from airflow_provider_rivya.sandbox.server.refusals import error_response, gateway_of
from airflow_provider_rivya.sandbox.server.wire import Wire
from airflow_provider_rivya.sandbox.state.gateway import Gateway
from airflow_provider_rivya.sandbox.toapis.api import ToApis
from airflow_provider_rivya.sandbox.toapis.errors import ToApisError

METHOD_NOT_ALLOWED = 405


def build(gateway: Gateway) -> ASGIApp:
    """Return the application of one sandbox."""

    async def refused(request: Request, error: Exception) -> Response:
        if not isinstance(error, ApiError):
            raise error
        return error_response(gateway.state, request.url.path, error)

    async def wrongly_controlled(request: Request, error: Exception) -> Response:
        return json_answer(400, {"error": str(error)})

    async def no_such_route(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        text = f"No such endpoint: {request.method} {request.url.path}"
        status = METHOD_NOT_ALLOWED if error.status_code == METHOD_NOT_ALLOWED else None
        path = request.url.path
        if gateway_of(path) == "toapis":
            refusal: ApiError = ToApisError("task_not_found", text, status=status, headers=error.headers)
        else:
            refusal = ApiError("not_found", text, status=status, headers=error.headers)
        return error_response(gateway.state, path, refusal)

    async def broken(request: Request, error: Exception) -> Response:
        refusal = ApiError("internal_error", "The sandbox has a fault", status=500)
        return error_response(gateway.state, request.url.path, refusal)

    app = Starlette(
        routes=[*Control(gateway).routes(), *Api(gateway).routes(), *ToApis(gateway).routes()],
        exception_handlers={
            ApiError: refused,
            ControlError: wrongly_controlled,
            HTTPException: no_such_route,
            Exception: broken,
        },
    )
    app.router.redirect_slashes = False
    return Door(Wire(app, state=gateway.state, faults=gateway.faults, closing=gateway.closing))

"""``GET /api/v1/openapi.json``: the endpoints that the sandbox serves, as OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

from airflow_provider_rivya.sandbox.models.catalog import catalog

JSON = "application/json"
MOMENT = {"type": "string", "format": "date-time"}
KINDS = {"type": "string", "enum": ["image", "video", "audio"]}
GENERATION_EXAMPLE = {"model": "z-image", "prompt": "A lighthouse in a storm"}
UPLOAD_EXAMPLE = {"file": "ID3", "kind": "audio"}
"""The shortest file that passes: the signature of an MP3 file, which is plain text."""


def document(base_url: str) -> dict[str, Any]:
    """Return the OpenAPI document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rivya Public API (sandbox)",
            "version": "v1",
            "description": "What the sandbox serves. Where the gateway's public documentation is silent, "
            "the sandbox assumes; see /sandbox/assumptions.",
        },
        "servers": [{"url": base_url}],
        "security": [{"apiKey": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
            "responses": {
                "Error": {"description": "Refused; see error.code", "content": _json("Error")},
            },
        },
    }


def _json(schema: str) -> dict[str, Any]:
    return {JSON: _content(schema)}


def _content(schema: str, **more: Any) -> dict[str, Any]:
    return {"schema": {"$ref": f"#/components/schemas/{schema}"}, **more}


def _answers(
    schema: str, *codes: str, successes: tuple[str, ...] = ("200",), **success: Any
) -> dict[str, Any]:
    answers: dict[str, Any] = {
        code: {"description": "As asked", "content": _json(schema), **success} for code in successes
    }
    return answers | {code: {"$ref": "#/components/responses/Error"} for code in codes}


def _leads_to(operation: str, parameter: str) -> dict[str, Any]:
    """Say which operation takes the id of this answer."""
    return {operation: {"operationId": operation, "parameters": {parameter: "$response.body#/id"}}}


def _path_id(name: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}]


def _paths() -> dict[str, Any]:
    create = {
        "operationId": "createGeneration",
        "summary": "Submit an image, video or audio job",
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "A unique text chosen by the caller; makes the request safe to repeat.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {JSON: _content("GenerationRequest", example=GENERATION_EXAMPLE)},
        },
        "responses": _answers(
            "Generation",
            *("400", "401", "402", "403", "409", "429", "503"),
            successes=("200", "201", "202"),
            links=_leads_to("getGeneration", "taskId"),
        ),
    }
    upload = {
        "operationId": "createFile",
        "summary": "Upload reference media",
        "requestBody": {
            "required": True,
            "content": {"multipart/form-data": _content("FileUpload", example=UPLOAD_EXAMPLE)},
        },
        "responses": _answers(
            "PublicApiFile",
            *("400", "401", "403", "413", "415", "422", "429", "503"),
            successes=("200", "201"),
            links=_leads_to("getFile", "fileId"),
        ),
    }
    read = ("401", "403", "404", "429", "503")
    return {
        "/api/v1/models": {
            "get": {
                "operationId": "listModels",
                "summary": "List the models",
                "security": [],
                "responses": _answers("ModelList", "503"),
            }
        },
        "/api/v1/openapi.json": {
            "get": {
                "operationId": "getOpenApi",
                "summary": "This document",
                "security": [],
                "responses": {
                    "200": {"description": "As asked", "content": {JSON: {"schema": {"type": "object"}}}},
                    "503": {"$ref": "#/components/responses/Error"},
                },
            }
        },
        "/api/v1/generations": {"post": create},
        "/api/v1/generations/{taskId}": {
            "get": {
                "operationId": "getGeneration",
                "summary": "Status and result of a job",
                "parameters": _path_id("taskId"),
                "responses": _answers("Generation", *read),
            }
        },
        "/api/v1/files": {"post": upload},
        "/api/v1/files/{fileId}": {
            "get": {
                "operationId": "getFile",
                "summary": "Metadata of an upload",
                "parameters": _path_id("fileId"),
                "responses": _answers("PublicApiFile", *read),
            }
        },
        "/api/v1/credits": {
            "get": {
                "operationId": "getCredits",
                "summary": "The account's balance",
                "responses": _answers("Credits", "401", "403", "429", "503"),
            }
        },
    }


def _object(properties: dict[str, Any], *required: str, closed: bool = False) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    if closed:
        schema["additionalProperties"] = False
    return schema


def _schemas() -> dict[str, Any]:
    text, number = {"type": "string"}, {"type": "number"}
    available = [model["id"] for model in catalog().models.values() if model["api_status"] == "available"]
    reference_item = _object(
        {
            "url": {"type": "string", "format": "uri"},
            "kind": KINDS,
            "name": text,
            "mimeType": text,
            "durationSeconds": {"type": "number", "minimum": 0},
            "durationToken": text,
        },
        "url",
        "kind",
    )
    params = _object(
        {
            "referenceMediaItems": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/ReferenceMediaItem"},
            }
        }
    )
    error = _object({"code": text, "message": text, "requestId": text}, "code", "message", "requestId")
    result = _object({"primary_url": text, "urls": {"type": "array", "items": text}})
    return {
        "GenerationRequest": _object(
            {
                "model": {"type": "string", "enum": available},
                "prompt": text,
                "params": params,
                "client_request_id": text,
            },
            "model",
            closed=True,
        ),
        "ReferenceMediaItem": reference_item,
        "Generation": _object(
            {
                "id": text,
                "status": {"type": "string", "enum": ["queued", "processing", "succeeded", "failed"]},
                "model": text,
                "reserved_credits": number,
                "final_credits": number,
                "created_at": MOMENT,
                "updated_at": MOMENT,
                "result": {"oneOf": [result, {"type": "null"}]},
                "error": {
                    "oneOf": [_object({"code": text, "message": text}, "code", "message"), {"type": "null"}]
                },
            },
            *("id", "status", "model", "reserved_credits", "result", "error"),
        ),
        "FileUpload": _object(
            {
                "file": {
                    "type": "string",
                    "format": "binary",  # what tools for OpenAPI 3.0 look for
                    "contentMediaType": "application/octet-stream",
                },
                "kind": KINDS,
                "model": text,
                "client_request_id": {"type": "string", "maxLength": 128},
            },
            "file",
            "kind",
        ),
        "PublicApiFile": _object({"id": text, "url": text, "duration_token": text}, "id", "url"),
        "Credits": _object({"current_credits": number}, "current_credits"),
        "Model": _object(
            {
                "id": text,
                "display_name": text,
                "category": text,
                "base_credits": number,
                "billing_type": text,
                "max_prompt_length": {"type": ["integer", "null"]},
                "params": {"type": ["array", "object"]},
                "api_status": {"type": "string", "enum": ["available", "coming_soon", "studio_only"]},
            },
            *("id", "display_name", "category", "base_credits", "api_status"),
        ),
        "ModelList": {
            "oneOf": [
                _object(
                    {
                        "object": text,
                        "data": {"type": "array", "items": {"$ref": "#/components/schemas/Model"}},
                    },
                    "object",
                    "data",
                ),
                {"type": "array", "items": {"$ref": "#/components/schemas/Model"}},
            ]
        },
        "Error": _object({"error": error}, "error"),
    }

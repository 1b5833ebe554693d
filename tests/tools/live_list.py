"""The live list of models as the gateway would send it for the bundled catalogue."""

from __future__ import annotations

from typing import Any

from airflow_provider_rivya.catalog.model import ModelSpec


def entry(spec: ModelSpec) -> dict[str, Any]:
    """What the list has for a model, with the field names of the documentation."""
    rule = spec.reference
    return {
        "id": spec.id,
        "display_name": spec.name,
        "category": spec.category,
        "runtime": "async_task",
        "base_credits": spec.credits,
        "billing_type": spec.billing,
        "max_prompt_length": spec.prompt.max_length,
        "reference_media": {"max_files": rule.max_files} if rule and rule.max_files else None,
        "params": [row(spec, key) for key in spec.param_by_key],
        "api_status": spec.api_status,
        "api_input_status": spec.api_input_status,
        "supported_api_inputs": list(spec.inputs),
        "file_kinds": list(rule.by_kind) if rule else [],
    }


def row(spec: ModelSpec, key: str) -> dict[str, Any]:
    param = spec.param_by_key[key]
    told = {"key": key, "type": param.type, "required": param.required, "default": param.default}
    told |= {"min": param.min, "max": param.max, "step": param.step, "options": list(param.options)}
    return {name: value for name, value in told.items() if value not in (None, [])}

"""A request that is to be sent although the catalogue would refuse it, or does not know its model."""

from __future__ import annotations

from typing import Literal

from airflow_provider_rivya.catalog.check import NormalisedRequest, Verdict
from airflow_provider_rivya.catalog.findings import Findings, path_to, shown
from airflow_provider_rivya.catalog.plain import REFUSED, json_value, plain, sendable_text, text_mapping

Validation = Literal["strict", "warn", "off"]
MODES: tuple[Validation, ...] = ("strict", "warn", "off")


def as_given(model: object, prompt: object = None, model_params: object = None) -> Verdict:
    """
    Check only what JSON and the gateway's request format ask for; no rule of any model.

    :return: a verdict whose request has the author's own values; ``spec`` is ``None``.
    """
    findings = Findings()
    name, text = plain(model), plain(prompt)
    if not isinstance(name, str) or not name.strip():
        findings.fault("model", f"{shown(model)} is not a model id", "a text")
    if text is not None and not isinstance(text, str):
        findings.fault("prompt", f"{shown(prompt)} is not a text", "a text")
    elif text is not None:
        sendable_text(text, "prompt", findings)
    params = {}
    entries = None if model_params is None else text_mapping(model_params, "model_params", findings)
    for key, value in (entries or {}).items():
        copy = json_value(value, path_to("model_params", key), findings)
        if copy is not REFUSED and copy is not None:
            params[key] = copy
    request = NormalisedRequest(
        name if isinstance(name, str) else "", text if isinstance(text, str) else None, params
    )
    return Verdict(findings.faults, findings.warnings, request, None)


def as_far_as_known(strict: Verdict, given: Verdict) -> NormalisedRequest:
    """Combine both: what the catalogue could bring into the form of the wire, and the rest as given."""
    return NormalisedRequest(
        strict.spec.id if strict.spec is not None else given.normalised.model,
        given.normalised.prompt,
        {**given.normalised.params, **strict.normalised.params},
    )

"""Checks the prompt against what a model accepts."""

from __future__ import annotations

from airflow_provider_rivya.catalog.plain import plain, sendable_text
from airflow_provider_rivya.catalog.spec import ModelSpec
from airflow_provider_rivya.catalog.wording import Findings, type_name


def check_prompt(spec: ModelSpec | None, prompt: object, findings: Findings) -> str | None:
    """
    Note what is wrong with the prompt.

    :return: the text as it goes on the wire; ``None`` where there is none.
    """
    text = plain(prompt)
    required = spec is not None and spec.prompt.required
    if text is None or (type(text) is str and not text.strip()):
        if required and spec is not None:
            state = "missing" if text is None else "blank"
            findings.fault("prompt", f"is {state}, {spec.id} needs one", "a text")
        return None
    if type(text) is not str:
        findings.fault("prompt", f"a text is needed, not {type_name(text)}", "a text")
        return None
    if sendable_text(text, "prompt", findings) and spec is not None:
        _check_length(spec, text, findings)
    return text


def _check_length(spec: ModelSpec, text: str, findings: Findings) -> None:
    length, limit = len(text), spec.prompt.max_length
    if limit is not None and length > limit:
        problem = f"has {length:,} characters, {length - limit:,} too many for {spec.id}"
        findings.fault("prompt", problem, f"at most {limit:,} characters")
        return
    if limit is not None and not text.isascii() and (units := len(text.encode("utf-16-le")) // 2) > limit:
        findings.warn(
            "prompt",
            f"has {length:,} characters but {units:,} UTF-16 units, and the limit is {limit:,}; "
            "the documentation leaves open which of the two is counted",
        )
    for dispute in spec.prompt.disputed:
        if dispute.concerns(length):
            findings.warn("prompt", f"has {length:,} characters, and {dispute.why}")

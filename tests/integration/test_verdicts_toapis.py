"""
Both judges of ToAPIs against the verdicts written by hand: the client's validation, and the sandbox.

Requests are put on the wire by the client's own code, files are real uploads with the signature and the size
that the table gives them. What the sandbox refuses and the client takes, or the other way about, is an error
of one of the two, apart from the rows that the table names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from airflow_provider_rivya.api.dialect import Dialect
from airflow_provider_rivya.api.schemas import ReferenceMedia
from airflow_provider_rivya.api.toapis import TOAPIS
from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.check import check_request
from airflow_provider_rivya.catalog.model import ModelSpec, ParamSpec
from airflow_provider_rivya.catalog.references import ReferenceFacts
from tests.integration.sandbox.toapis_tools import upload
from tests.integration.sandbox.wire_tools import MP4, picture
from tests.sandbox_process import TOAPIS_KEY, SandboxProcess
from tests.verdicts import Refused, files
from tests.verdicts_toapis import ACCEPTED, CLIENT_ALONE, REFUSED, Sent

CATALOG = load_catalog("toapis")
CREDITS = 10**9
STARTS = {
    "image/png": picture(form="PNG"),
    "image/gif": picture(form="GIF"),
    "image/webp": picture(form="WEBP"),
    "image/tiff": picture(form="TIFF"),
    "video/mp4": MP4,
    "audio/mpeg": b"ID3\x04\0\0\0\0\0\0\xff\xfb\x90\0",
}
PARAMS = [(spec, param) for spec in CATALOG for param in spec.params if param.options or param.choices]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess(speed=1, arguments=("--credits", str(CREDITS))) as process:
        # An open point, which the client lets through with a warning.
        process.assume(toapis_gif_references="accept")
        yield process


def refusal(
    sandbox: SandboxProcess,
    model: str,
    prompt: Any,
    params: dict[str, Any],
    references: Sequence[ReferenceFacts] = (),
) -> str | None:
    """What the sandbox says against a request; ``None`` if it takes it."""
    spec = CATALOG.get(model)
    media = []
    for facts in references:
        kind = "videos" if facts.kind == "video" else "images"
        content = STARTS[facts.mime_type or ""]
        size = facts.size_bytes or 0
        answer = upload(sandbox, (content + bytes(max(0, size - len(content))))[:size], kind=kind)
        if answer.status >= 300:
            return f"upload: {answer.body!r}"
        media.append(ReferenceMedia(url=answer.json()["data"]["url"], kind=facts.kind))
    dialect = spec.dialect if spec else Dialect()
    body = TOAPIS.request_body(spec.id if spec else model, prompt, params, media, dialect=dialect)
    category = (dialect and dialect.endpoint) or (spec.category if spec else "image")
    path = TOAPIS.create_generation(body, None, category).path
    headers = {"Content-Type": "application/json"}
    answer = sandbox.request("POST", path, body=body.encode(), headers=headers, key=TOAPIS_KEY)
    return None if answer.status < 300 else answer.body.decode()


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: f"{case.model}-{str(case.params)[:40]}")
def test_accepted_by_both(sandbox: SandboxProcess, case: Sent) -> None:
    verdict = check_request(
        CATALOG, model=case.model, prompt=case.prompt, model_params=case.params, references=case.references
    )
    assert verdict.ok
    assert refusal(sandbox, case.model, case.prompt, case.wire, case.references or ()) is None


@pytest.mark.parametrize(
    "case",
    # A text where an object has to be cannot be put on the wire at all.
    [case for case in REFUSED if case.params != {"metadata": "2K"}],
    ids=lambda case: f"{str(case.model)[:30]}-{case.path}-{case.phrase[:20]}",
)
def test_refused_by_both(sandbox: SandboxProcess, case: Refused) -> None:
    said = refusal(sandbox, case.model, case.prompt, case.params, case.references)
    assert (said is None) == ((case.model, case.path) in CLIENT_ALONE and "3K" not in str(case.params)), said


@pytest.mark.parametrize(("spec", "param"), PARAMS, ids=lambda part: getattr(part, "id", None) or part.key)
def test_every_listed_value_is_taken(sandbox: SandboxProcess, spec: ModelSpec, param: ParamSpec) -> None:
    for value in (*param.options, *param.choices):
        params = {param.key: value}
        needed = files(*["image"] * (spec.reference.min_files if spec.reference else 0))
        if check_request(CATALOG, model=spec.id, prompt="a", model_params=params, references=needed).ok:
            assert refusal(sandbox, spec.id, "a", params, needed) is None, value

"""
Both checks against the verdicts written by hand: the client's validation, and the sandbox over HTTP.

An accepted request goes to the sandbox with the ``params`` that the table says are sent, a refused one as it
was written; then both have to name the same place. The files are real uploads, with the signature and the
size that the table gives them; a file that the gateway does not even take is its refusal too.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.check import check_request
from airflow_provider_rivya.catalog.references import ReferenceFacts
from tests.integration.sandbox.wire_tools import MKV, MP4, WEBM, picture, upload
from tests.sandbox_process import KEY, SandboxProcess
from tests.verdicts import ACCEPTED, REFUSED, Accepted, Refused, stricter

CREDITS = 10**9
LEAST_ROWS = 60
STARTS = {
    "image/png": picture(form="PNG"),
    "image/gif": picture(form="GIF"),
    "video/mp4": MP4,
    "video/webm": WEBM,
    "video/x-matroska": MKV,
    "audio/mpeg": b"ID3\x04\0\0\0\0\0\0\xff\xfb\x90\0",
    None: b"just words",
}


@dataclass
class Comparison:
    """Both checks of one request, and how often each answer came."""

    sandbox: SandboxProcess
    connection: http.client.HTTPConnection
    uploads: dict[tuple[str, str, str | None, int | None], dict[str, Any] | None] = field(
        default_factory=dict
    )
    tally: Counter[str] = field(default_factory=Counter)

    def gateway(self, case: Accepted | Refused, params: Any) -> str | None:
        """Ask the sandbox, with the files first: ``None`` if it takes the request, else what it says."""
        items = [self._uploaded(facts, case.model) for facts in case.references]
        if None in items:
            return "referenceMediaItems: a file is not taken"
        body = {"model": case.model, "prompt": case.prompt, "params": params}
        if case.prompt is None:
            del body["prompt"]
        if items:
            body["params"] = {**params, "referenceMediaItems": items}
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        self.connection.request("POST", "/api/v1/generations", json.dumps(body).encode(), headers)
        answer = self.connection.getresponse()
        told = json.loads(answer.read())
        if answer.status == 201:
            return None
        assert (answer.status, told["error"]["code"]) == (400, "validation_failed"), told
        return str(told["error"]["message"])

    def _uploaded(self, facts: ReferenceFacts, model: str) -> dict[str, Any] | None:
        """Upload a file once, by the model's limits or the general ones; ``None``: neither took it."""
        what = (model, facts.kind, facts.mime_type, facts.size_bytes)
        if what not in self.uploads:
            content = STARTS[facts.mime_type]
            content = (content + bytes(max(0, (facts.size_bytes or 0) - len(content))))[: facts.size_bytes]
            answers = [upload(self.sandbox, content, kind=facts.kind, model=model)]
            answers.append(upload(self.sandbox, content, kind=facts.kind))
            taken = [answer.json() for answer in answers if answer.status == 201]
            self.uploads[what] = None
            if taken:
                item = {"url": taken[0]["url"], "kind": facts.kind}
                if "duration_token" in taken[0]:
                    item["durationToken"] = taken[0]["duration_token"]
                self.uploads[what] = item
        return self.uploads[what]


@pytest.fixture(scope="module")
def comparison(request: pytest.FixtureRequest) -> Iterator[Comparison]:
    with SandboxProcess(speed=1, arguments=("--credits", str(CREDITS))) as sandbox:
        address = urlsplit(sandbox.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        comparison = Comparison(sandbox, connection)
        yield comparison
        connection.close()
    capture = request.config.pluginmanager.get_plugin("capturemanager")
    with contextlib.nullcontext() if capture is None else capture.global_and_fixture_disabled():
        print("\n" + "; ".join(f"{what}: {count:,}" for what, count in comparison.tally.items()))


def client_takes(case: Accepted | Refused) -> bool:
    return check_request(
        load_catalog(),
        model=case.model,
        prompt=case.prompt,
        model_params=case.params,
        references=case.references,
    ).ok


def place_at_the_gateway(case: Refused) -> str:
    """The name that the fault's place has on the wire, without the index, or why it got no further."""
    if case.phrase in ("surrogate", "not a JSON number"):
        return "not valid JSON"
    if case.path.startswith("reference_media"):
        return "referenceMediaItems"
    return re.sub(r"^model_params\.?|\[.*$", "", case.path) or "params"


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: f"{case.model}-{str(case.params)[:40]}")
def test_accepted_by_both(comparison: Comparison, case: Accepted) -> None:
    assert client_takes(case)
    assert comparison.gateway(case, case.wire) is None
    comparison.tally["accepted by both"] += 1


@pytest.mark.parametrize(
    "case", REFUSED, ids=lambda case: f"{str(case.model)[:30]}-{case.path}-{case.phrase[:20]}"
)
def test_refused_by_both(comparison: Comparison, case: Refused) -> None:
    assert not client_takes(case)
    said = comparison.gateway(case, {} if case.params is None else case.params)
    assert (said is None) == stricter(case), said or "the sandbox takes it"
    if said is None:
        comparison.tally["refused by the client alone, as listed"] += 1
    else:
        assert place_at_the_gateway(case) in said
        comparison.tally["refused by both"] += 1


def test_at_least_sixty_rows_are_held_against_both() -> None:
    rows = len(ACCEPTED) + sum(not stricter(case) for case in REFUSED)
    assert rows >= LEAST_ROWS

"""
The client's validation and the sandbox, written apart from the same documentation, say the same.

For all models: the minimal request and each rule broken once, and generated requests. The request goes to the
client's check as a Dag author writes it. What passes goes to the sandbox as the client would send it and has
to be accepted; what does not pass goes there as it was written and has to be refused.
"""

from __future__ import annotations

import contextlib
import http.client
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.check import Verdict, check_request
from airflow_provider_rivya.catalog.references import ReferenceFacts
from tests.integration.agreement_cases import MODELS, URL, Case, cases, minimal
from tests.integration.sandbox.wire_tools import MKV, WAV, WEBM, picture, result, upload
from tests.sandbox_process import KEY, SandboxProcess

CATALOG = load_catalog()
CREDITS = 10**9
ACCEPTED, REFUSED = 201, 400
EXAMPLES = 25

STRICTER = {
    "another model's key": "Of a model that is not documented in full the sandbox takes any further key, as "
    "the gateway may. The client takes further keys too, but not a name that other models have for a "
    "parameter of this one: sending it would quietly leave that parameter at its default.",
    "an argument as a key": "For the same models. The client has an argument of its own for each of these.",
    "number: beyond the exact integers": "Only where no greatest value is documented. JSON readers may "
    "round such a number, and a rounded seed repeats nothing; the contract does not forbid it.",
}
"""Rules by which the client refuses more than the contract does, and why."""


@dataclass(frozen=True)
class Uploaded:
    facts: ReferenceFacts
    item: dict[str, Any]


@dataclass
class Comparison:
    """Both checks of one request, and how often each answer came."""

    sandbox: SandboxProcess
    files: dict[str, Uploaded]
    connection: http.client.HTTPConnection
    tally: Counter[str] = field(default_factory=Counter)

    def client(self, case: Case) -> Verdict:
        return check_request(
            CATALOG,
            model=case.model,
            prompt=case.prompt,
            model_params=case.params,
            references=[self.files[name].facts for name in case.references],
        )

    def gateway(self, case: Case, model: object, prompt: object, params: Any) -> tuple[int, str]:
        body = {"model": model, "params": params}
        if prompt is not None:
            body["prompt"] = prompt
        if case.references and isinstance(params, dict):
            items = [self.files[name].item for name in case.references]
            body["params"] = {**params, "referenceMediaItems": items}
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        self.connection.request("POST", "/api/v1/generations", json.dumps(body).encode(), headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()

    def compare(self, case: Case) -> bool:
        """Ask both; return whether the client is stricter for a listed reason."""
        verdict = self.client(case)
        sent = verdict.normalised
        self.tally["requests"] += 1
        if verdict.ok:
            status, body = self.gateway(case, sent.model, sent.prompt, sent.params)
            assert status == ACCEPTED, f"only the sandbox refuses {case}: {body}"
            self.tally["accepted by both"] += 1
            self.tally["thereof converted by the client"] += sent.params != case.params
            return False
        status, body = self.gateway(case, case.model, case.prompt, case.params)
        if status == ACCEPTED and case.rule in STRICTER:
            self.tally["refused by the client alone, as listed"] += 1
            return True
        assert status == REFUSED, f"only the client refuses {case}: {verdict.faults}"
        assert json.loads(body)["error"]["code"] == "validation_failed"
        self.tally["refused by both"] += 1
        return False


def uploads(sandbox: SandboxProcess) -> dict[str, Uploaded]:
    film = result(sandbox, "seedance-2", {"duration": 4, "resolution": "480p"}).body
    contents = {
        "image": ("image", "image/png", picture(form="PNG"), ""),
        "video": ("video", "video/mp4", film, ""),
        "audio": ("audio", "audio/wav", WAV, ""),
        "webm": ("video", "video/webm", WEBM, ""),
        "mkv": ("video", "video/x-matroska", MKV, "wan-2-6"),
        "large image": ("image", "image/jpeg", picture() + bytes(10_000_000), "nano-banana-2"),
    }
    files = {}
    for name, (kind, mime_type, content, model) in contents.items():
        answer = upload(sandbox, content, kind=kind, **({"model": model} if model else {}))
        assert answer.status == ACCEPTED, answer.body
        file = answer.json()
        item = {"url": file["url"], "kind": kind, "mimeType": mime_type}
        if "duration_token" in file:
            item["durationToken"] = file["duration_token"]
        facts = ReferenceFacts(f"reference_media[{name}]", name, kind, mime_type, len(content))
        files[name] = Uploaded(facts, item)
    return files


@pytest.fixture(scope="module")
def comparison(request: pytest.FixtureRequest) -> Iterator[Comparison]:
    with SandboxProcess(speed=1, arguments=("--credits", str(CREDITS))) as sandbox:
        address = urlsplit(sandbox.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        comparison = Comparison(sandbox, uploads(sandbox), connection)
        yield comparison
        connection.close()
    capture = request.config.pluginmanager.get_plugin("capturemanager")
    with contextlib.nullcontext() if capture is None else capture.global_and_fixture_disabled():
        print("\n" + "; ".join(f"{what}: {count:,}" for what, count in comparison.tally.items()))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model["id"])
def test_each_rule_broken_once(comparison: Comparison, model: dict[str, Any]) -> None:
    before = comparison.tally.copy()
    for case in cases(model):
        comparison.compare(case)
    gained = comparison.tally - before
    assert gained["accepted by both"] > 0
    assert gained["refused by both"] > 0


@pytest.mark.parametrize("rule", STRICTER)
def test_each_listed_difference_is_one(comparison: Comparison, rule: str) -> None:
    found = [case for model in MODELS for case in cases(model) if case.rule == rule]
    assert any(comparison.compare(case) for case in found)


def values(param: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Mostly right values of one parameter, in every type an author may write them."""
    if param["type"] == "select":
        return st.sampled_from([*param["options"], True, False, 5, 0.5])
    if param["type"] == "number":
        least, most, step = param.get("min", -(10**6)), param.get("max", 10**12), param.get("step")
        if step is not None:
            numbers: st.SearchStrategy[Any] = st.integers(0, round((most - least) / step)).map(
                lambda count: least + count * step
            )
        elif isinstance(least, int) and isinstance(most, int):
            numbers = st.integers(least, most) | st.floats(least, most)
        else:
            numbers = st.floats(least, most)
        return numbers | numbers.map(str)
    if param["type"] == "array":
        text = st.text(min_size=1, max_size=60)
        fields = {part["key"]: text for part in param["items"]["fields"]}
        return st.lists(st.fixed_dictionaries(fields), min_size=1, max_size=6)
    if param["key"].endswith("_url"):
        return st.just(URL) | st.text(max_size=20).map(lambda path: f"https://example.org/{path}")
    return st.text(max_size=60) | st.integers()


def requests(model: dict[str, Any]) -> st.SearchStrategy[Case]:
    required = {param["key"]: values(param) for param in model["params"] if param.get("required")}
    optional = {param["key"]: values(param) for param in model["params"] if not param.get("required")}
    if not model["params_complete"]:
        optional["zzz_unheard_of"] = st.text(max_size=5) | st.integers() | st.none()
    rule = model["reference"]
    kinds = [*rule["kinds"]] if rule else [] if model["reference_complete"] else ["image", "video", "audio"]
    most = rule.get("max_files", 3) if rule else 3
    used = st.lists(st.sampled_from(kinds), max_size=most).map(tuple) if kinds else st.just(())
    prompt = st.text(min_size=1, max_size=200)
    return st.builds(
        Case,
        rule=st.just("generated"),
        model=st.just(model["id"]),
        prompt=prompt if model["prompt"]["required"] else prompt | st.none(),
        params=st.fixed_dictionaries(required, optional=optional),
        references=used,
    )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model["id"])
def test_what_validation_accepts_the_sandbox_accepts(comparison: Comparison, model: dict[str, Any]) -> None:
    accepted = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(case=requests(model))
    def generated(case: Case) -> None:
        nonlocal accepted
        comparison.tally["generated requests"] += 1
        verdict = comparison.client(case)
        if not verdict.ok:
            return
        sent = verdict.normalised
        status, body = comparison.gateway(case, sent.model, sent.prompt, sent.params)
        assert status == ACCEPTED, body
        accepted += 1

    generated()
    comparison.tally["generated and accepted by both"] += accepted
    assert accepted > 0, f"no generated request passes: {minimal(model)} does"

"""The live list is read in whatever shape it comes, and compared with the bundled catalogue."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.catalog.bundled import load_catalog
from tests.sandbox_process import SandboxProcess
from tests.tools.live_list import entry
from tools.models.live import Change, Difference, compare, main

CATALOG = load_catalog()


@pytest.fixture
def live() -> list[dict[str, Any]]:
    return [entry(spec) for spec in CATALOG]


def changes(document: object, model_id: str) -> list[tuple[str, Any, Any]]:
    """What is different, where it is but one model: field, in the bundle, in the live list."""
    difference = compare(CATALOG, document)
    assert (difference.added, difference.removed) == ((), ())
    assert {change.model for change in difference.changed} == {model_id}
    return [(change.field, change.bundled, change.live) for change in difference.changed]


def of(live: list[dict[str, Any]], model_id: str) -> dict[str, Any]:
    return next(model for model in live if model["id"] == model_id)


class TestShapes:
    """The same list in every shape that is an open point: no difference."""

    def test_bare_list(self, live: list[dict[str, Any]]) -> None:
        assert not compare(CATALOG, live)

    def test_envelope(self, live: list[dict[str, Any]]) -> None:
        assert compare(CATALOG, {"object": "list", "data": live}) == Difference((), (), (), ())

    def test_params_as_mapping(self, live: list[dict[str, Any]]) -> None:
        for model in live:
            model["params"] = {param.pop("key"): param for param in model["params"]}
        assert not compare(CATALOG, live)

    def test_options_in_their_own_types(self, live: list[dict[str, Any]]) -> None:
        kling = next(p for p in of(live, "kling-2-6")["params"] if p["key"] == "sound")
        kling["options"] = [option == "true" for option in kling["options"]]
        kling["default"] = kling["default"] == "true"
        assert not compare(CATALOG, live)

    def test_only_ids(self) -> None:
        assert compare(CATALOG, [{"id": spec.id} for spec in CATALOG]) == Difference((), (), (), ())

    def test_chat_models_are_no_concern(self, live: list[dict[str, Any]]) -> None:
        live.append({"id": "gpt-5-2-chat", "category": "chat", "params": []})
        assert not compare(CATALOG, live)

    def test_whole_floats(self, live: list[dict[str, Any]]) -> None:
        of(live, "z-image")["base_credits"] = 1.0
        assert not compare(CATALOG, live)


class TestDifferences:
    def test_price_and_limit(self, live: list[dict[str, Any]]) -> None:
        of(live, "z-image").update(base_credits=2, max_prompt_length=None)
        assert changes(live, "z-image") == [("credits", 1, 2), ("prompt.max_length", 1000, None)]

    def test_parameter_of_a_model(self, live: list[dict[str, Any]]) -> None:
        params = of(live, "nano-banana-2")["params"]
        params[1]["options"] = ["1K", "2K", "4K", "8K"]
        params[2]["default"] = "png"
        params.pop(3)
        params.append({"key": "seed", "type": "number", "min": 0})
        found = {field: sides for field, *sides in changes(live, "nano-banana-2")}
        assert found.pop("params.google_search")[1] is None
        assert found == {
            "params.resolution.options": [["1K", "2K", "4K"], ["1K", "2K", "4K", "8K"]],
            "params.output_format.default": ["jpg", "png"],
            "params.seed": [None, {"type": "number", "min": 0}],
        }

    def test_references(self, live: list[dict[str, Any]]) -> None:
        of(live, "wan-2-6").update(file_kinds=["image"], reference_media={"max_files": 3})
        assert changes(live, "wan-2-6") == [
            ("reference.kinds", ["image", "video"], ["image"]),
            ("reference.max_files", 1, 3),
        ]

    def test_new_and_gone(self, live: list[dict[str, Any]]) -> None:
        live[0]["id"] = "new-model"
        difference = compare(CATALOG, live)
        assert [model.id for model in difference.added] == ["new-model"]
        assert difference.removed == (CATALOG.models[0].id,)
        assert difference.added[0].facts["credits"] == CATALOG.models[0].credits

    def test_what_is_not_understood_is_named_and_not_compared(self, live: list[dict[str, Any]]) -> None:
        of(live, "z-image").update(params="see the page", base_credits=True, reference_media="2 images")
        of(live, "4o-image")["params"][0].update(type="slider", options="1:1 or 3:2", enum=["1:1"])
        of(live, "kling-2-6")["params"].append("sound")
        live.append({"display_name": "no id"})
        difference = compare(CATALOG, live)
        assert not difference
        assert set(difference.unread) == {
            "z-image: params",
            "z-image: base_credits",
            "z-image: reference_media",
            "4o-image: params.size.type",
            "4o-image: params.size.options",
            "4o-image: params.size.enum",
            "kling-2-6: params",
            f"entry {len(CATALOG)}: no model with an id",
        }


class TestToApis:
    """Its list has ids and nothing to compare."""

    catalog = load_catalog("toapis")

    def live(self, *ids: str, endpoint: str = "image_generations") -> list[dict[str, Any]]:
        common = {"object": "model", "created": 1626777600, "owned_by": "someone"}
        return [{"id": model_id, **common, "supported_endpoint_types": [endpoint]} for model_id in ids]

    def test_the_ids_of_the_catalogue(self) -> None:
        document = {"success": True, "object": "list", "data": self.live(*self.catalog.ids)}
        assert compare(self.catalog, document) == Difference((), (), (), ())

    def test_further_spellings_beside_the_id_are_no_news(self) -> None:
        assert not compare(self.catalog, self.live(*self.catalog.ids, "nano_banana_2", "nano-banana"))

    def test_a_model_that_is_listed_under_an_alias_alone(self) -> None:
        ids = [model_id for model_id in self.catalog.ids if model_id != "gemini-3.1-flash-image-preview"]
        difference = compare(self.catalog, self.live(*ids, "nano_banana_2"))
        model = "gemini-3.1-flash-image-preview"
        assert difference == Difference((), (), (Change(model, "id", model, "nano_banana_2"),), ())

    def test_what_a_key_may_use_and_what_is_new(self) -> None:
        document = self.live("kling-v3", "kling-v4") + self.live("some-chat", endpoint="chat_completions")
        difference = compare(self.catalog, document)
        assert [model.id for model in difference.added] == ["kling-v4"]
        assert len(difference.removed) == len(self.catalog) - 1


@pytest.mark.parametrize(
    "document", [None, 3, "models", {}, {"data": None}, {"data": {"a": 1}}, {"models": []}]
)
def test_what_is_no_list_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="no list of models"):
        compare(CATALOG, document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted(entry(CATALOG.models[0]))


@given(st.dictionaries(st.sampled_from(FIELDS), JSON), JSON)
def test_no_entry_breaks_the_comparison(fields: dict[str, Any], param: object) -> None:
    base = copy.deepcopy(entry(CATALOG.models[0]))
    base["params"] = [param]
    document = [{**base, **fields, "id": CATALOG.models[0].id}]
    difference = compare(CATALOG, document)
    assert len(difference.removed) == len(CATALOG) - (
        not isinstance(fields.get("category"), str) or fields["category"] != "chat"
    )
    assert list(difference.lines())


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        yield process


class TestCommand:
    """The list of a running gateway."""

    @pytest.mark.parametrize("envelope", ["list", "bare"])
    @pytest.mark.parametrize("params", ["list", "map"])
    def test_no_difference_in_any_shape(
        self,
        sandbox: SandboxProcess,
        envelope: str,
        params: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        sandbox.assume(models_params_shape=params, models_envelope=envelope)
        monkeypatch.setenv("AIRFLOW_CONN_RIVYA_DEFAULT", sandbox.connection())
        assert main([]) == 0
        assert capsys.readouterr().out == "The bundled catalogue agrees with the live list.\n"

    def test_the_type_of_the_connection_decides(
        self, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_OTHER", sandbox.connection("toapis"))
        assert main(["--conn-id", "other"]) == 0
        assert "agrees" in capsys.readouterr().out

    def test_differences(self, gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
        models = [entry(spec) for spec in CATALOG]
        models[0]["base_credits"] = 99
        models[1]["params"] = "see the page"
        models[2]["id"] = "brand-new"
        gateway.answer = {"data": models}
        assert main([]) == 1
        added, changed, removed, unread = capsys.readouterr().out.splitlines()
        assert added.startswith("added      brand-new: ")
        assert changed.startswith(f"changed    {models[0]['id']} credits: {CATALOG.models[0].credits} -> 99")
        assert removed.startswith(f"not listed {CATALOG.models[2].id}: ")
        assert unread == f"not read   {models[1]['id']}: params"

    def test_no_list(self, gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
        gateway.answer = {"models": []}
        assert main([]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert "list models" in err


class Gateway(ThreadingHTTPServer):
    """A gateway that has one answer to everything."""

    answer: Any = None


class Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_GET(self) -> None:
        body = json.dumps(self.server.answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    with Gateway(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        connection = {"conn_type": "rivya", "host": url, "password": "k", "extra": {"retries": 0}}
        monkeypatch.setenv("AIRFLOW_CONN_RIVYA_DEFAULT", json.dumps(connection))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()

"""The live list is compared in whatever shape it comes."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.live import Change, Difference, compare, read_live
from tests.live_list import entry

CATALOG = load_catalog()


@pytest.fixture
def live() -> list[dict[str, Any]]:
    return [entry(spec) for spec in CATALOG]


def changes(document: object, model_id: str) -> tuple[Change, ...]:
    difference = compare(CATALOG, document)
    assert not difference.added
    assert not difference.removed
    assert [changed.id for changed in difference.changed] == [model_id]
    return difference.changed[0].changes


def of(live: list[dict[str, Any]], model_id: str) -> dict[str, Any]:
    return next(model for model in live if model["id"] == model_id)


class TestShapes:
    """The same list in every shape that is an open point: no difference."""

    def test_bare_list(self, live: list[dict[str, Any]]) -> None:
        assert not compare(CATALOG, live)

    def test_envelope(self, live: list[dict[str, Any]]) -> None:
        difference = compare(CATALOG, {"object": "list", "data": live})
        assert difference == Difference(as_of=CATALOG.as_of)
        assert difference.unread == ()

    def test_params_as_mapping(self, live: list[dict[str, Any]]) -> None:
        for model in live:
            model["params"] = {param.pop("key"): param for param in model["params"]}
        assert not compare(CATALOG, live)

    @pytest.mark.parametrize("name", ["name", "id"])
    def test_other_names_for_the_key(self, live: list[dict[str, Any]], name: str) -> None:
        for model in live:
            model["params"] = [{name: param.pop("key"), **param} for param in model["params"]]
        assert not compare(CATALOG, live)

    def test_options_with_labels(self, live: list[dict[str, Any]]) -> None:
        for model in live:
            for param in model["params"]:
                if "options" in param:
                    options = param.pop("options")
                    param["enum"] = [{"value": option, "label": option.title()} for option in options]
        assert not compare(CATALOG, live)

    def test_options_in_their_own_types(self, live: list[dict[str, Any]]) -> None:
        kling = next(p for p in of(live, "kling-2-6")["params"] if p["key"] == "sound")
        kling["options"] = [option == "true" for option in kling["options"]]
        kling["default"] = kling["default"] == "true"
        assert not compare(CATALOG, live)

    def test_only_ids(self) -> None:
        difference = compare(CATALOG, [{"id": spec.id} for spec in CATALOG])
        assert not difference
        assert difference.unread == ()

    def test_chat_models_are_no_concern(self, live: list[dict[str, Any]]) -> None:
        live.append({"id": "gpt-5-2-chat", "category": "chat", "params": []})
        assert not compare(CATALOG, live)
        assert read_live(live).chat == ("gpt-5-2-chat",)

    def test_whole_floats(self, live: list[dict[str, Any]]) -> None:
        of(live, "z-image")["base_credits"] = 1.0
        assert not compare(CATALOG, live)


class TestDifferences:
    def test_price_and_limit(self, live: list[dict[str, Any]]) -> None:
        of(live, "z-image").update(base_credits=2, max_prompt_length=None)
        assert set(changes(live, "z-image")) == {
            Change("credits", 1, 2),
            Change("prompt.max_length", 1000, None),
        }

    def test_parameter_of_a_model(self, live: list[dict[str, Any]]) -> None:
        params = of(live, "nano-banana-2")["params"]
        params[1]["options"] = ["1K", "2K", "4K", "8K"]
        params[2]["default"] = "png"
        params.pop(3)
        params.append({"key": "seed", "type": "number", "min": 0})
        found = {change.field: change for change in changes(live, "nano-banana-2")}
        assert found["params.resolution.options"].live == ["1K", "2K", "4K", "8K"]
        assert found["params.output_format.default"] == Change("params.output_format.default", "jpg", "png")
        assert found["params.seed"] == Change("params.seed", None, {"type": "number", "min": 0})
        assert found["params.google_search"].live is None
        assert len(found) == 4

    def test_references(self, live: list[dict[str, Any]]) -> None:
        of(live, "wan-2-6").update(file_kinds=["image"], reference_media={"maxFiles": 3})
        assert changes(live, "wan-2-6") == (
            Change("reference.kinds", ["image", "video"], ["image"]),
            Change("reference.max_files", 1, 3),
        )

    def test_new_and_gone(self, live: list[dict[str, Any]]) -> None:
        live[0]["id"] = "new-model"
        difference = compare(CATALOG, live)
        assert [model.id for model in difference.added] == ["new-model"]
        assert difference.removed == (CATALOG.models[0].id,)
        document = json.loads(json.dumps(difference.to_json()))
        assert document["added"][0]["facts"]["credits"] == CATALOG.models[0].credits

    def test_what_is_not_understood_is_named_and_not_compared(self, live: list[dict[str, Any]]) -> None:
        of(live, "z-image").update(params="see the page", base_credits=True, reference_media="2 images")
        of(live, "4o-image")["params"][0].update(type="slider", options="1:1 or 3:2")
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
            "kling-2-6: params (row 3)",
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
        difference = compare(self.catalog, document)
        assert not difference
        assert difference.unread == ()

    def test_further_spellings_beside_the_id_are_no_news(self) -> None:
        assert not compare(self.catalog, self.live(*self.catalog.ids, "nano_banana_2", "nano-banana"))

    def test_a_model_that_is_listed_under_an_alias_alone(self) -> None:
        ids = [model_id for model_id in self.catalog.ids if model_id != "gemini-3.1-flash-image-preview"]
        difference = compare(self.catalog, self.live(*ids, "nano_banana_2"))
        (changed,) = difference.changed
        assert changed.changes == (Change("id", "gemini-3.1-flash-image-preview", "nano_banana_2"),)
        assert (difference.added, difference.removed) == ((), ())

    def test_what_a_key_may_use_and_what_is_new(self) -> None:
        document = self.live("kling-v3", "kling-v4") + self.live("some-chat", endpoint="chat_completions")
        difference = compare(self.catalog, document)
        assert [model.id for model in difference.added] == ["kling-v4"]
        assert len(difference.removed) == len(self.catalog) - 1
        assert read_live(document).chat == ("some-chat",)


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
    difference.to_json()

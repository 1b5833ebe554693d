from __future__ import annotations

import copy
import dataclasses
import enum
import json
from collections import UserDict
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.check import ReferenceFacts, check_request, require_valid
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError

CATALOG = load_catalog()


def test_all_faults_at_once_in_the_order_of_the_arguments() -> None:
    refs = [ReferenceFacts("reference_media[0]", "a.gif", "image", "image/gif", 31_000_000)]
    verdict = check_request(
        CATALOG,
        model="nano-banana-2",
        prompt="",
        model_params={"resolution": "8K", "seed": 1, "files": []},
        references=refs,
    )
    assert [fault.path for fault in verdict.faults] == [
        "prompt",
        "model_params.resolution",
        "model_params.seed",
        "model_params.files",
        "reference_media[0]",
        "reference_media[0]",
    ]


def test_an_unknown_model_still_gets_the_rest_checked() -> None:
    verdict = check_request(CATALOG, model="nope", prompt=3, model_params={"a": {1}, "files": [], "b": 2})
    assert [fault.path for fault in verdict.faults] == [
        "model",
        "prompt",
        "model_params.a",
        "model_params.files",
    ]
    assert verdict.spec is None
    assert verdict.normalised.params == {"b": 2}


@pytest.mark.parametrize(("gateway", "name"), [("rivya", "Rivya"), ("toapis", "ToAPIs")])
def test_a_gateway_is_called_as_it_calls_itself(gateway: str, name: str) -> None:
    verdict = check_request(load_catalog(gateway), model="no-such-model")
    assert verdict.faults[0].problem == f"{name} has no model 'no-such-model'"


def test_another_model_than_the_one_at_hand() -> None:
    spec = CATALOG.get("z-image")
    assert spec is not None
    assert check_request(spec, model="z-imag", prompt="a").faults[0].suggestion == "z-image"


def test_a_model_that_is_not_open_through_the_api() -> None:
    spec = CATALOG.get("z-image")
    assert spec is not None
    closed = dataclasses.replace(spec, api_status="studio_only")
    (fault,) = check_request(closed, model="z-image", prompt="a").faults
    assert fault.path == "model"
    assert "studio_only" in fault.problem


def test_a_model_that_lives_on_uploads_needs_one_once_the_files_are_known() -> None:
    spec = CATALOG.get("nano-banana")
    assert spec is not None
    needy = dataclasses.replace(spec, api_input_status="requires_files_api")
    assert check_request(needy, model=needy.id, prompt="a").ok
    (fault,) = check_request(needy, model=needy.id, prompt="a", references=()).faults
    assert fault.path == "reference_media"


def test_require_valid() -> None:
    assert require_valid(CATALOG, model="z-image", prompt="a").normalised.model == "z-image"
    with pytest.raises(InvalidRequestError) as caught:
        require_valid(CATALOG, model="z-image", prompt="", model_params={"aspectRatio": "1:1"})
    assert [fault.path for fault in caught.value.faults] == ["prompt", "model_params.aspectRatio"]
    assert "Nothing was sent" in str(caught.value)


def test_the_input_is_left_alone_and_not_shared() -> None:
    params = {"dialogue": [{"voice": "Adam", "text": "hi"}], "extra": {"deep": [1]}, "stability": 0.5}
    before = copy.deepcopy(params)
    verdict = check_request(CATALOG, model="elevenlabs-dialogue-v3", model_params=params)
    verdict.normalised.params["dialogue"].append("x")
    verdict.normalised.params["extra"]["deep"].append("x")
    assert params == before


@pytest.mark.parametrize(
    ("model", "params", "refs", "phrase"),
    [
        ("wan-2-7-video", {"duratoin": "5"}, (), "did you mean duration"),
        ("seedance-2", {"duration": 5.5}, (), "whole numbers only"),
        ("wan-2-2-animate-replace", {"video_url": "https://a.example/b"}, (), "image_url not set"),
        ("flux-kontext-pro", {"safetyTolerance": 6}, ("image",), "narrower range"),
        ("seedream-4-5", {}, ("image",), "how many files"),
        (
            "elevenlabs-dialogue-v3",
            {"dialogue": [{"voice": "A", "text": "x" * 5001}]},
            (),
            "5,001 characters",
        ),
        ("nano-banana-2", {}, ("url",), "an external URL"),
    ],
)
def test_what_the_documentation_leaves_open_is_a_warning(
    model: str, params: dict[str, Any], refs: tuple[str, ...], phrase: str
) -> None:
    facts = [ReferenceFacts("reference_media[0]", "x", "image", external_url=ref == "url") for ref in refs]
    verdict = check_request(CATALOG, model=model, prompt="a", model_params=params, references=facts)
    assert verdict.ok
    assert any(phrase in warning for warning in verdict.warnings)


def test_a_prompt_within_the_limit_by_one_way_of_counting_only() -> None:
    verdict = check_request(CATALOG, model="z-image", prompt="\N{CAT FACE}" * 600)
    assert verdict.ok
    assert "1,200 UTF-16 units" in verdict.warnings[0]
    assert not check_request(
        CATALOG, model="z-image", prompt="\N{LATIN SMALL LETTER E WITH ACUTE}" * 1000
    ).warnings


def test_no_secret_and_no_full_url_in_any_fault() -> None:
    key = "rvya_sk_" + "a1B2c3D4" * 4
    url = f"https://files.example/private/{key}?signature=abcdef"
    for params in (
        {"resolution": key, key: 1, "aspect_ratio": url, "google_search": [key], "output_format": {"a": key}},
        {url: "x", "resolution": f"x {url}"},
    ):
        refs = [ReferenceFacts("reference_media[0]", url, key, "image/gif", 10**9, external_url=True)]
        verdict = check_request(
            CATALOG, model="nano-banana-2", prompt="a", model_params=params, references=refs
        )
        text = "".join(map(str, verdict.faults)) + "".join(verdict.warnings)
        assert len(verdict.faults) > 2
        assert key not in text
        assert "signature" not in text
    (fault,) = check_request(CATALOG, model=key, prompt="a").faults
    assert key not in str(fault)


def test_a_flood_of_faults_is_cut() -> None:
    params = {f"key{i}": i for i in range(5000)}
    verdict = check_request(CATALOG, model="z-image", prompt="a", model_params=params)
    assert len(verdict.faults) == 101
    assert verdict.faults[-1] == Fault("request", "4900 further faults not listed")
    verdict = check_request(CATALOG, model="wan-2-7-video", prompt="a", model_params=params)
    assert verdict.ok
    assert len(verdict.warnings) == 101


class Colour(enum.StrEnum):
    TWO = "2K"


class Whole(enum.IntEnum):
    FIVE = 5


class Wide(float):
    """Stands for numpy's float64, a subclass of float with its own repr."""

    def __repr__(self) -> str:
        return "np.float64(0.5)"


def test_subclasses_count_as_what_they_derive_from() -> None:
    params = {"voice": "TX3LPaxmHKxFdv7VOQHJ", "stability": Wide(0.5), "style": Decimal("0.10")}
    verdict = check_request(CATALOG, model="elevenlabs-turbo-2-5", prompt="a", model_params=UserDict(params))
    assert json.dumps(verdict.normalised.params) == json.dumps({**params, "stability": 0.5, "style": 0.1})
    verdict = check_request(
        CATALOG, model="nano-banana-2", prompt=Colour.TWO, model_params={"resolution": Colour.TWO}
    )
    assert json.dumps(verdict.normalised.params) == '{"resolution": "2K"}'
    assert type(verdict.normalised.prompt) is str
    verdict = check_request(CATALOG, model="kling-2-6", prompt="a", model_params={"duration": Whole.FIVE})
    assert verdict.normalised.params == {"duration": "5"}

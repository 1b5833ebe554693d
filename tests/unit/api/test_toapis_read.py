"""How ToAPIs' other answers are read: files, balances, models; and that nothing breaks the reading."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.api.call import FilePart
from airflow_provider_rivya.api.schemas import Balance
from airflow_provider_rivya.api.toapis import TOAPIS as toapis
from airflow_provider_rivya.exceptions import (
    GatewayError,
    InsufficientCreditsError,
    RateLimitedError,
    UnexpectedAnswerError,
)
from tests.unit.api.answers import read

URL = "https://files.example/out.png?signature=s3cret"
PART = FilePart("a.png", "image/png", io.BytesIO)


def test_an_uploaded_file() -> None:
    data = {"id": "upload_ab12cd34", "url": URL, "mime_type": "image/jpeg", "size": 90210}
    for kind in ("image", "video"):
        found = read(toapis.upload_file(PART, kind), {"success": True, "message": "", "data": data})
        assert (found.id, found.url, found.duration_token) == ("upload_ab12cd34", URL, None)
    assert read(toapis.upload_file(PART, "image"), {"data": {"url": URL, "id": 5}}).id == "5"
    assert read(toapis.upload_file(PART, "image"), {"data": {"url": URL, "id": [5]}}).id is None


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"data": None}, {"data": URL}, {"data": []}, {"data": {"id": "x"}}, {"data": {"url": ""}}],
)
def test_what_is_no_file(document: Any) -> None:
    with pytest.raises(UnexpectedAnswerError):
        read(toapis.upload_file(PART, "image"), document)


@pytest.mark.parametrize(
    ("document", "balance"),
    [
        (
            {"success": True, "remain_balance": 10.5, "used_balance": 2.3, "unlimited_quota": False},
            Balance(credits=10.5, unit="balance units"),
        ),
        (
            {"success": True, "remain_balance": 10.5, "remain_credits": 2100, "unlimited_quota": False},
            Balance(credits=2100),
        ),
        ({"success": True, "remain_balance": 1, "remain_credits": 0}, Balance(credits=0)),
        (
            {"success": True, "remain_balance": -1, "unlimited_quota": True},
            Balance(credits=-1, unlimited=True, unit="balance units"),
        ),
        (
            {"remain_balance": -1, "remain_credits": -1, "unlimited_quota": True},
            Balance(credits=-1, unlimited=True),
        ),
        ({"remain_balance": "10.5", "message": ""}, Balance(credits=10.5, unit="balance units")),
    ],
)
def test_balances(document: Any, balance: Balance) -> None:
    assert read(toapis.get_credits(), document) == balance


@pytest.mark.parametrize("document", [None, [], {}, {"success": True}, {"remain_balance": "much"}, 7])
def test_what_is_no_balance(document: Any) -> None:
    with pytest.raises(UnexpectedAnswerError):
        read(toapis.get_credits(), document)


def test_models() -> None:
    entry = {"id": "m", "object": "model", "created": 1, "owned_by": "x", "supported_endpoint_types": ["y"]}
    found = read(toapis.list_models(), {"success": True, "object": "list", "data": [entry, {"id": "n"}]})
    assert [model.id for model in found] == ["m", "n"]
    assert found[0].model_extra == {key: entry[key] for key in entry if key != "id"}
    assert read(toapis.list_models(), {"success": True, "data": []}) == []


@pytest.mark.parametrize("document", [None, {}, {"success": True}, {"data": {}}, [1], [{"name": "no id"}]])
def test_what_is_no_list_of_models(document: Any) -> None:
    with pytest.raises(UnexpectedAnswerError):
        read(toapis.list_models(), document)


_KEYS = ["id", "task_id", "status", "code", "data", "error", "message", "success", "url", "type", "result"]
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 600),
    st.floats(),
    st.sampled_from(
        ["queued", "failed", "completed", "429", "insufficient_quota", "internal_error", URL, ""]
    ),
)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(_JSON, st.sampled_from([200, 202, 400, 403, 404, 422, 429, 500, 502]))
def test_whatever_comes_is_a_result_or_an_error_of_the_tree(document: Any, status: int) -> None:
    for call in (
        toapis.create_generation("{}", "k"),
        toapis.upload_file(PART, "image"),
        toapis.get_credits(),
        toapis.list_models(),
    ):
        error: GatewayError | None = None
        try:
            read(call, document, status)
        except GatewayError as caught:
            error = caught
        assert "s3cret" not in str(error)
        if status >= 300 or (isinstance(document, dict) and document.get("success") is False):
            assert error is not None
        if status == 429:
            assert isinstance(error, RateLimitedError | InsufficientCreditsError)

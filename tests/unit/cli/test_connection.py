"""The type of a connection decides which gateway the command line speaks to."""

from __future__ import annotations

import pytest

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.cli.connection import connect
from airflow_provider_rivya.cli.options import DEFAULT_CONNECTION, GATEWAYS
from airflow_provider_rivya.exceptions import ConnectionConfigError
from airflow_provider_rivya.get_provider_info import get_provider_info
from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.hooks.toapis import ToApisHook


def test_the_connection_types_are_those_that_the_provider_has() -> None:
    assert tuple(entry["connection-type"] for entry in get_provider_info()["connection-types"]) == GATEWAYS
    assert RivyaHook.default_conn_name == DEFAULT_CONNECTION
    assert all(load_catalog(name).gateway == name for name in GATEWAYS)


@pytest.mark.parametrize(("conn_type", "hook_class"), [("rivya", RivyaHook), ("toapis", ToApisHook)])
def test_the_type_decides(conn_type: str, hook_class: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MINE", f"{conn_type}://:key@")
    with connect("mine") as hook:
        assert type(hook) is hook_class
        assert hook.conn_id == "mine"


def test_another_type_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MINE", "http://:key@somewhere")
    with pytest.raises(ConnectionConfigError) as caught, connect("mine"):
        pytest.fail("it is no gateway's")
    for text in ("'mine' is of type 'http'", "'rivya' or 'toapis'", "nothing was charged"):
        assert text in str(caught.value)


@pytest.mark.parametrize(
    ("conn_id", "told"),
    [
        ("toapis_prod", "toapis_prod --conn-type toapis"),
        ("rivya_prod", "rivya_prod --conn-type rivya"),
        ("mine", "The type of another gateway is 'toapis'"),
    ],
)
def test_a_missing_one_is_told_with_how_to_make_it(conn_id: str, told: str) -> None:
    with pytest.raises(ConnectionConfigError, match=f"no connection '{conn_id}'") as caught, connect(conn_id):
        pytest.fail("there is none")
    assert told in str(caught.value)

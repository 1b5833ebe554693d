from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.api.connection import (
    ConnectionSettings,
    is_loopback,
    read_connection,
)
from airflow_provider_rivya.api.settings.fields import connection_fields
from airflow_provider_rivya.exceptions import ConnectionConfigError
from airflow_provider_rivya.hooks.form import conn_fields

KEY = "rvya_sk_test_0123456789"


def connect(**kwargs: Any) -> ConnectionSettings:
    values: dict[str, Any] = {
        "conn_id": "rivya_default",
        "conn_type": "rivya",
        "default_host": "https://rivya.ai",
        "host": None,
        "schema": None,
        "port": None,
        "password": KEY,
        "extra": None,
        **kwargs,
    }
    return read_connection(**values)


def faults(**kwargs: Any) -> list[str]:
    with pytest.raises(ConnectionConfigError) as caught:
        connect(**kwargs)
    return [line.removeprefix("  - ") for line in str(caught.value).splitlines() if line.startswith("  - ")]


def test_a_key_alone_is_enough() -> None:
    found = connect()
    assert found == ConnectionSettings(
        conn_id="rivya_default",
        gateway="rivya",
        base_url="https://rivya.ai",
        api_key=KEY,
        loopback=False,
        connect_timeout=10,
        read_timeout=60,
        retries=3,
        poll_first=None,
        poll_interval=None,
        poll_max=None,
        max_in_flight=8,
        idempotency_namespace="",
        allowed_download_hosts=(),
        max_output_bytes=2 * 1024**3,
    )
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("fields", "base_url"),
    [
        ({"host": ""}, "https://rivya.ai"),
        ({"host": "  "}, "https://rivya.ai"),
        ({"port": 8443}, "https://rivya.ai:8443"),
        ({"host": "gw.example"}, "https://gw.example"),
        ({"host": " gw.example/ "}, "https://gw.example"),
        ({"host": "GW.example:8443"}, "https://gw.example:8443"),
        ({"host": "gw.example", "port": 8443}, "https://gw.example:8443"),
        ({"host": "gw.example:1", "port": 2}, "https://gw.example:1"),
        ({"host": "https://gw.example/"}, "https://gw.example"),
        ({"host": "HTTPS://gw.example"}, "https://gw.example"),
        ({"host": "gw.example", "schema": "HTTPS"}, "https://gw.example"),
        ({"host": "https://[2606:2800::1]:8443"}, "https://[2606:2800::1]:8443"),
        ({"host": "[2606:2800::1]"}, "https://[2606:2800::1]"),
        ({"host": "2606:2800::1", "port": 8443}, "https://[2606:2800::1]:8443"),
        ({"host": "127.0.0.1:8000", "schema": "http"}, "http://127.0.0.1:8000"),
        ({"host": "http://localhost:8000"}, "http://localhost:8000"),
        ({"host": "::1", "schema": "http", "port": 8000}, "http://[::1]:8000"),
        ({"host": "http://127.9.9.9"}, "http://127.9.9.9"),
    ],
)
def test_forms_of_the_host(fields: dict[str, Any], base_url: str) -> None:
    found = connect(**fields)
    assert found.base_url == base_url
    assert found.loopback is any(sign in base_url for sign in ("127.", "localhost", "::1]:8000"))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"host": "https://gw.example/api/v1"}, "host: only scheme, host and port"),
        ({"host": "gw.example/api"}, "host: only scheme, host and port"),
        ({"host": "https://gw.example?a=b"}, "host: only scheme, host and port"),
        ({"host": "https://gw.example#a"}, "host: only scheme, host and port"),
        ({"host": "https://user:pass@gw.example"}, "host: only scheme, host and port"),
        ({"host": "http://gw.example"}, "host: the API key is not sent over plain http"),
        ({"host": "gw.example", "schema": "http"}, "host: the API key is not sent over plain http"),
        ({"host": "http://10.0.0.1"}, "host: the API key is not sent over plain http"),
        ({"host": "http://localhost.example"}, "host: the API key is not sent over plain http"),
        ({"host": "ftp://gw.example"}, "host: not an http(s) address"),
        ({"host": "https://"}, "host: not an http(s) address"),
        ({"host": "https://:80"}, "host: not an http(s) address"),
        ({"host": "gw.example:99999"}, "host: not an http(s) address"),
        ({"host": "gw.example:port"}, "host: not an http(s) address"),
        ({"host": "https://[::1"}, "host: not an http(s) address"),
        ({"host": "gw exa.mple"}, "host: not an http(s) address"),
        ({"host": "rivyä.ai"}, "host: not an http(s) address"),
        ({"port": 70000}, "port: 70000 is not a port number"),
        ({"port": -1}, "port: -1 is not a port number"),
        ({"password": None}, "password: no API key is set"),
        ({"password": "  "}, "password: no API key is set"),
        ({"password": "a b"}, "password: an API key has only printable ASCII"),
        ({"password": "schlüssel"}, "password: an API key has only printable ASCII"),
        ({"password": "a\x00b"}, "password: an API key has only printable ASCII"),
        ({"password": "a\x7fb"}, "password: an API key has only printable ASCII"),
        ({"extra": "{not json"}, 'extra: not JSON; expected an object such as {"retries": 5}'),
        ({"extra": "{'retries': 3}"}, "extra: not JSON"),
        ({"extra": "[" * 9000}, "extra: not JSON"),
        ({"extra": "[1]"}, "extra: a list; expected a JSON object"),
        ({"extra": [KEY]}, "extra: a list; expected a JSON object"),
        ({"extra": "5"}, "extra: '5'; expected a JSON object"),
        ({"extra": 5}, "extra: '5'; expected a JSON object"),
        ({"extra": "true"}, "extra: 'True'; expected a JSON object"),
        ({"extra": f'"{KEY}"'}, "extra: a text of "),
        ({"extra": json.dumps({"extra": {"retries": 3}})}, "extra.extra: its fields belong in the extra"),
        ({"extra": {"retries": {"value": KEY}}}, "extra.retries: an object is not a whole number"),
        ({"extra": {"retries": [KEY]}}, "extra.retries: a list is not a whole number"),
        ({"extra": {"retries": KEY}}, "extra.retries: a text of "),
        ({"extra": {"retries": "10s"}}, "extra.retries: '10s' is not a whole number"),
    ],
)
def test_what_cannot_be_used(fields: dict[str, Any], told: str) -> None:
    (found,) = faults(**fields)
    assert found.startswith(told)
    assert KEY not in found


@pytest.mark.parametrize("extra", [None, "", "{}", "null", {}])
def test_an_extra_with_nothing_in_it(extra: Any) -> None:
    assert connect(extra=extra) == connect()


def test_the_key_is_taken_without_the_space_around_it() -> None:
    assert connect(password=f" {KEY}\n").api_key == KEY


NUMERIC = [entry for entry in connection_fields() if entry.kind in ("number", "integer")]


@pytest.mark.parametrize("entry", NUMERIC, ids=lambda entry: entry.name)
@pytest.mark.parametrize("as_text", [False, True])
def test_numbers_within_their_range_from_json_and_from_the_form(entry: Any, as_text: bool) -> None:
    for value in (entry.minimum, entry.maximum):
        given = str(value) if as_text else value
        found = getattr(connect(extra=json.dumps({entry.name: given})), entry.name)
        assert found == value
        assert isinstance(found, int if entry.kind == "integer" else int | float)


@pytest.mark.parametrize("entry", NUMERIC, ids=lambda entry: entry.name)
def test_numbers_out_of_their_range_or_of_another_type(entry: Any) -> None:
    wrong = [entry.minimum - 0.01, entry.maximum + 1, "many", True, [1], {}, "nan", "inf", 10**400, "1e999"]
    if entry.kind == "integer":
        wrong.append(entry.minimum + 0.5)
    for value in wrong:
        (found,) = faults(extra={entry.name: value})
        assert found.startswith(f"extra.{entry.name}: ")
        assert f"from {entry.minimum} to {entry.maximum}" in found


@pytest.mark.parametrize("entry", connection_fields(), ids=lambda entry: entry.name)
def test_an_empty_field_is_the_default(entry: Any) -> None:
    for value in (None, ""):
        assert getattr(connect(extra={entry.name: value}), entry.name) == entry.default


def test_texts() -> None:
    assert connect(extra={"idempotency_namespace": "prod-eu"}).idempotency_namespace == "prod-eu"
    assert connect(extra={"idempotency_namespace": "x" * 100}).idempotency_namespace == "x" * 100
    for value in ("x" * 101, 5, ["a"], {"a": 1}, True):
        (found,) = faults(extra={"idempotency_namespace": value})
        assert found == "extra.idempotency_namespace: not a text of up to 100 characters"


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ("a.example", ("a.example",)),
        (" A.example , *.b.example,, ", ("a.example", "*.b.example")),
        (["a.example", "B.example"], ("a.example", "b.example")),
        (",", ()),
    ],
)
def test_lists(given: Any, hosts: tuple[str, ...]) -> None:
    assert connect(extra={"allowed_download_hosts": given}).allowed_download_hosts == hosts


@pytest.mark.parametrize(
    "given", ["https://a.example", "a.example/x", "a.example:80", "*", "*.", 5, {"a": 1}]
)
def test_lists_hold_host_names_alone(given: Any) -> None:
    (found,) = faults(extra={"allowed_download_hosts": given})
    assert found.startswith("extra.allowed_download_hosts: ")


def test_the_longest_interval_is_not_below_the_shortest() -> None:
    assert faults(extra={"poll_interval": 9, "poll_max": 8}) == ["extra.poll_max: it is below poll_interval"]
    assert connect(extra={"poll_interval": 9, "poll_max": 9}).poll_max == 9


def test_every_fault_at_once() -> None:
    found = faults(
        host="http://gw.example/a",
        password="",
        extra={"retries": 99, "read_timeout": "x", "poll_interval": 9, "poll_max": 8},
    )
    assert [line.partition(":")[0] for line in found] == [
        "host",
        "host",
        "password",
        "extra.read_timeout",
        "extra.retries",
        "extra.poll_max",
    ]


def test_an_error_says_where_to_change_it() -> None:
    with pytest.raises(ConnectionConfigError) as caught:
        connect(password="", conn_id="my_conn")
    text = str(caught.value)
    assert "connection 'my_conn' cannot be used" in text
    assert "no API key is set\n[connection my_conn]. Change it where it is set" in text
    assert "AIRFLOW_CONN_MY_CONN" in text
    assert "airflow connections add" not in text  # which refuses what is there already
    assert "nothing was charged" in text


def test_prefixed_extras_of_older_forms() -> None:
    assert connect(extra={"extra__rivya__retries": 7}).retries == 7


@pytest.mark.parametrize(
    ("name", "hint"),
    [("retry", "; did you mean retries?"), ("poll_maximum", "; did you mean poll_max?"), ("zzz", "")],
)
def test_an_unknown_field_is_a_warning_with_the_nearest_name(name: str, hint: str) -> None:
    assert connect(extra={name: "1"}).warnings == (
        f"the extra field {name!r} is not known and has no effect{hint}",
    )


def test_the_secret_of_webhooks_is_known_and_not_kept() -> None:
    read = connect(extra={"webhook_secret": "0123456789abcdef", "webhook_secret_form": "hex"})
    assert read.warnings == ()
    assert "0123456789abcdef" not in repr(read) + read.model_dump_json()


@pytest.mark.parametrize(
    "wrong", [{"host": "http://gw.example"}, {"extra": {"retries": 99}}, {"extra": "{"}, {"port": 70000}]
)
def test_the_key_is_in_no_repr_and_in_no_error(wrong: dict[str, Any]) -> None:
    assert KEY not in f"{connect()!r} {connect()}"
    with pytest.raises(ConnectionConfigError) as caught:
        connect(**wrong)
    assert KEY not in f"{caught.value!r} {caught.value} {vars(caught.value)}"


def test_a_faulty_key_is_not_shown() -> None:
    with pytest.raises(ConnectionConfigError) as caught:
        connect(password="rvya_sk_hidden part")
    assert "hidden" not in f"{caught.value!r} {caught.value} {vars(caught.value)}"


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("127.255.0.1", True),
        ("::1", True),
        ("::1%lo", True),
        ("0.0.0.0", False),  # noqa: S104 - a name to judge, not one to listen on
        ("10.0.0.1", False),
        ("rivya.ai", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_loopback(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def test_the_form_and_the_parser_are_of_one_table() -> None:
    form = conn_fields()
    assert list(form) == [entry.name for entry in connection_fields()]
    assert form["retries"]["schema"] == {
        "type": ["integer", "null"],
        "default": 3,
        "minimum": 0,
        "maximum": 10,
    }
    assert form["idempotency_namespace"]["schema"] == {
        "type": ["string", "null"],
        "default": None,
        "maxLength": 100,
    }
    filled = {name: entry["schema"]["default"] for name, entry in form.items()}
    assert connect(extra=filled) == connect()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@given(
    st.one_of(st.none(), st.text(max_size=40)),
    st.one_of(st.none(), st.text(max_size=8)),
    st.one_of(st.none(), st.integers()),
    st.one_of(
        st.text(max_size=40),
        st.dictionaries(st.sampled_from([e.name for e in connection_fields()]), ANYTHING),
    ),
)
def test_whatever_is_typed_in_is_settings_or_an_error_of_the_tree(
    host: str | None, schema: str | None, port: int | None, extra: Any
) -> None:
    try:
        found = connect(host=host, schema=schema, port=port, extra=extra)
    except ConnectionConfigError:
        return
    assert found.base_url.startswith(("https://", "http://127.", "http://localhost", "http://[::1"))
    assert 0 <= found.retries <= 10

"""
From the fields of an Airflow connection to checked settings.

Without Airflow, as the provider info is read by every Airflow component.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import Field, ValidationError

from airflow_provider_rivya.api.settings.fields import ConnectionFields, FieldInfo, connection_fields
from airflow_provider_rivya.exceptions import ConnectionConfigError
from airflow_provider_rivya.redaction import clean

WEBHOOK_FIELDS: Final = ("webhook_secret", "webhook_secret_form")
"""Read by the receiver of webhooks alone, so that no worker has the secret."""
_HOST: Final = re.compile(r"[A-Za-z0-9._:%-]+")
_NUMERIC: Final = re.compile(r"[-+]?[0-9.,]{1,20} ?[A-Za-z%]{0,3}|nan|-?inf|True|False")


class ConnectionSettings(ConnectionFields):
    """
    A connection, read and checked.

    :param conn_id: of the Airflow connection.
    :param gateway: the connection's type.
    :param base_url: scheme, host and port.
    :param api_key: never part of a repr.
    :param loopback: the gateway is on this machine: a sandbox.
    :param warnings: what has no effect, for the log.
    """

    conn_id: str
    gateway: str
    base_url: str
    api_key: str = Field(repr=False)
    loopback: bool
    warnings: tuple[str, ...] = ()


def read_connection(
    *,
    conn_id: str,
    conn_type: str,
    default_host: str,
    host: str | None,
    schema: str | None,
    port: int | None,
    password: str | None,
    extra: str | Mapping[str, Any] | None,
) -> ConnectionSettings:
    """
    Read a connection's fields.

    :param conn_type: name of the gateway.
    :raises ConnectionConfigError: with every faulty field at once.
    """
    faults: list[str] = []
    base_url, loopback = _base_url(host, schema, port, default_host, faults)
    key = (password or "").strip()
    if not key:
        faults.append("password: no API key is set")
    elif not (key.isascii() and key.isprintable()) or " " in key:
        # With a control character it is no header: a library would quote it in its error.
        faults.append("password: an API key has only printable ASCII characters, and no spaces")
    extras = _extras(extra, faults)
    fields = _fields(extras, faults)
    if faults:
        listing = "".join(f"\n  - {fault}" for fault in faults)
        raise ConnectionConfigError(
            f"The connection {conn_id!r} cannot be used:{listing}\n",
            conn_id=conn_id,
            advice=how_to_change(conn_id),
            fate="Nothing was sent and nothing was charged.",
        )
    return ConnectionSettings(
        conn_id=conn_id,
        gateway=conn_type,
        base_url=base_url,
        api_key=key,
        loopback=loopback,
        warnings=tuple(_unknown(extras)),
        **fields.model_dump(),
    )


def how_to_change(conn_id: str) -> str:
    """Return where a connection is changed that is there already."""
    return (
        "Change it where it is set: in the UI under Admin > Connections, in the environment variable "
        f"AIRFLOW_CONN_{conn_id.upper()}, or in the secrets backend."
    )


def how_to_set(conn_id: str, conn_type: str) -> str:
    """Return how a connection is made, in one line that can be copied."""
    return (
        f"Set it in the UI under Admin > Connections, or run: airflow connections add {conn_id} "
        f"--conn-type {conn_type} --conn-password YOUR_API_KEY (or set the environment variable "
        f"AIRFLOW_CONN_{conn_id.upper()}='{conn_type}://:YOUR_API_KEY@')."
    )


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _base_url(
    host: str | None, schema: str | None, port: int | None, default_host: str, faults: list[str]
) -> tuple[str, bool]:
    text = (host or "").strip() or default_host
    if "://" not in text:
        # Airflow takes the brackets off an IPv6 address of a connection that is given as a URI.
        text = f"[{text}]" if text.count(":") > 1 and "[" not in text else text
        text = f"{(schema or 'https').strip().lower()}://{text}"
    try:
        parts = urlsplit(text)
        name, scheme, own_port = parts.hostname or "", parts.scheme.lower(), parts.port or port or None
    except ValueError:
        parts, name, scheme, own_port = urlsplit(""), "", "", None
    if scheme not in ("http", "https") or not _HOST.fullmatch(name):
        faults.append("host: not an http(s) address; expected something like " + default_host)
        return default_host, False
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password:
        faults.append("host: only scheme, host and port belong here, no path, query or user")
    if own_port is not None and not 0 < own_port < 65536:
        faults.append(f"port: {own_port} is not a port number")
    loopback = is_loopback(name)
    if scheme == "http" and not loopback:
        faults.append(
            "host: the API key is not sent over plain http, except to this machine (127.0.0.1, localhost)"
        )
    shown = f"[{name}]" if ":" in name else name
    return f"{scheme}://{shown}" + (f":{own_port}" if own_port else ""), loopback


def _extras(extra: str | Mapping[str, Any] | None, faults: list[str]) -> dict[str, Any]:
    try:
        read = json.loads(extra) if extra and isinstance(extra, str) else extra
    except (ValueError, RecursionError):
        faults.append('extra: not JSON; expected an object such as {"retries": 5}')
        return {}
    if not isinstance(read or {}, Mapping):
        faults.append(f'extra: {_kind_of(read)}; expected a JSON object such as {{"retries": 5}}')
        return {}
    # Airflow's older forms stored a field under its prefixed name.
    return {str(key).rpartition("__")[2]: value for key, value in (read or {}).items()}


def _fields(extras: Mapping[str, Any], faults: list[str]) -> ConnectionFields:
    given = {name: value for name, value in extras.items() if value is not None and value != ""}
    for name, value in given.items():
        if isinstance(value, Mapping) and ConnectionFields.model_fields.keys() & value.keys():
            faults.append(f"extra.{clean(name, 60)}: its fields belong in the extra itself, one level up")
    try:
        return ConnectionFields.model_validate(given)
    except ValidationError as error:
        known = {entry.name: entry for entry in connection_fields()}
        for entry in error.errors(include_url=False, include_input=False):
            name = str(entry["loc"][0])
            faults.append(f"extra.{name}: {_expected(known[name], given[name], entry)}")
        return ConnectionFields()


def _expected(field: FieldInfo, value: Any, error: Mapping[str, Any]) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if field.kind == "text":
        return f"not a text of up to {field.maximum:g} characters"
    what = "a whole number" if field.kind == "integer" else "a number"
    return f"{_kind_of(value)} is not {what} from {field.minimum} to {field.maximum}"


def _kind_of(value: Any) -> str:
    """Name a value; a text that is not a number may be a key in the wrong field, and is not shown."""
    text = str(value)
    if isinstance(value, int | float | str) and _NUMERIC.fullmatch(text):
        return repr(text)
    names = {dict: "an object", list: "a list", int: "a number", str: f"a text of {len(text)} characters"}
    return names.get(type(value), f"a {type(value).__name__}")


def _unknown(extras: Mapping[str, Any]) -> Iterator[str]:
    known = [*ConnectionFields.model_fields, *WEBHOOK_FIELDS]
    for name in extras:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield f"the extra field {clean(name, 60)!r} is not known and has no effect{hint}"

"""From the fields of an Airflow connection to checked settings. Plain Python without Airflow."""

from __future__ import annotations

import difflib
import ipaddress
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from airflow_provider_rivya.api.fields import FIELDS, ConnField
from airflow_provider_rivya.exceptions import ConnectionConfigError

_HOST: Final = re.compile(r"[A-Za-z0-9._:%-]+")


@dataclass(frozen=True)
class ConnectionSettings:
    """
    A connection, read and checked.

    :param conn_id: of the Airflow connection.
    :param gateway: ``rivya`` or ``toapis``: the connection's type.
    :param base_url: scheme, host and port.
    :param api_key: never part of a repr.
    :param loopback: the gateway is on this machine: a sandbox.

    The other fields are those of :data:`~airflow_provider_rivya.api.fields.FIELDS`.
    """

    conn_id: str
    gateway: str
    base_url: str
    api_key: str = field(repr=False)
    loopback: bool
    connect_timeout: float
    read_timeout: float
    retries: int
    poll_first: float | None
    poll_interval: float | None
    poll_max: float | None
    max_in_flight: int
    idempotency_namespace: str
    allowed_download_hosts: tuple[str, ...]
    max_output_bytes: int
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

    :param conn_type: ``rivya`` or ``toapis``, for the advice in messages.
    :raises ConnectionConfigError: with every faulty field at once.
    """
    faults: list[str] = []
    base_url, loopback = _base_url(host, schema, port, default_host, faults)
    key = (password or "").strip()
    if not key:
        faults.append("password: no API key is set")
    elif not key.isascii() or any(character.isspace() for character in key):
        faults.append("password: an API key has no spaces and only ASCII characters")
    extras = _extras(extra, faults)
    values = {entry.name: _value(entry, extras.get(entry.name), faults) for entry in FIELDS}
    if (values["poll_interval"] or 0) > (values["poll_max"] or math.inf):
        faults.append("extra.poll_interval: it is above poll_max")
    if faults:
        listing = "".join(f"\n  - {fault}" for fault in faults)
        raise ConnectionConfigError(
            f"The connection {conn_id!r} cannot be used:{listing}\n",
            conn_id=conn_id,
            advice=how_to_set(conn_id, conn_type),
            fate="Nothing was sent and nothing was charged.",
        )
    return ConnectionSettings(
        conn_id=conn_id,
        gateway=conn_type,
        base_url=base_url,
        api_key=key,
        loopback=loopback,
        warnings=tuple(_unknown(extras)),
        **values,
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
    text = (host or "").strip()
    if not text:
        text = default_host
    elif "://" not in text:
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
    if not extra:
        return {}
    if isinstance(extra, str):
        try:
            extra = json.loads(extra)
        except ValueError:
            faults.append("extra: not JSON")
            return {}
    if not isinstance(extra, Mapping):
        faults.append("extra: not a JSON object")
        return {}
    # Airflow's older forms stored a field under its prefixed name.
    return {str(key).rpartition("__")[2]: value for key, value in extra.items()}


def _value(entry: ConnField, raw: Any, faults: list[str]) -> Any:
    if raw is None or raw == "":
        return entry.default
    if entry.kind in ("number", "integer"):
        number = _number(raw)
        whole = entry.kind == "integer"
        if number is None or (whole and not number.is_integer()) or not _within(entry, number):
            what = "a whole number" if whole else "a number"
            faults.append(
                f"extra.{entry.name}: {str(raw)[:40]!r} is not {what} from {entry.minimum} to {entry.maximum}"
            )
            return entry.default
        return int(number) if whole else number
    if not isinstance(raw, str | list | tuple if entry.kind == "list" else str) or not _within(
        entry, len(raw)
    ):
        faults.append(f"extra.{entry.name}: not a text of up to {entry.maximum:g} characters")
        return entry.default
    if entry.kind == "list":
        parts = raw.split(",") if isinstance(raw, str) else [str(part) for part in raw]
        hosts = tuple(part.strip().lower() for part in parts if part.strip())
        if any("/" in host or ":" in host or host in ("*", "*.") for host in hosts):
            faults.append(f"extra.{entry.name}: host names only, without scheme, port or path")
        return hosts
    return str(raw)


def _number(raw: Any) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _within(entry: ConnField, value: float) -> bool:
    return (entry.minimum is None or value >= entry.minimum) and (
        entry.maximum is None or value <= entry.maximum
    )


def _unknown(extras: Mapping[str, Any]) -> list[str]:
    known = [entry.name for entry in FIELDS]
    warnings = []
    for name in extras:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            warnings.append(f"the extra field {name[:60]!r} is not known and has no effect{hint}")
    return warnings

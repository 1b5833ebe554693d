"""
From the fields of an Airflow connection to checked settings: one model for parser, form and documentation.

Without Airflow, as the provider info is read by every Airflow component.
"""

from __future__ import annotations

import difflib
import functools
import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from airflow_provider_rivya.exceptions import ConnectionConfigError

_HOST: Final = re.compile(r"[A-Za-z0-9._:%-]+")
_PLACE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/@]*(/|$)")


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("boolean", "a boolean is no number")
    return value


def _listed(value: Any) -> tuple[str, ...]:
    if not isinstance(value, str | list | tuple) or len(value) > _LONGEST_LIST:
        raise ValueError(f"not a text of up to {_LONGEST_LIST} characters")
    parts = value.split(",") if isinstance(value, str) else [str(part) for part in value]
    return tuple(part.strip() for part in parts if part.strip())


def _hosts(value: Any) -> tuple[str, ...]:
    hosts = tuple(host.lower() for host in _listed(value))
    if any("/" in host or ":" in host or host in ("*", "*.") for host in hosts):
        raise ValueError("host names only, without scheme, port or path")
    return hosts


def _places(value: Any) -> tuple[str, ...]:
    places = _listed(value)
    if not all(place.startswith("/") or _PLACE.match(place) for place in places):
        raise ValueError(
            "absolute folders, or URI prefixes such as s3://bucket/photos/, without a connection"
        )
    return places


_LONGEST_LIST: Final = 2000
_Number = Annotated[float, BeforeValidator(_number)]
_Whole = Annotated[int, BeforeValidator(_number)]
_Interval = Annotated[float, Field(ge=0.05, le=3600), BeforeValidator(_number)]
_IntervalFromZero = Annotated[float, Field(ge=0, le=3600), BeforeValidator(_number)]
_Rate = Annotated[float, Field(ge=0.01, le=1000), BeforeValidator(_number)]
_Hosts = Annotated[tuple[str, ...], BeforeValidator(_hosts)]
_Places = Annotated[tuple[str, ...], BeforeValidator(_places)]
_Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
WEBHOOK_FIELDS: Final = ("webhook_secret", "webhook_secret_form")
"""Read by the receiver of webhooks alone, so that no worker has the secret."""
_AS_ADVISED: Final = "Empty: as the gateway advises."


def _field(default: Any, label: str, help: str, **bounds: Any) -> Any:
    return Field(default=default, title=label, description=help, **bounds)


class ConnectionFields(BaseModel):
    """
    The further fields of a gateway's connection, as they stand in its extra JSON.

    A field is its type, default, label in the form, one sentence with the unit, and bounds.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, allow_inf_nan=False)

    connect_timeout: _Number = _field(
        10, "Connect timeout (s)", "Longest time to open a connection to the gateway.", ge=1, le=120
    )
    read_timeout: _Number = _field(
        60,
        "Read timeout (s)",
        "Longest time without a byte of the answer. With connect_timeout it bounds a whole call.",
        ge=1,
        le=600,
    )
    retries: _Whole = _field(
        3, "Retries", "How often one call is repeated after a temporary error.", ge=0, le=10
    )
    poll_first: _IntervalFromZero | None = _field(
        None, "First poll (s)", f"Seconds from submission to the first status call. {_AS_ADVISED}"
    )
    poll_interval: _Interval | None = _field(
        None, "Shortest poll interval (s)", f"Seconds between status calls, at first. {_AS_ADVISED}"
    )
    poll_max: _Interval | None = _field(
        None, "Longest poll interval (s)", f"Intervals grow up to this many seconds. {_AS_ADVISED}"
    )
    max_in_flight: _Whole = _field(
        8,
        "Requests at once",
        "Requests that one process has open at the same time. A pool limits tasks.",
        ge=1,
        le=100,
    )
    max_requests_per_second: _Rate | None = _field(
        None,
        "Requests a second",
        "Calls that one process begins in a second; submissions and status calls count apart where the "
        "gateway does so. Empty: as the gateway documents.",
    )
    idempotency_namespace: str = _field(
        "",
        "Idempotency namespace",
        "Tells Airflow deployments apart that share an account and have the same DAG and run ids.",
        max_length=100,
    )
    allowed_download_hosts: _Hosts = _field(
        (),
        "Allowed download hosts",
        "Comma-separated hosts (or *.example.com) that results may be fetched from although their address is "
        "not public.",
    )
    max_output_bytes: _Whole = _field(
        2 * 1024**3, "Largest output (bytes)", "A larger result file is not stored.", ge=1024, le=1024**4
    )
    reference_locations: _Places = _field(
        (),
        "Reference locations",
        "Comma-separated folders and URI prefixes (/data/photos/, s3://bucket/photos/, https://example.com/) "
        "that reference files may come from. Empty: anywhere.",
    )
    reference_conn_ids: _Names = _field(
        (),
        "Reference connections",
        "Comma-separated ids of Airflow connections that a reference may name. Empty: any.",
    )

    @field_validator("poll_max")
    @classmethod
    def _not_below_the_shortest(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None and value < (info.data.get("poll_interval") or 0.0):
            raise ValueError("it is below poll_interval")
        return value


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


Kind = Literal["number", "integer", "text", "list"]


class FieldInfo(NamedTuple):
    """
    One of the :class:`ConnectionFields`, for a form or a table.

    :param kind: ``list`` is comma-separated text.
    :param minimum: smallest allowed value of a number.
    :param maximum: largest allowed value, or for text the longest length.
    """

    name: str
    label: str
    help: str
    kind: Kind
    default: Any
    minimum: float | None
    maximum: float


@functools.cache
def connection_fields() -> tuple[FieldInfo, ...]:
    """Return the fields in the order of the form."""
    kinds: Mapping[str, Kind] = {"number": "number", "integer": "integer", "string": "text", "array": "list"}
    fields = []
    for name, described in ConnectionFields.model_json_schema()["properties"].items():
        schema = {**described, **described.get("anyOf", [{}])[0]}
        fields.append(
            FieldInfo(
                name=name,
                label=described["title"],
                help=described["description"],
                kind=kinds[schema["type"]],
                default=ConnectionFields.model_fields[name].default,
                minimum=schema.get("minimum"),
                maximum=schema.get("maximum", schema.get("maxLength", _LONGEST_LIST)),
            )
        )
    return tuple(fields)


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
    elif not key.isascii() or any(character.isspace() for character in key):
        faults.append("password: an API key has no spaces and only ASCII characters")
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
        f"AIRFLOW_CONN_{conn_id.upper()}, or in the backend that keeps it."
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
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host.partition("%")[0]).is_loopback
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
    if not extra:
        return {}
    if isinstance(extra, str):
        try:
            extra = json.loads(extra)
        except (ValueError, RecursionError):
            faults.append("extra: not JSON")
            return {}
    if not isinstance(extra, Mapping):
        faults.append("extra: not a JSON object")
        return {}
    # Airflow's older forms stored a field under its prefixed name.
    return {str(key).rpartition("__")[2]: value for key, value in extra.items()}


def _fields(extras: Mapping[str, Any], faults: list[str]) -> ConnectionFields:
    given = {name: value for name, value in extras.items() if value is not None and value != ""}
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
    return f"{str(value)[:40]!r} is not {what} from {field.minimum} to {field.maximum}"


def _unknown(extras: Mapping[str, Any]) -> Iterator[str]:
    known = [*ConnectionFields.model_fields, *WEBHOOK_FIELDS]
    for name in extras:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield f"the extra field {name[:60]!r} is not known and has no effect{hint}"

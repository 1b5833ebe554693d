"""The further fields of a connection, as data: one model for parser, form and documentation."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

_PLACE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/@]*(/|$)")


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("boolean", "a boolean is not a number")
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

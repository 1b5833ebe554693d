"""
The further fields of a gateway's Airflow connection: one table for the form, the parser and the docs.

Plain Python without Airflow, as the provider info is read by every Airflow component.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal


@dataclass(frozen=True, slots=True)
class ConnField:
    """
    One extra field of the connection.

    :param name: key in the extra JSON.
    :param label: shown in the form.
    :param help: one sentence, with the unit.
    :param kind: how it is read; ``list`` is comma-separated text.
    :param default: used when the field is empty; ``None`` means "as the gateway advises".
    :param minimum: smallest allowed value, or for text the shortest length.
    :param maximum: largest allowed value, or for text the longest length.
    """

    name: str
    label: str
    help: str
    kind: Literal["number", "integer", "text", "list"]
    default: Any
    minimum: float | None = None
    maximum: float | None = None


FIELDS: Final[tuple[ConnField, ...]] = (
    ConnField(
        name="connect_timeout",
        label="Connect timeout (s)",
        help="Seconds until a connection must stand.",
        kind="number",
        default=10,
        minimum=1,
        maximum=120,
    ),
    ConnField(
        name="read_timeout",
        label="Read timeout (s)",
        help="Seconds without a byte until an answer is given up.",
        kind="number",
        default=60,
        minimum=1,
        maximum=600,
    ),
    ConnField(
        name="retries",
        label="Retries",
        help="Repeats of one call after a passing fault.",
        kind="integer",
        default=3,
        minimum=0,
        maximum=10,
    ),
    ConnField(
        name="poll_first",
        label="First poll (s)",
        help="Seconds from submission to the first status call. Empty: as the gateway advises.",
        kind="number",
        default=None,
        minimum=0,
        maximum=3600,
    ),
    ConnField(
        name="poll_interval",
        label="Shortest poll interval (s)",
        help="Seconds between status calls, at first. Empty: as the gateway advises.",
        kind="number",
        default=None,
        minimum=0.05,
        maximum=3600,
    ),
    ConnField(
        name="poll_max",
        label="Longest poll interval (s)",
        help="Intervals grow up to this many seconds. Empty: as the gateway advises.",
        kind="number",
        default=None,
        minimum=0.05,
        maximum=3600,
    ),
    ConnField(
        name="max_in_flight",
        label="Requests at once",
        help="Requests that one process has open at the same time.",
        kind="integer",
        default=8,
        minimum=1,
        maximum=100,
    ),
    ConnField(
        name="idempotency_namespace",
        label="Idempotency namespace",
        help="Tells Airflow deployments apart that share an account and have the same DAG and run ids.",
        kind="text",
        default="",
        minimum=0,
        maximum=100,
    ),
    ConnField(
        name="allowed_download_hosts",
        label="Allowed download hosts",
        help="Comma-separated hosts (or *.example.com) that results may be fetched from although their "
        "address is not public.",
        kind="list",
        default=(),
        minimum=0,
        maximum=2000,
    ),
    ConnField(
        name="max_output_bytes",
        label="Largest output (bytes)",
        help="A result file above this is not landed.",
        kind="integer",
        default=2 * 1024**3,
        minimum=1024,
        maximum=1024**4,
    ),
)


def conn_fields() -> dict[str, dict[str, Any]]:
    """Return the ``conn-fields`` part of the provider info (a JSON schema per field)."""
    fields: dict[str, dict[str, Any]] = {}
    for entry in FIELDS:
        numeric = entry.kind in ("number", "integer")
        schema: dict[str, Any] = {"type": [entry.kind if numeric else "string", "null"]}
        schema["default"] = entry.default if numeric else (entry.default or None)
        bounds = ("minimum", "maximum") if numeric else (None, "maxLength")
        for name, bound in zip(bounds, (entry.minimum, entry.maximum), strict=True):
            if name and bound is not None:
                schema[name] = int(bound) if name == "maxLength" else bound
        fields[entry.name] = {"label": entry.label, "description": _help(entry), "schema": schema}
    return fields


def _help(entry: ConnField) -> str:
    """The help with the range: some forms show nothing of the schema."""
    if entry.kind in ("number", "integer"):
        return f"{entry.help} From {entry.minimum} to {entry.maximum}."
    return f"{entry.help} Up to {entry.maximum} characters."

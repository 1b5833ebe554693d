"""Where reference files may come from, if the connection narrows it: for rows that are not trusted. Pure."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.redaction import clean, host_of
from airflow_provider_rivya.storage.path import LOCAL_SCHEMES

if TYPE_CHECKING:
    from airflow_provider_rivya.api.settings.fields import ConnectionFields

_SAME_SCHEME: Final = {
    "s3a": "s3",
    "s3n": "s3",
    "gcs": "gs",
    "local": "file",
    "abfss": "abfs",
    "wasbs": "wasb",
}


@dataclass(frozen=True, slots=True)
class ReferencePlaces:
    """
    What a connection allows.

    :param locations: folders and URI prefixes; none: anywhere.
    :param conn_ids: the Airflow connections that a reference may name; none: any.
    """

    locations: Sequence[str] = ()
    conn_ids: Sequence[str] = ()

    @classmethod
    def of(cls, settings: ConnectionFields) -> ReferencePlaces:
        return cls(settings.reference_locations, settings.reference_conn_ids)

    def fault(self, source: str, conn_id: Any, path: str) -> Fault | None:
        """
        Return why a reference may not be read.

        :param source: a local path, a URI or a URL.
        :param conn_id: that was given beside it.
        :param path: of the fault.
        """
        if not self.locations and not self.conn_ids:
            return None
        where, named = _place_of(source)
        conn_id = named or conn_id
        if self.conn_ids and conn_id is not None and conn_id not in self.conn_ids:
            return Fault(
                path,
                f"it names the connection {clean(conn_id, 60)!r}, which references may not use",
                ", ".join(self.conn_ids) + " (reference_conn_ids of the connection)",
            )
        if self.locations and not any(_is_below(where, _place_of(place)[0]) for place in self.locations):
            shown = host_of(source) if where.startswith("http") else clean(source, 120)
            return Fault(
                path,
                f"{shown!r} is not in a place that references may come from",
                ", ".join(self.locations) + " (reference_locations of the connection)",
            )
        return None


ANYWHERE: Final = ReferencePlaces()


def _place_of(source: str) -> tuple[str, str | None]:
    """Return a source in one spelling, without its connection, and that."""
    scheme, found, rest = source.partition("://")
    scheme = scheme.lower()
    scheme = _SAME_SCHEME.get(scheme, scheme)
    if not found or scheme in LOCAL_SCHEMES:
        local = rest.removeprefix("localhost") if found else source
        with suppress(ValueError):  # no path at all, as will be told when it is opened
            local = os.path.realpath(local)  # what a link leads to is what would be read
        return f"file://{local}", None
    netloc, slash, key = rest.partition("/")
    userinfo, _, host = netloc.rpartition("@")
    if scheme in ("http", "https"):
        # Without query and fragment: they lead nowhere else, but may hold anything.
        key = unquote(key.partition("?")[0].partition("#")[0]).replace("\\", "/")
        host = host.partition("?")[0].partition("#")[0].lower()
    return f"{scheme}://{host}{slash}{key}", userinfo or None


def _is_below(where: str, place: str) -> bool:
    prefix = place.rstrip("/")
    steps = where.partition("://")[2].split("/")
    return where == prefix or (where.startswith(f"{prefix}/") and ".." not in steps)

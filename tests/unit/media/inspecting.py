"""A file is looked at as it comes: in one piece, and byte by byte."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_rivya.exceptions import DamagedError, NotMediaError
from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.media.raw import RawSound
from airflow_provider_rivya.media.types import MediaFacts
from tests.unit.media.samples import cut


def inspect(data: bytes, raw: RawSound | None = None) -> MediaFacts:
    """Look at a file, in one piece and byte by byte: both must tell the same."""

    def told(chunks: Iterable[bytes]) -> MediaFacts | Exception:
        inspector = StreamInspector(raw=raw)
        try:
            for chunk in chunks:
                inspector.feed(chunk)
            return inspector.finish()
        except (DamagedError, NotMediaError) as error:
            return error

    whole, bytewise = told([data]), told(cut(data, 1))
    if isinstance(whole, Exception):
        assert repr(whole) == repr(bytewise)
        raise whole
    assert whole == bytewise
    return whole

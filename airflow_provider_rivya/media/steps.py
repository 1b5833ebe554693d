"""Steps that walks of several formats share."""

from __future__ import annotations

from typing import Final

from airflow_provider_rivya.media.notes import NAMED_WITHIN, Notes
from airflow_provider_rivya.media.scanner import Pass, Peek, Rest, Sink, Walk
from airflow_provider_rivya.media.types import MediaType

#: For sound and film whose sizes were left open by a writer that could not seek back.
OPEN_ENDED: Final = "it does not say how long it is, so a cut would not show"


def unchecked(media_type: MediaType | None) -> str:
    """Say that a cut would not show."""
    return f"{media_type.mime_type if media_type else 'it'} is a format that is not checked to its end"


def unusual(media_type: MediaType) -> str:
    """Say that no gateway is known to make such files."""
    return f"{media_type.mime_type} ({media_type.extension}) is not a format that gateways make"


def pass_by(notes: Notes, count: int, sink: Sink | None = None) -> Walk:
    """Let ``count`` bytes go by; a file that is not sure by :data:`.NAMED_WITHIN` is what it looks like."""
    if notes.media_type is None and notes.likely is not None and notes.position + count > NAMED_WITHIN:
        before = max(0, NAMED_WITHIN - notes.position)
        yield Pass(before, sink)
        notes.media_type = notes.likely
        count -= before
    yield Pass(count, sink)


class Counter:
    """Counts what goes by."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, data: memoryview) -> None:
        self.count += len(data)


def follow(count: int) -> str:
    """Say that something stands behind the end, which decoders ignore."""
    return f"{count} bytes follow its end"


def pass_trailer(notes: Notes) -> Walk:
    """Let go by what stands behind the end: decoders ignore it, and so it is no reason to lose the file."""
    if (yield Peek(1)):
        counter = Counter()
        yield Rest(counter)
        notes.doubt(follow(counter.count))

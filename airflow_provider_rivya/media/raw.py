"""Sound without any header, which only the request that asked for it can tell from noise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from airflow_provider_rivya.media.notes import Notes
from airflow_provider_rivya.media.scanner import Rest, TruncatedError, Walk
from airflow_provider_rivya.media.steps import Counter
from airflow_provider_rivya.media.types import MediaType

_FORMAT: Final = re.compile(
    r"(?P<coding>pcm|mulaw|ulaw|alaw)(?:_[a-z0-9]+)*?_(?P<rate>\d{4,6})", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class RawSound:
    """
    One channel of samples, and nothing else.

    :param rate: samples a second.
    :param width: bytes of a sample.
    """

    media_type: MediaType
    rate: int
    width: int

    @classmethod
    def of(cls, output_format: Any) -> RawSound | None:
        """Read a request's ``output_format``, such as ``pcm_24000``; ``None``: it asks for something else."""
        found = _FORMAT.fullmatch(output_format) if isinstance(output_format, str) else None
        if found is None:
            return None
        rate = int(found["rate"])
        match found["coding"].lower():
            case "pcm":
                return cls(MediaType(f"audio/L16;rate={rate}", "pcm", "audio"), rate, 2)
            case "alaw":
                return cls(MediaType(f"audio/PCMA;rate={rate}", "alaw", "audio"), rate, 1)
        mime_type = "audio/basic" if rate == 8000 else f"audio/PCMU;rate={rate}"
        return cls(MediaType(mime_type, "ulaw", "audio"), rate, 1)


def walk_raw(notes: Notes, raw: RawSound) -> Walk:
    """Count the samples; a cut shows only inside one."""
    notes.settle(raw.media_type)
    counter = Counter()
    yield Rest(counter)
    if counter.count % raw.width:
        raise TruncatedError("it ends inside a sample")
    notes.duration_s = counter.count / raw.width / raw.rate
    notes.doubt("it has no header: that it is the sound that was asked for, and whole, cannot be seen")

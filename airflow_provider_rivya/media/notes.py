"""What a walk over a file has found out so far, and what it wonders at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from airflow_provider_rivya.media.types import MediaType

#: A file has its name when so many bytes have come, at the latest; until then they are held in memory.
NAMED_WITHIN: Final = 8 * 1024 * 1024

_MOST_DOUBTS: Final = 8


@dataclass
class Notes:
    """
    Written by walks, read when the file has ended.

    :ivar likely: what it looks like, and is taken for if it turns out to be damaged.
    :ivar media_type: what it is, as soon as that is sure; its contents may still tell otherwise when
        :data:`NAMED_WITHIN` bytes have gone by without telling it.
    :ivar width: in pixels.
    :ivar duration_s: of film and sound, in seconds.
    :ivar doubts: what is odd about it although it is whole, in words.
    :ivar provenance: what it says of how it was made: ``c2pa``, ``xmp``. Whether that is true nobody asks.
    :ivar position: how many bytes the walk has done with.
    """

    likely: MediaType | None = None
    media_type: MediaType | None = None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    doubts: list[str] = field(default_factory=list)
    provenance: set[str] = field(default_factory=set)
    position: int = 0

    def settle(self, media_type: MediaType) -> None:
        """Note that this is what the file is."""
        self.likely = self.media_type = media_type

    def doubt(self, text: str) -> None:
        """Note what is odd, each thing once."""
        if text not in self.doubts and len(self.doubts) < _MOST_DOUBTS:
            self.doubts.append(text)

    def offer_size(self, width: int, height: int) -> None:
        """Take dimensions, if they are larger than those that are known."""
        if width * height > (self.width or 0) * (self.height or 0):
            self.width, self.height = width, height

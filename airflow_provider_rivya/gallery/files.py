"""Writes galleries, small pictures and sidecars beside the outputs; what cannot be made is a warning."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from tempfile import NamedTemporaryFile
from typing import Any, Final, cast

from airflow_provider_rivya.exceptions import StorageError
from airflow_provider_rivya.gallery import page
from airflow_provider_rivya.gallery.card import Card, name_of
from airflow_provider_rivya.media.stills import Stills, can_draw
from airflow_provider_rivya.media.types import Kind
from airflow_provider_rivya.storage.atomic_file import SmallFile
from airflow_provider_rivya.storage.path import safe_name
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.storage.staged import reason_of

log = logging.getLogger(__name__)

THUMBNAIL: Final = ".thumb.webp"
PREVIEW_SIDE: Final = 288
PREVIEW_BYTES: Final = 9 * 1024
"""Of a picture in a gallery: a thousand of them are below 15 MB of text."""
_MOST_READ: Final = 128 * 1024 * 1024
"""Of a file in object storage, which is copied to this worker to be drawn."""
_BLOCK: Final = 1024 * 1024


class Beside:
    """
    Writes into the folder of the outputs.

    :param stopped: whether the task is to end: nothing more is drawn then.
    """

    def __init__(
        self, place: OutputPlace, stills: Stills, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        self._place = place
        self._stills = stills
        self._stopped = stopped

    def thumbnail(self, output: dict[str, Any], side: int) -> None:
        """Put a small WebP beside an output, and note its ``thumbnail_uri`` there."""
        output["thumbnail_uri"] = None
        with _no_harm(f"No thumbnail of {output['uri']}"):
            if (drawn := self._drawn(output, name_of(output), side, 0)) is not None:
                output["thumbnail_uri"] = self._put(f"{name_of(output)}{THUMBNAIL}", [drawn])

    def sidecar(self, output: dict[str, Any], document: dict[str, Any]) -> None:
        """Put a JSON file beside an output, and note its ``sidecar_uri`` there."""
        output["sidecar_uri"] = None
        with _no_harm(f"No sidecar of {output['uri']}"):
            content = json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n"
            file = name_of(output)
            name = f"{os.path.splitext(file)[0]}.json"
            if not self._claimed(name, file):  # a.png and a.mp4 have one each
                name = f"{file}.json"
            output["sidecar_uri"] = self._put(name, [content.encode("utf-8", "replace")])

    def gallery(
        self,
        stem: str,
        owner: str,
        heading: str,
        about: str,
        statuses: Sequence[str],
        cards: Iterable[Card],
    ) -> str | None:
        """
        Write a gallery, a page after the other.

        :param stem: of the pages' names, unless a file of another owner is called so.
        :param owner: whose it is; the same over all tries.
        :param statuses: of all cards, in order.
        :param cards: as many; read once.
        :return: where its first page is; ``None``: it could not be made.
        """
        count = page.page_count(len(statuses))
        left = iter(cards)
        with _no_harm("No gallery"):
            stem = self._own(stem, owner)
            names = [f"{stem}.html", *(f"{stem}-page{number}.html" for number in range(2, count + 1))]
            contents = page.Contents(heading, about, statuses, names, owner)
            for number, name in enumerate(names):
                self._put(name, self._page(contents, number, left))
            return self._place.uri_of(names[0])
        return None

    def _own(self, stem: str, owner: str) -> str:
        """Return what the pages are called: that, if nobody else has such a page; else after their owner."""
        mark = page.mark(owner).encode()
        self._place.make_folder()
        try:
            SmallFile(self._place, f"{stem}.html").create(mark)
        except FileExistsError:
            with self._place.open(f"{stem}.html") as there:
                if mark not in there.read(page.LONGEST_HEAD):
                    return f"{stem}-{safe_name(owner)}"
        return stem

    def _claimed(self, sidecar: str, file: str) -> bool:
        """Whether a sidecar of this name is about this file from now on; another may be written right now."""
        self._place.make_folder()
        there = SmallFile(self._place, sidecar)
        with suppress(FileExistsError):
            there.create(json.dumps({"file": file}).encode())
            return True
        with suppress(ValueError, TypeError, KeyError, RecursionError):
            return bool(json.loads(there.read() or b"")["file"] == file)
        return False

    def _page(self, contents: page.Contents, number: int, cards: Iterator[Card]) -> Iterator[bytes]:
        yield page.begin(contents, number).encode("utf-8", "replace")
        for _ in range(contents.of_page(number).total()):
            card = next(cards)
            yield page.card(card, self._preview(card)).encode("utf-8", "replace")
        yield page.end(contents, number).encode("utf-8", "replace")

    def _preview(self, card: Card) -> bytes | None:
        output = card.output or {}
        small = str(output.get("thumbnail_uri") or "").rpartition("/")[2]
        with _no_harm(f"No picture of {card.file_name} in the gallery"):
            if card.kind and card.file_name:
                return self._drawn(output, small or card.file_name, PREVIEW_SIDE, PREVIEW_BYTES)
        return None

    def _drawn(self, output: Any, name: str, side: int, most_bytes: int) -> bytes | None:
        small = name.endswith(THUMBNAIL)
        kind = cast(Kind, "image" if small else str(output["mime_type"]).partition("/")[0])
        if self._stopped() or not can_draw(kind):
            return None
        with self._at_hand(name) as path:
            return None if path is None else self._stills.draw(path, kind, side, most_bytes)

    @contextmanager
    def _at_hand(self, name: str) -> Iterator[str | None]:
        """Lend a file as one of this machine; ``None``: it is too large to be fetched for this."""
        if self._place.target.is_local:
            yield self._place.path_of(name)
            return
        with self._place.open(name) as stored, NamedTemporaryFile(prefix="rivya-") as copy:
            left = _MOST_READ
            while left > 0 and (block := stored.read(_BLOCK)):
                left -= len(block)
                copy.write(block)
            copy.flush()
            yield copy.name if left > 0 else None

    def _put(self, name: str, pieces: Iterable[bytes]) -> str:
        self._place.make_folder()
        with self._place.stage(name) as staged:
            for piece in pieces:
                staged.write(piece)
            return staged.commit()


@contextmanager
def _no_harm(what: str) -> Iterator[None]:
    """What is paid for is landed, and is no failure because of what was to stand beside it."""
    try:
        yield
    except Exception as error:
        log.warning("%s: %s", what, error.message if isinstance(error, StorageError) else reason_of(error))

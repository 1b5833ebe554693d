"""One output on its way into its place: named by its first bytes, and by what stands there already."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from airflow_provider_rivya.exceptions import DownloadError, NotMediaError, StorageError
from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.media.types import Kind, MediaFacts, MediaType
from airflow_provider_rivya.storage.place import IfExists, OutputPlace
from airflow_provider_rivya.storage.staged import StagedFile, reason_of

log = logging.getLogger(__name__)

_READ_CHUNK = 64 * 1024


@dataclass(frozen=True)
class LandedFile:
    """
    An output in its place.

    :param uri: where it lies, without connection.
    :param conn_id: the connection to read it with; ``None`` for a local file.
    :param width: in pixels; ``None`` for sound and where the format does not tell.
    :param kept: whether an earlier file was kept (``if_exists``) rather than this one written.
    """

    uri: str
    conn_id: str | None
    mime_type: str
    size_bytes: int
    sha256: str
    width: int | None
    height: int | None
    kind: Kind
    kept: bool = False


class OutputWriter:
    """Write a file whose name is known only when its first bytes have told its format."""

    def __init__(self, place: OutputPlace, name_for: Callable[[MediaType], str], if_exists: IfExists) -> None:
        self._place = place
        self._name_for = name_for
        self._if_exists = if_exists
        self._held: list[bytes] = []
        self._name: str | None = None
        self._staged: StagedFile | None = None
        #: The earlier file, if that one is to be kept.
        self.kept: LandedFile | None = None

    def feed(self, chunk: bytes, media_type: MediaType | None) -> None:
        """Take in the next bytes; they are held back while ``media_type`` is ``None``."""
        if self._name is None:
            self._held.append(chunk)
            if media_type is None:
                return
            chunk = b"".join(self._held)
            self._held.clear()
            self._begin(media_type)
        if self._staged is not None:
            self._staged.write(chunk)

    def commit(self, facts: MediaFacts) -> LandedFile:
        """Let the file appear, unless one of the same content stands there and may not be replaced."""
        name = self._name or ""
        if self._staged is not None:
            self._staged.commit()
            return _landed(self._place, name, facts)
        if self._digest_of(name) == facts.sha256:
            return _landed(self._place, name, facts, kept=True)
        raise StorageError(
            f"{self._place.uri_of(name)} exists already with another content, and if_exists is 'fail'.",
            conn_id=self._place.conn_id,
            advice="Remove that file, or set if_exists='overwrite'.",
        )

    def discard(self) -> None:
        """Drop what is not committed."""
        if self._staged is not None:
            self._staged.discard()

    def _begin(self, media_type: MediaType) -> None:
        self._name = name = self._name_for(media_type)
        taken = self._if_exists != "overwrite" and self._place.exists(name)
        if taken and self._if_exists == "skip":
            self.kept = self._describe_existing(name)
        elif not taken:
            self._staged = self._place.stage(name)

    def _describe_existing(self, name: str) -> LandedFile:
        uri = self._place.uri_of(name)
        try:
            with StreamInspector(f"The file that stands at {uri}") as inspector:
                for chunk in self._read(name):
                    inspector.feed(chunk)
                return _landed(self._place, name, inspector.finish(), kept=True)
        except (DownloadError, NotMediaError) as error:
            raise StorageError(
                error.message,
                conn_id=self._place.conn_id,
                advice="It was to be kept (if_exists='skip'). Remove it, or set if_exists='overwrite'.",
            ) from error

    def _digest_of(self, name: str) -> str:
        digest = hashlib.sha256()
        for chunk in self._read(name):
            digest.update(chunk)
        return digest.hexdigest()

    def _read(self, name: str) -> Iterator[bytes]:
        with self._place.open(name) as file:
            while True:
                try:
                    chunk = file.read(_READ_CHUNK)
                except Exception as error:
                    raise StorageError(
                        f"Storage failed while reading {self._place.uri_of(name)}: {reason_of(error)}.",
                        conn_id=self._place.conn_id,
                        retryable=True,
                    ) from error
                if not chunk:
                    return
                yield chunk


def _landed(place: OutputPlace, name: str, facts: MediaFacts, *, kept: bool = False) -> LandedFile:
    extension = name.rpartition(".")[2].lower()
    if name == place.fixed_name and extension != facts.media_type.extension:
        log.info("%s holds %s, whatever its name says.", place.uri_of(name), facts.media_type.mime_type)
    return LandedFile(
        uri=place.uri_of(name),
        conn_id=place.conn_id,
        mime_type=facts.media_type.mime_type,
        size_bytes=facts.size_bytes,
        sha256=facts.sha256,
        width=facts.width,
        height=facts.height,
        kind=facts.media_type.kind,
        kept=kept,
    )

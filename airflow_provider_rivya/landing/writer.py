"""Writes one output to its place: its name follows from its first bytes, and ``if_exists`` from there on."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Self

from airflow_provider_rivya.exceptions import DownloadError, NotMediaError, StorageError
from airflow_provider_rivya.media.inspect import StreamInspector
from airflow_provider_rivya.media.raw import RawSound
from airflow_provider_rivya.media.types import MediaFacts, MediaType
from airflow_provider_rivya.result import Output
from airflow_provider_rivya.storage.place import IfExists, OutputPlace
from airflow_provider_rivya.storage.staged import StagedFile, reason_of

log = logging.getLogger(__name__)

DAMAGED: Final = ".damaged"
"""What the name of a damaged file ends in."""

_READ_CHUNK = 256 * 1024


class OutputWriter:
    """
    Write one output; as a context manager it drops what was not committed.

    :param index: of the output in the generation.
    :param source_url: where it comes from. Secret: whoever has it, has the file.
    :param name_for: what it is to be called, by what it turns out to be.
    :param if_exists: ``overwrite``; ``fail`` unless the file there has the same content; ``skip`` keeps the
        file there, which must be whole, and describes that one.
    :param raw: the sound without a header that was asked for, if any.
    :ivar kept: the earlier file, as soon as it is known that that one is kept.
    """

    def __init__(
        self,
        place: OutputPlace,
        index: int,
        source_url: str,
        name_for: Callable[[MediaType], str],
        if_exists: IfExists,
        raw: RawSound | None = None,
    ) -> None:
        self._place = place
        self._index = index
        self._source_url = source_url
        self._name_for = name_for
        self._if_exists = if_exists
        self._raw = raw
        self._held: list[bytes] = []
        self._name: str | None = None
        self._staged: StagedFile | None = None
        self.kept: Output | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._staged is not None:
            self._staged.discard()

    def feed(self, chunk: bytes, media_type: MediaType | None) -> None:
        """Take in the next bytes; they are held back while ``media_type`` is ``None``."""
        if self._name is None:
            self._held.append(chunk)
            if media_type is None:
                return
            chunk = b"".join(self._held)
            self._held.clear()
            self._begin(self._name_for(media_type))
        if self._staged is not None:
            self._staged.write(chunk)

    def commit(self, facts: MediaFacts) -> Output:
        """
        Let the file appear.

        :raises StorageError: one of another content stands there and may not be replaced.
        """
        name = self._name or ""
        if self._staged is not None:
            self._staged.commit()
        elif self._digest_of(name) != facts.sha256:
            raise StorageError(
                f"{self._place.uri_of(name)} exists already with another content, and if_exists is 'fail'.",
                conn_id=self._place.conn_id,
                advice="Remove that file, or set if_exists='overwrite'.",
            )
        return self._output(name, facts)

    def keep_damaged(self, blocks: Iterable[bytes]) -> str:
        """
        Keep the bytes of a damaged file beside the output, never under its name.

        :return: where they are.
        """
        with self._place.stage(f"{self._name}{DAMAGED}") as staged:
            for block in blocks:
                staged.write(block)
            return staged.commit()

    def _begin(self, name: str) -> None:
        self._name = name
        taken = self._if_exists != "overwrite" and self._place.exists(name)
        if taken and self._if_exists == "skip":
            self.kept = self._existing(name)
        elif not taken:
            self._staged = self._place.stage(name)

    def _existing(self, name: str) -> Output:
        inspector = StreamInspector(f"The file that stands at {self._place.uri_of(name)}", self._raw)
        try:
            for chunk in self._read(name):
                inspector.feed(chunk)
            return self._output(name, inspector.finish())
        except (DownloadError, NotMediaError) as error:
            raise StorageError(
                error.message,
                conn_id=self._place.conn_id,
                advice="It should be kept (if_exists='skip'). Remove it, or set if_exists='overwrite'.",
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

    def _output(self, name: str, facts: MediaFacts) -> Output:
        uri, media_type = self._place.uri_of(name), facts.media_type
        if name == self._place.fixed_name and not media_type.may_be_called(name):
            log.warning("%s holds %s, whatever its name says.", uri, media_type.mime_type)
        return Output(
            index=self._index,
            uri=uri,
            conn_id=self._place.conn_id,
            source_url=self._source_url,
            mime_type=media_type.mime_type,
            size_bytes=facts.size_bytes,
            sha256=facts.sha256,
            width=facts.width,
            height=facts.height,
            duration_s=facts.duration_s,
            doubts=list(facts.doubts),
            c2pa=facts.c2pa,
            xmp=facts.xmp,
        )

"""Reads the rows of a table one by one: lists, CSV, JSON lines, Parquet; one file, a folder, a glob."""

from __future__ import annotations

import csv
import glob
import io
import itertools
import json
import logging
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.batch.table.frames import BLOCK, arrow_rows, rows_of_frame
from airflow_provider_rivya.batch.table.refusal import each_once, twice, unreadable
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.storage.path import LOCAL_SCHEMES, as_text
from airflow_provider_rivya.storage.place import filesystem, path_on, scheme_fault, unreachable
from airflow_provider_rivya.storage.source import ReferenceFile, open_reference
from airflow_provider_rivya.storage.staged import may_pass, not_now, reason_of

if TYPE_CHECKING:
    from typing import BinaryIO

log = logging.getLogger(__name__)

FORMATS: Final = ("csv", "jsonl", "ndjson", "parquet")
_LONGEST_LINE: Final = 2**24
"""Characters of a line of text, and of a cell in it, for which Python's own bound is 128 KiB."""

Rows = Iterator[Mapping[str, Any]]


def read_rows(source: Any, conn_id: str | None = None) -> Rows:
    """
    Yield the rows of a source.

    :param source: an iterable of mappings; a DataFrame or an Arrow table; or a path or URI of one file, of a
        folder, or a glob.
    :param conn_id: the Airflow connection that opens a URI.
    :raises InvalidRequestError: it cannot be read as a table.
    :raises StorageError: it cannot be read right now; a retry may.
    """
    source = as_text(source)
    if isinstance(source, str):
        return _of_files(source, conn_id)
    if (rows := rows_of_frame(source)) is not None:
        return rows
    if isinstance(source, Mapping) or not isinstance(source, Iterable) or isinstance(source, bytes):
        raise unreadable(f"a {type(source).__name__} is not a table")
    return _mappings(source)


def _mappings(source: Iterable[Any]) -> Rows:
    for number, row in enumerate(source):
        if not isinstance(row, Mapping):
            raise unreadable(f"row {number} is a {type(row).__name__}", "a dict")
        yield row


def _of_files(source: str, conn_id: str | None) -> Rows:
    columns: set[str] | None = None
    for name in _names(source, conn_id):
        # A job that writes many files leaves some of them empty.
        file = open_reference(name, conn_id, where="rows", may_be_empty=True)
        if isinstance(file, Fault):
            raise InvalidRequestError([file], subject="The table")
        shown, kind = clean(file.uri, 200), _format_of(name)
        try:
            rows = _READERS[kind](file, shown)
            if (first := next(rows, None)) is None:
                continue
            if kind in ("csv", "parquet"):  # in lines of JSON a column may be left out anywhere
                columns = columns or set(first)
                if differing := sorted(columns ^ set(first)):
                    log.warning(
                        "%s has not the columns of the file before it: %s.", shown, clean(differing, 200)
                    )
            yield first
            yield from rows
        except InvalidRequestError:
            raise
        except UnicodeDecodeError:
            raise unreadable(
                f"{shown} is not text in UTF-8", "UTF-8, with or without a byte order mark"
            ) from None
        except (ValueError, csv.Error) as error:
            raise unreadable(
                f"{shown} cannot be read as {kind}: {reason_of(error)}", f"a {kind} file"
            ) from None


def _names(source: str, conn_id: str | None) -> list[str]:
    """Return the files that a path, a folder or a glob stands for, in the order of their names."""
    scheme, found, rest = source.partition("://")
    if not found or scheme.lower() in LOCAL_SCHEMES:
        path = rest.removeprefix("localhost") if found else source
        if any(sign in path for sign in "*?[") and not os.path.exists(path):
            return _tables(sorted(glob.glob(path, recursive=True)), source)
        if os.path.isdir(path):
            return _tables(sorted(os.path.join(path, name) for name in os.listdir(path)), source)
        return [_known(source)]
    is_glob = any(sign in rest for sign in "*?[")
    if not is_glob and not source.endswith("/") and _format_of(source):
        return [source]
    netloc, slash, key = rest.partition("/")
    userinfo, at, bucket = netloc.rpartition("@")
    if ":" in userinfo:
        raise unreadable("it carries a password", "a connection id: scheme://conn_id@bucket/...")
    conn_id = userinfo or conn_id
    if fault := scheme_fault("rows", scheme, conn_id):
        raise InvalidRequestError([fault], subject="The table")
    try:
        fs = filesystem(scheme, conn_id)
    except Exception as error:
        if may_pass(error):
            raise not_now(source, error, conn_id) from error
        raise InvalidRequestError([unreachable("rows", "rows_conn_id", conn_id, error)]) from None
    try:
        fs.invalidate_cache()
        path = path_on(fs, f"{bucket}{slash}{key}")
        listed = fs.glob(path) if is_glob else fs.ls(path.rstrip("/"), detail=False)
    except FileNotFoundError:
        listed = []
    except Exception as error:
        raise not_now(source, error, conn_id) from error
    # The connection of the folder is that of its files.
    base = f"{scheme}://{userinfo}{at}"
    return _tables([f"{base}{fs._strip_protocol(name)}" for name in sorted(listed)], source)


def _tables(names: list[str], source: str) -> list[str]:
    """Keep the tables: no hidden files, and none of those that jobs leave beside them (``_SUCCESS``)."""
    kept = [name for name in names if _format_of(name) and os.path.basename(name)[:1] not in ("_", ".")]
    if not kept:
        raise unreadable(f"{clean(source, 200)!r} stands for no file of a table")
    return kept


def _known(source: str) -> str:
    if not _format_of(source):
        raise unreadable(f"{clean(source, 200)!r} is not a table by its name")
    return source


def _format_of(name: str) -> str:
    extension = name.rpartition(".")[2].lower()
    return extension if extension in FORMATS else ""


# -- formats -----------------------------------------------------------------------------------------


def _lines(stream: BinaryIO, shown: str) -> Generator[str, None, None]:
    """Yield the lines of a text; none without an end is taken in."""
    with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
        for number in itertools.count(1):
            line = text.readline(_LONGEST_LINE)
            if len(line) >= _LONGEST_LINE:
                problem = f"line {number} of {shown} has more than {_LONGEST_LINE:,} characters"
                raise unreadable(problem, "a row a line")
            if not line:
                return
            yield line


def _csv(file: ReferenceFile, shown: str) -> Rows:
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_LINE))
    with closing(_lines(file.open(), shown)) as lines:
        reader = csv.DictReader(lines, strict=True)
        names = reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        each_once(names, shown)
        if len(names) == 1 and (other := next((mark for mark in ";\t|" if mark in names[0]), "")):
            raise unreadable(f"the columns of {shown} are separated by {other!r}", "commas")
        for row in reader:
            if None in row or None in row.values():
                count = len(names) + len(row.get(None) or ()) - list(row.values()).count(None)
                problem = f"line {reader.line_num} of {shown} has {count} values for {len(names)} columns"
                raise unreadable(problem, "as many values as columns")
            yield row


def _json_lines(file: ReferenceFile, shown: str) -> Rows:
    with closing(_lines(file.open(), shown)) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line, object_pairs_hook=_object)
            except (ValueError, RecursionError) as error:
                raise unreadable(f"line {number} of {shown} is not JSON: {reason_of(error)}") from None
            if not isinstance(row, dict):
                raise unreadable(f"line {number} of {shown} is not an object", "a JSON object a line")
            yield row


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"an object has {clean(twice([name for name, _ in pairs]))!r} twice")
    return found


def _parquet(file: ReferenceFile, shown: str) -> Rows:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise unreadable(
            f"{shown} needs pyarrow", "pip install 'airflow-provider-rivya[parquet]', or .jsonl"
        ) from None
    with file.open() as stream, ParquetFile(stream) as table:
        each_once(table.schema_arrow.names, shown)
        for batch in table.iter_batches(BLOCK):
            yield from arrow_rows(batch, shown)


_READERS: Final[Mapping[str, Callable[[ReferenceFile, str], Rows]]] = {
    "csv": _csv,
    "jsonl": _json_lines,
    "ndjson": _json_lines,
    "parquet": _parquet,
}

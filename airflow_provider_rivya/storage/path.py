"""Where an output goes and what it is called: decisions on plain text, without I/O."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.media.types import KNOWN_EXTENSIONS, MediaType
from airflow_provider_rivya.redaction import UNSEEN, clean

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
#: Starts with a letter, so that neither "v1.2" nor the fraction of a second in a run id is one.
_SUFFIX = re.compile(r"\.(?P<extension>[A-Za-z][A-Za-z0-9]{1,4})$")
_MAX_NAME = 120

LOCAL_SCHEMES = frozenset({"file", "local"})

#: What to install for a scheme that Airflow itself does not know.
PACKAGE_OF_SCHEME = {
    **dict.fromkeys(("s3", "s3a", "s3n"), "airflow-provider-rivya[s3]"),
    **dict.fromkeys(("gs", "gcs"), "apache-airflow-providers-google"),
    **dict.fromkeys(("abfs", "abfss", "adl", "wasb", "wasbs"), "apache-airflow-providers-microsoft-azure"),
    **dict.fromkeys(("sftp", "ssh"), "apache-airflow-providers-sftp"),
}


@dataclass(frozen=True)
class Target:
    """
    An output path, taken apart.

    :param scheme: lower case; ``file`` for a local path.
    :param folder: for ``file`` an absolute path, else ``bucket/prefix``; no slash at the end.
    :param fixed_name: the file name that the path itself gives, ``None`` when it names a folder.
    :param conn_id: the connection that stood in the URL (``s3://conn@bucket``).
    """

    scheme: str
    folder: str
    fixed_name: str | None = None
    conn_id: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether it lies on a disk of this machine."""
        return self.scheme in LOCAL_SCHEMES


def parse_output_path(output_path: object) -> Target | Fault:
    """
    Take an output path apart: a URL that Airflow knows the scheme of, or an absolute local path.

    A path that ends in ``/`` or has no file name extension names a folder; one with an extension
    (a letter and up to four letters or digits) names one file, and must be a media file's.
    """
    if not isinstance(output_path, str):
        return Fault(
            "output_path", f"it is of type {type(output_path).__name__}", "a URL or an absolute path, as text"
        )
    if not output_path.strip():
        return Fault("output_path", "it is empty", "a URL such as s3://bucket/prefix/, or an absolute path")
    shown = clean(output_path, 200)
    if "\n" in output_path or "\t" in output_path or UNSEEN.search(output_path):
        return Fault("output_path", f"{shown!r} has characters in it that nobody sees")
    if output_path != output_path.strip():
        # Left by a template; the blank would become a folder's name.
        return Fault(
            "output_path",
            f"{shown!r} begins or ends with a blank",
            "the path without it",
            repr(shown.strip()),
        )
    match = _URL.fullmatch(output_path)
    scheme, rest = (match["scheme"].lower(), match["rest"]) if match else ("file", output_path)
    conn_id = None
    if scheme in LOCAL_SCHEMES:
        rest = rest.removeprefix("localhost") if match else rest
        if not rest.startswith("/"):
            return _relative(shown, rest, is_url=match is not None)
    else:
        netloc, slash, path = rest.partition("/")
        userinfo, _, bucket = netloc.rpartition("@")
        if ":" in userinfo:
            return Fault(
                "output_path", "it carries a password", "a connection id: scheme://conn_id@bucket/..."
            )
        conn_id = userinfo or None
        if not bucket:
            return Fault("output_path", f"{shown!r} names no bucket", f"{scheme}://bucket/prefix/")
        rest = f"{bucket}{slash}{path}"
    parts = [part for part in rest.split("/") if part not in ("", ".")]
    if blank := next((part for part in parts if part != part.strip()), None):
        return Fault(
            "output_path", f"{clean(repr(blank), 100)} begins or ends with a blank", "a path without it"
        )
    if "None" in parts:
        problem = f"{shown!r} has a folder 'None', as a template renders a missing value"
        return Fault("output_path", problem, "a value that exists, such as {{ run_id }}")
    if ".." in parts:
        return Fault("output_path", f"{shown!r} goes upwards with '..'", "a path without '..'")
    return _split(scheme, rest, parts, conn_id)


def _relative(shown: str, rest: str, *, is_url: bool) -> Fault:
    if is_url:
        return Fault(
            "output_path", f"{shown!r} names another host", "file:// and an absolute path", f"file:///{rest}"
        )
    why = "is what a template renders for a missing value" if shown == "None" else "is relative"
    return Fault("output_path", f"{shown!r} {why}, and a worker has no fixed folder", "an absolute path")


def _split(scheme: str, rest: str, parts: list[str], conn_id: str | None) -> Target | Fault:
    local = scheme in LOCAL_SCHEMES
    root = "/" if local else ""
    suffix = _SUFFIX.search(parts[-1]) if len(parts) > (0 if local else 1) else None
    if suffix is None or rest.endswith("/"):
        return Target(scheme, root + "/".join(parts), None, conn_id)
    extension = suffix["extension"].lower()
    if extension not in KNOWN_EXTENSIONS:
        nearest = get_close_matches(extension, sorted(KNOWN_EXTENSIONS), n=1)
        return Fault(
            "output_path",
            f"{clean(parts[-1], 100)!r} is not a media file's name",
            "a trailing '/' for a folder, or one of "
            + ", ".join(f".{name}" for name in sorted(KNOWN_EXTENSIONS)),
            f".{nearest[0]}" if nearest else "",
        )
    return Target(scheme, root + "/".join(parts[:-1]), parts[-1], conn_id)


def check_fixed_name(fixed_name: str | None, output_count: int, mapped: bool) -> Fault | None:
    """
    Refuse one file name for several files: they would overwrite each other.

    :param fixed_name: the name that the output path gives, or ``None``.
    :param output_count: how many outputs the request asks for.
    :param mapped: whether the task instance is one of a mapped task.
    """
    if fixed_name is None or not (mapped or output_count > 1):
        return None
    reason = "the task is mapped" if mapped else f"the request asks for {output_count} outputs"
    return Fault(
        "output_path",
        f"it ends in the file name {clean(fixed_name, 100)!r}, but {reason}",
        "a folder (with a trailing '/'); files are then called {generation id}-{index}.{extension}",
    )


def safe_name(text: str) -> str:
    """
    Make a file name out of a text from outside, such as the gateway's id.

    Only ``A-Za-z0-9._-`` stay, no dot leads, the length is bounded. A text that had to be changed
    gets a short hash of the original, so that two different texts never share a name.
    """
    name = _UNSAFE.sub("-", text).lstrip(".")[:_MAX_NAME]
    if name and name == text:
        return name
    return f"{name or 'output'}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def default_name(generation_id: str, index: int, media_type: MediaType) -> str:
    """Return ``{generation_id}-{index}.{extension}``; the same on every try."""
    return f"{safe_name(generation_id)}-{index}.{media_type.extension}"


def is_storage_path(value: object) -> bool:
    """Whether it is Airflow's ``ObjectStoragePath``, which is an ``os.PathLike`` in some releases only."""
    return hasattr(value, "storage_options")


def as_text(path: Any) -> Any:
    """Return a ``pathlib.Path`` or ``ObjectStoragePath`` as the text that is parsed; the rest as it is."""
    if is_storage_path(path):
        return str(path)  # with its connection in it
    return os.fspath(path) if isinstance(path, os.PathLike) else path

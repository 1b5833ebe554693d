"""Which files may be shown: those below ``[rivya] ui_media_roots``, whatever an XCom says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.storage.path import Target, parse_output_path
from airflow_provider_rivya.storage.place import OutputPlace

_MOST_URI: Final = 2_000


@dataclass(frozen=True, slots=True)
class Roots:
    """
    The folders that may be shown from.

    :param targets: a connection that is to open one stands in its URL: ``s3://conn@bucket/prefix/``.
    """

    targets: tuple[Target, ...]

    @classmethod
    def read(cls, text: str) -> Roots:
        """
        Read the option: folders, with commas or line breaks between them.

        :raises ValueError: one is none.
        """
        found = []
        for entry in text.replace(",", "\n").split("\n"):
            if not entry.strip():
                continue
            target = parse_output_path(f"{entry.strip().rstrip('/')}/")
            if isinstance(target, Fault):
                raise ValueError(f"[rivya] ui_media_roots: {target.problem}")
            found.append(target)
        return cls(tuple(found))

    def find(self, uri: object) -> tuple[OutputPlace, str] | None:
        """
        Return the folder and the name of a file; ``None``: it may not be shown.

        The connection is the root's: one that an XCom names is not looked at.
        """
        if not isinstance(uri, str) or len(uri) > _MOST_URI or "://" not in uri or "\\" in uri:
            return None
        folder, _, name = uri.rpartition("/")
        target = parse_output_path(f"{folder}/")
        if isinstance(target, Fault) or not name or name.startswith(".") or not name.isprintable():
            return None
        for root in self.targets:
            if _is_below(target, root, name):
                where = "file" if target.is_local else target.scheme
                return OutputPlace(f"{where}://{target.folder}/", root.conn_id), name
        return None


def _is_below(target: Target, root: Target, name: str) -> bool:
    path = f"{target.folder}/{name}"
    if target.is_local != root.is_local or "/." in path.removeprefix(root.folder):
        return False  # hidden: records, and what is being written
    if target.is_local:
        # A link inside of a root may lead out of it.
        real, within = os.path.realpath(path), os.path.realpath(root.folder)
        return real.startswith(within.rstrip("/") + "/")
    return target.scheme == root.scheme and f"{target.folder}/".startswith(f"{root.folder}/")

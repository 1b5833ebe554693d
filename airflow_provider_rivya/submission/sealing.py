"""Seals what nobody may read where a record is shown: signatures in URLs of uploads, and their tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from airflow_provider_rivya.submission.record import UnreadableRecordError

SEALED: Final = "sealed"
"""The field with what was taken out of the body."""

_SECRETS: Final = re.compile(
    r"""https?://[^"\\\s?]*\?(?P<query>[^"\\\s]+)|"duration_?token"\s*:\s*"(?P<token>(?:[^"\\]|\\.)+)\"""",
    re.IGNORECASE,
)
_MASK: Final = "***"


@dataclass(frozen=True)
class Seal:
    """
    Seals with a connection's API key: whoever may send the request may read it.

    The body is sent again byte for byte, so it comes back exactly as it was.

    :param secret: the API key.
    """

    secret: str = field(repr=False)

    def close(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return a record's document without what is secret in its body, and with that under seal."""
        body = document.get("body")
        if not isinstance(body, str):
            return document
        taken: list[tuple[int, str]] = []
        masked, end = "", 0
        for found in _SECRETS.finditer(body):
            start, stop = found.span(found.lastgroup or 0)
            masked += body[end:start]
            taken.append((len(masked), body[start:stop]))
            masked, end = masked + _MASK, stop
        if not taken:
            return document
        sealed = self._fernet().encrypt(json.dumps(taken).encode()).decode()
        return {**document, "body": masked + body[end:], SEALED: sealed}

    def open(self, document: Any) -> Any:
        """
        Return a record's document as it was before it was sealed.

        :raises UnreadableRecordError: another key has sealed it, or it is damaged.
        """
        if not isinstance(document, dict) or SEALED not in document:
            return document
        from cryptography.fernet import InvalidToken

        try:
            taken = json.loads(self._fernet().decrypt(str(document[SEALED])))
            body = document["body"]
            for start, secret in reversed(taken):
                body = body[:start] + secret + body[start + len(_MASK) :]
        except (InvalidToken, KeyError, TypeError, ValueError):
            raise UnreadableRecordError(
                "the submission record has a sealed part that the connection's present API key does not open"
            ) from None
        return {name: value for name, value in {**document, "body": body}.items() if name != SEALED}

    def _fernet(self) -> Any:
        from cryptography.fernet import Fernet

        key = hashlib.sha256(b"airflow-provider-rivya, submission record: " + self.secret.encode())
        return Fernet(base64.urlsafe_b64encode(key.digest()))

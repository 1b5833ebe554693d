"""The secrets that ToAPIs signs with: where they stand in a connection, and what bytes they are."""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from airflow_provider_rivya.api.connection import WEBHOOK_FIELDS
from airflow_provider_rivya.redaction import clean

log = logging.getLogger(__name__)

FIELD, FORM_FIELD = WEBHOOK_FIELDS
FORMS: Final[Mapping[str, Callable[[str], bytes]]] = {
    "text": str.encode,
    "hex": bytes.fromhex,
    "base64": lambda text: base64.b64decode(text, validate=True),
}
"""How the secret is made into bytes. ToAPIs documents none of these: ``text`` is an assumption."""

KEPT: Final = 60.0
"""Seconds for which connections are not read again, whoever sends whatever."""
_LONGEST: Final = 1000
_SHORTEST: Final = 16


def secret_of(extra: Mapping[str, Any]) -> bytes:
    """
    Return the secret of a connection.

    :param extra: the connection's.
    :raises ValueError: what is wrong with it; the text does not show it.
    """
    text, form = extra.get(FIELD), extra.get(FORM_FIELD) or "text"
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
        raise ValueError(f"extra.{FIELD}: the signing secret belongs here, as the console shows it")
    if not isinstance(form, str) or form not in FORMS:
        raise ValueError(f"extra.{FORM_FIELD}: {clean(form, 40)!r} is none of {', '.join(FORMS)}")
    try:
        secret = FORMS[form](text.strip())
    except ValueError:
        raise ValueError(f"extra.{FIELD}: it is not {form}, as extra.{FORM_FIELD} says") from None
    if len(secret) < _SHORTEST:
        raise ValueError(f"extra.{FIELD}: {len(secret)} bytes are no secret; ToAPIs' have 32")
    return secret


class Secrets:
    """
    The secrets of connections, read now and then.

    :param conn_ids: of the connections.
    :param read: returns a connection's extra.
    :param clock: seconds of a clock that only goes forward.
    """

    def __init__(
        self,
        conn_ids: Sequence[str],
        read: Callable[[str], Mapping[str, Any]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._conn_ids = conn_ids
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self._secrets: dict[str, bytes] = {}

    def current(self) -> Mapping[str, bytes]:
        """Return them by connection; one that cannot be read keeps the secret that it had."""
        with self._lock:
            now = self._clock()
            if self._read_at is None or now - self._read_at >= KEPT:
                for conn_id in self._conn_ids:
                    self._read_one(conn_id)
                self._read_at = now
            return dict(self._secrets)

    def _read_one(self, conn_id: str) -> None:
        try:
            self._secrets[conn_id] = secret_of(self._read(conn_id))
        except ValueError as error:
            self._secrets.pop(conn_id, None)
            log.error("Webhooks for the connection %r are refused. %s", conn_id, error)
        except Exception as error:  # the database's or a secrets backend's own, whose text may show more
            log.error("The connection %r cannot be read, for its webhooks: %s", conn_id, type(error).__name__)

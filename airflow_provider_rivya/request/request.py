"""What is asked for: the request, and its fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """
    A validated request, as it goes on the wire but for the references' URLs.

    :param gateway: ``rivya`` or ``toapis``.
    :param model: public model id.
    :param prompt: text, or ``None`` for models without one.
    :param params: the model's own parameters, in the types of the wire.
    :param reference_digests: sha256 of each reference's content, in order. Content, not URL: an
        upload gives a new URL each time.
    :param category: of the model: ``image``, ``video`` or ``audio``. It follows from the model, and is no
        part of the fingerprint.
    :param outputs: how many results it can have, ``None`` where nothing tells. It follows from the others.
    """

    gateway: str
    model: str
    prompt: str | None
    params: Mapping[str, Any] = field(default_factory=dict)
    reference_digests: tuple[str, ...] = ()
    category: str = "image"
    outputs: int | None = None

    @property
    def fingerprint(self) -> str:
        """sha256 (hex) over everything that shapes the result; the same request has the same one."""
        canonical = json.dumps(
            [self.gateway, self.model, self.prompt, dict(self.params), list(self.reference_digests)],
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
        )
        return hashlib.sha256(canonical.encode()).hexdigest()

"""What a finished generation leaves behind: the shape of the XCom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya.credits import whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from airflow_provider_rivya.api.schemas import Generation


@dataclass(frozen=True, slots=True)
class Output:
    """
    One result file.

    :param index: position in the gateway's list, from 0.
    :param uri: where it was stored, without connection; ``None`` when no output path was given.
    :param conn_id: the connection that opens ``uri``, if it needs one.
    :param source_url: the gateway's URL of it.
    :param mime_type: taken from the bytes; ``None`` when nothing was stored.
    :param size_bytes: size of the file.
    :param sha256: hex digest of the file.
    :param width: pixels, where the format has it.
    :param height: pixels, where the format has it.
    :param duration_s: seconds of video or audio, where the format has it.
    :param doubts: what is odd about the file although it is whole, in words; mostly empty.
    :param c2pa: whether the file has a C2PA manifest; ``None`` when nothing was stored.
    :param xmp: whether it has XMP metadata.
    """

    index: int
    uri: str | None
    conn_id: str | None
    source_url: str = field(repr=False)
    mime_type: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    doubts: list[str] = field(default_factory=list)
    c2pa: bool | None = None
    xmp: bool | None = None


@dataclass(frozen=True, slots=True)
class GenerationResult:
    """
    A succeeded generation.

    ``to_xcom()`` is plain JSON: ``generation_id``, ``gateway``, ``model``, ``status``,
    ``credits_reserved``, ``credits_final``, ``created_at``, ``finished_at`` (ISO 8601, UTC) and
    ``outputs``, a list of :class:`Output` as dicts.
    """

    generation_id: str
    gateway: str
    model: str
    status: str
    credits_reserved: float | None
    credits_final: float | None
    created_at: str | None
    finished_at: str | None
    outputs: tuple[Output, ...]

    @classmethod
    def of(
        cls, generation: Generation, gateway: str, model: str, outputs: Sequence[Output]
    ) -> GenerationResult:
        """
        Put a result together.

        :param model: the requested model, used where the gateway does not repeat it.
        """
        return cls(
            generation_id=generation.id,
            gateway=gateway,
            model=generation.model or model,
            status=generation.status,
            credits_reserved=whole(generation.credits_reserved),
            credits_final=whole(generation.credits_final),
            created_at=_utc(generation.created_at),
            finished_at=_utc(generation.updated_at),
            outputs=tuple(outputs),
        )

    def to_xcom(self) -> dict[str, Any]:
        document = _fields(self)
        document["outputs"] = [_fields(output) for output in self.outputs]
        return document


def _fields(part: Output | GenerationResult) -> dict[str, Any]:
    """As ``asdict`` tells, without copies of what is in them: a batch makes ten thousand."""
    return {name: getattr(part, name) for name in part.__slots__}


def _utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None

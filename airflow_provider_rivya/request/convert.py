"""Which reference images are converted, as the model does not take them; or how they could be."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.request.images import Accepted, convert, encodings, is_picture
from airflow_provider_rivya.request.references import Reference, measured

if TYPE_CHECKING:
    from airflow_provider_rivya.catalog.model import ModelSpec

log = logging.getLogger(__name__)

ADVICE: Final = "convert_reference_images=True converts it"


def convert_references(
    references: Sequence[Reference | Fault], *, gateway: str, model: Any, folder: str
) -> list[Reference | Fault]:
    """
    Convert the images of a format or size that the model does not take.

    :param references: what :func:`~airflow_provider_rivya.request.references.read_references` made of the
        argument.
    :param model: the model's id; of one that the catalogue does not know nothing is converted.
    :param folder: where new files go.
    :return: in the same order; a converted one keeps its ``sha256``, which is the original's, so that
        neither the fingerprint nor an upload asks which release of Pillow wrote it.
    """
    from airflow_provider_rivya.catalog.bundled import load_catalog

    spec = load_catalog(gateway).get(model) if isinstance(model, str) else None
    accepted = _accepted(spec)
    done: dict[str, Reference | Fault] = {}
    found: list[Reference | Fault] = []
    for reference in references:
        if isinstance(reference, Fault) or not _can_be_mended(reference, accepted):
            found.append(reference)
            continue
        earlier = done.get(reference.sha256)
        if isinstance(earlier, Reference):
            found.append(replace(earlier, facts=replace(earlier.facts, path=reference.facts.path)))
            continue
        done[reference.sha256] = _converted(reference, accepted, folder)
        found.append(done[reference.sha256])
    return found


def with_advice(
    faults: Sequence[Fault], references: Sequence[Reference], spec: ModelSpec | None
) -> list[Fault]:
    """Add to the faults of files that could be converted how to have that done. Pure."""
    accepted = _accepted(spec)
    mendable = {entry.facts.path for entry in references if _can_be_mended(entry, accepted)}
    return [
        replace(fault, allowed=f"{fault.allowed}; {ADVICE}") if fault.path in mendable else fault
        for fault in faults
    ]


def _accepted(spec: ModelSpec | None) -> Accepted:
    from airflow_provider_rivya.catalog.references import limits_of, max_bytes

    rule = limits_of(spec, "image") if spec is not None else None
    if rule is None:
        return Accepted((), None)
    return Accepted(tuple(mime_type.lower() for mime_type in rule.mime_types), max_bytes(rule))


def _can_be_mended(reference: Reference, accepted: Accepted) -> bool:
    file, facts = reference.file, reference.facts
    if not accepted.mime_types or not is_picture(facts.kind, facts.mime_type):
        return False
    right = facts.kind == "image" and accepted.format(facts.mime_type) and accepted.fits(file.size_bytes)
    return not right and bool(encodings(False, accepted))


def _converted(reference: Reference, accepted: Accepted, folder: str) -> Reference | Fault:
    facts = reference.facts
    file = convert(reference.file, accepted, folder, where=facts.path, label=facts.label)
    written = file if isinstance(file, Fault) else measured(file, facts.path, facts.label)
    if isinstance(written, Fault):
        return written
    file, mime_type = written.file, written.facts.mime_type
    log.info(
        "%s: %r (%s, %d bytes) was converted to %s, %d bytes.",
        facts.path,
        facts.label,
        facts.mime_type or "no format of the web",
        reference.file.size_bytes,
        mime_type,
        file.size_bytes,
    )
    facts = replace(facts, kind="image", mime_type=mime_type, size_bytes=file.size_bytes)
    return replace(reference, file=file, facts=facts)

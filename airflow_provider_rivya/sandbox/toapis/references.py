"""ToAPIs' checks of reference images: which field, what its items are, and whose files they name."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_rivya.sandbox.assumptions.current import Assumptions
from airflow_provider_rivya.sandbox.drawing.photographs import size_of
from airflow_provider_rivya.sandbox.models.catalog import catalog
from airflow_provider_rivya.sandbox.requests.uploads import canonical, detect
from airflow_provider_rivya.sandbox.requests.values import is_web_url, shown
from airflow_provider_rivya.sandbox.state.store import Reference, StoredFile

FIELDS = ("image_urls", "reference_images", "images")
DATA_URI = re.compile(r"data:(image/[\w.+-]+);base64,(.*)", re.DOTALL)
BASE64_TEXT = re.compile(r"[A-Za-z0-9+/]{64,}={0,2}")
GIF = "image/gif"
REAL_PERSON = b"real-person"

FindUpload = Callable[[str], StoredFile | str | None]
"""Given a URL: the account's upload; why a URL of ours leads to none; ``None`` for a foreign URL."""


@dataclass(frozen=True)
class Fault:
    """
    One thing that is wrong with a request.

    :param name: the error's name if nothing else is wrong; ``status`` its HTTP status, if not the documented.
    """

    text: str
    name: str = "invalid_request"
    status: int | None = None


def check_references(
    body: Mapping[str, Any],
    model: Mapping[str, Any],
    assumptions: Assumptions,
    find_upload: FindUpload,
    faults: list[Fault],
) -> tuple[Reference, ...]:
    """
    Check the reference fields of a request.

    :param faults: receives what is wrong.
    :return: the references, in order; of use only if no fault was added.
    """
    given = {name: body[name] for name in FIELDS if name in body and taken(name, assumptions)}
    for name in [name for name, items in given.items() if not isinstance(items, list)]:
        faults.append(Fault(f"{name}: {shown(given.pop(name))} is not an array"))
    items = _in_one(given, assumptions, faults)
    rule = model["reference"]
    if rule is None:
        if items and model["reference_complete"]:
            faults.append(Fault(f"{items[0][0]}: {model['id']} takes no reference images"))
            return ()
        rule = {"kinds": {}}
    if len(items) < (least := rule.get("min_files", 0)):
        faults.append(Fault(f"{FIELDS[0]}: {len(items)} items, {model['id']} needs at least {least}"))
    limit = rule.get("max_files")
    if limit is not None and assumptions.text("toapis_too_many_references") == "ignore_rest":
        items = items[:limit]
    if too_many(len(items), model) and assumptions.text("toapis_too_many_references") == "refuse_400":
        faults.append(Fault(f"{items[0][0]}: {len(items)} items, {model['id']} takes at most {limit}"))
    references = []
    for index, (name, item) in enumerate(items):
        found = _check_item(item, rule, model, assumptions, find_upload)
        if isinstance(found, Reference):
            references.append(found)
        else:
            faults.append(Fault(f"{name}[{index}]: {found.text}", found.name))
    return tuple(references)


def too_many(number: int, model: Mapping[str, Any]) -> bool:
    """Whether these are more references than the model's page allows."""
    limit = (model["reference"] or {}).get("max_files")
    return limit is not None and number > limit


def is_marked(reference: Reference) -> bool:
    """Whether it is marked as one that shows a real person."""
    content = reference.file.content if reference.file is not None else reference.url.encode()
    return REAL_PERSON in content


def taken(field: str, assumptions: Assumptions) -> bool:
    """Whether the switch lets a reference field through; another one is an unknown field."""
    return assumptions.text("toapis_reference_field") in ("any", field)


def _in_one(
    given: Mapping[str, list[Any]], assumptions: Assumptions, faults: list[Fault]
) -> list[tuple[str, Any]]:
    several = assumptions.text("toapis_several_reference_fields")
    if len(given) > 1 and several == "refuse":
        faults.append(Fault(f"{', '.join(given)}: send the references in one field"))
    elif len(given) > 1 and several in given:
        given = {several: given[several]}
    return [(name, item) for name, items in given.items() for item in items]


def _check_item(
    item: object,
    rule: Mapping[str, Any],
    model: Mapping[str, Any],
    assumptions: Assumptions,
    find_upload: FindUpload,
) -> Reference | Fault:
    form = assumptions.text("toapis_reference_elements")
    url = item
    if isinstance(item, dict) and form != "strings":
        url = item.get("url")
    elif isinstance(item, str) and form == "objects":
        return Fault('not an object {"url": ...}')
    if not isinstance(url, str):
        return Fault(f"{shown(item)} is not a URL")
    if url.startswith("data:") or BASE64_TEXT.fullmatch(url):
        return _check_inline(url, rule, model, assumptions)
    if not is_web_url(url):
        return Fault(f"{shown(url)} is no public http(s) URL: upload it first", "invalid_reference_images")
    found = find_upload(url)
    if isinstance(found, str):
        return Fault(found)
    if found is None and assumptions.text("toapis_foreign_references") == "refuse":
        return Fault(f"{shown(url)} is not the URL of an upload: send the file to /v1/uploads/images first")
    if found is not None and (problem := _problem_of(found, rule, model, assumptions)):
        return Fault(problem)
    return Reference(url, "image" if found is None else found.kind, found)


def _check_inline(
    text: str, rule: Mapping[str, Any], model: Mapping[str, Any], assumptions: Assumptions
) -> Reference | Fault:
    if assumptions.text("toapis_base64_references") == "refuse":
        return Fault(
            "base64 is no longer accepted: send the file to /v1/uploads/images and use its URL",
            "invalid_reference_images",
        )
    match = DATA_URI.fullmatch(text)
    try:
        content = base64.b64decode(match[2] if match else text, validate=True)
    except (binascii.Error, ValueError):
        return Fault("not base64", "invalid_reference_images")
    mime_type = detect(content)
    if mime_type is None or not mime_type.startswith("image/"):
        return Fault("the base64 text is no image of a known format", "invalid_reference_images")
    file = StoredFile("", "", "image", "", mime_type, content, 0.0, size_of(content))
    problem = _problem_of(file, rule, model, assumptions)
    return Fault(problem) if problem else Reference("data:", "image", file)


def _problem_of(
    file: StoredFile, rule: Mapping[str, Any], model: Mapping[str, Any], assumptions: Assumptions
) -> str:
    kinds = rule["kinds"]
    if kinds and file.kind not in kinds:
        return f"{model['id']} takes {', '.join(kinds)}, not {file.kind}"
    limits = {**catalog("toapis").file_defaults.get(file.kind, {}), **kinds.get(file.kind, {})}
    if file.mime_type == GIF:
        if assumptions.text("toapis_gif_references") == "refuse":
            return "GIF is no reference format, though it may be uploaded: convert it to PNG"
    elif (accepted := limits.get("mime_types")) and canonical(file.mime_type) not in accepted:
        return f"{model['id']} takes {', '.join(accepted)}, not {file.mime_type}"
    largest = limits.get("max_size_mb")
    if largest is not None and len(file.content) > largest * assumptions.count("megabyte"):
        return f"the file has {len(file.content)} bytes, {model['id']} takes at most {largest} MB"
    return ""

"""Rivya's checks of ``params.referenceMediaItems``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_rivya.sandbox.assumptions.current import Assumptions
from airflow_provider_rivya.sandbox.models.catalog import catalog, kinds_of
from airflow_provider_rivya.sandbox.requests.uploads import KINDS, canonical
from airflow_provider_rivya.sandbox.requests.values import is_web_url
from airflow_provider_rivya.sandbox.state.store import Reference, StoredFile

ITEM_FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "url": str,
    "kind": str,
    "name": str,
    "mimeType": str,
    "durationSeconds": (int, float),
    "durationToken": str,
}

FindFile = Callable[[str], StoredFile | str | None]
"""Given a URL: the account's file; why a URL of ours leads to none; ``None`` for a foreign URL."""


@dataclass(frozen=True)
class Lookup:
    """What the checks need from outside: the account's files, and the time on the sandbox's clock."""

    find_file: FindFile
    now: float


def check_references(
    items: object, model: Mapping[str, Any], assumptions: Assumptions, lookup: Lookup, faults: list[str]
) -> tuple[Reference, ...]:
    """
    Check reference items against the model's rules.

    :param faults: receives what is wrong.
    :return: the references, in order; of use only if no fault was added.
    """
    where = "params.referenceMediaItems"
    if not isinstance(items, list):
        faults.append(f"{where}: not a list")
        return ()
    rule = model["reference"]
    if rule is None:
        if items and model["reference_complete"]:
            faults.append(f"{where}: {model['id']} takes no reference media")
            return ()
        rule = {"kinds": {}}
    limit = rule.get("max_files")
    if limit is not None and len(items) > limit:
        faults.append(f"{where}: {len(items)} items, {model['id']} takes at most {limit}")
    references = []
    for index, item in enumerate(items):
        problems, reference = _check_item(item, rule, model, assumptions, lookup)
        faults += [f"{where}[{index}]{problem}" for problem in problems]
        if reference is not None:
            references.append(reference)
    if (
        len(references) == len(items)
        and "per_mode" in rule
        and not _fits_a_mode(references, rule["per_mode"])
    ):
        faults.append(f"{where}: {rule['rule']}")
    return tuple(references)


def _check_item(
    item: object,
    rule: Mapping[str, Any],
    model: Mapping[str, Any],
    assumptions: Assumptions,
    lookup: Lookup,
) -> tuple[list[str], Reference | None]:
    if not isinstance(item, dict):
        return [": not an object"], None
    problems = [f".{name}: required" for name in ("url", "kind") if name not in item]
    for name, value in item.items():
        if name not in ITEM_FIELDS:
            if assumptions.text("unknown_params") == "refuse":
                problems.append(f".{name}: unknown field; allowed: {', '.join(ITEM_FIELDS)}")
        elif not isinstance(value, ITEM_FIELDS[name]) or isinstance(value, bool):
            problems.append(f".{name}: has the wrong type")
    if problems:
        return problems, None
    kind, url = item["kind"], item["url"]
    if kind not in KINDS:
        problems.append(f".kind: {kind[:40]!r} is not one of {', '.join(KINDS)}")
    elif (taken := kinds_of(model)) and kind not in taken:
        problems.append(f".kind: {model['id']} takes {', '.join(taken)}, not {kind}")
    if item.get("durationSeconds", 0) < 0:
        problems.append(".durationSeconds: below 0")
    found = lookup.find_file(url)
    if isinstance(found, StoredFile):
        problems += _check_file(found, item, rule, model, assumptions, lookup.now)
        return problems, Reference(url, kind, found)
    problems += [f".url: {found}"] if found is not None else _check_foreign(url, model, assumptions)
    return problems, Reference(url, kind)


def _check_foreign(url: str, model: Mapping[str, Any], assumptions: Assumptions) -> list[str]:
    if not is_web_url(url):
        return [".url: not an http(s) URL"]
    rule = assumptions.text("external_reference_urls")
    if rule == "accept" or (rule == "per_model" and "url" in model["inputs"]):
        return []
    return [f".url: {model['id']} takes no external URLs; use the url returned by /api/v1/files"]


def _check_file(
    file: StoredFile,
    item: Mapping[str, Any],
    rule: Mapping[str, Any],
    model: Mapping[str, Any],
    assumptions: Assumptions,
    now: float,
) -> list[str]:
    problems = []
    if item["kind"] != file.kind:
        problems.append(f".kind: {item['kind']}, but the file was uploaded as {file.kind}")
    if "mimeType" in item and canonical(item["mimeType"]) != canonical(file.mime_type):
        problems.append(f".mimeType: {item['mimeType'][:40]!r}, but the file is {file.mime_type}")
    limits = {**catalog().file_defaults[file.kind], **rule["kinds"].get(file.kind, {})}
    accepted = limits["mime_types"]
    if canonical(file.mime_type) not in {canonical(mime) for mime in accepted}:
        problems.append(f".url: {model['id']} takes {', '.join(accepted)}, not {file.mime_type}")
    largest = limits["max_size_mb"]
    if len(file.content) > largest * assumptions.count("megabyte"):
        problems.append(
            f".url: the file has {len(file.content)} bytes, {model['id']} takes at most {largest} MB"
        )
    if file.kind in rule.get("duration_token_kinds", ()):
        life = assumptions.limit("duration_token_ttl_seconds")
        if item.get("durationToken") != file.duration_token:
            problems.append(".durationToken: must be the duration_token returned for this file")
        elif life is not None and now > file.created + life:
            problems.append(".durationToken: has expired; upload the file again")
    return problems


def _fits_a_mode(references: list[Reference], modes: list[Mapping[str, Any]]) -> bool:
    count = Counter(reference.kind for reference in references)
    return any(
        count["image"] <= mode["max_images"]
        and mode.get("required_videos", 0) <= count["video"] <= mode["max_videos"]
        for mode in modes
    )

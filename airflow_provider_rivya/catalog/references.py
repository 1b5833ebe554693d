"""Checks reference files against what a model accepts, before anything is uploaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_rivya.catalog.findings import Findings, counted, listing, shown
from airflow_provider_rivya.catalog.model import KindRule, ModelSpec, ReferenceMode, ReferenceRule

PATH = "reference_media"

# The documentation writes MB and leaves open whether that is 10**6 or 2**20 bytes. The smaller reading is
# the safe one: what passes here passes under both.
_BYTES_PER_MB = 1_000_000


@dataclass(frozen=True)
class ReferenceFacts:
    """
    What is known of one reference file before it is uploaded.

    :param path: where the author gave it, e.g. ``reference_media[0]``.
    :param label: what the author wrote, shortened; for messages.
    :param kind: ``image``, ``video`` or ``audio``; anything else is refused.
    :param mime_type: by signature, not by name; ``None`` when the bytes cannot be looked at.
    :param size_bytes: ``None`` when it is not known.
    :param duration_seconds: of video and audio, when known. No public page gives a limit for it.
    :param external_url: a URL that would be handed on as it is, without an upload.
    """

    path: str
    label: str
    kind: str
    mime_type: str | None = None
    size_bytes: int | None = None
    duration_seconds: float | None = None
    external_url: bool = False


def limits_of(spec: ModelSpec, kind: str) -> KindRule | None:
    """Return what a file of this kind is held to; ``None``: the model takes none of the kind."""
    if spec.reference is None and spec.reference_complete:
        return None
    if _kinds_are_known(spec) and spec.reference is not None and kind not in spec.reference.by_kind:
        return None
    return spec.file_rule(kind)


def max_bytes(rule: KindRule) -> float | None:
    """Return the largest size that a rule allows; ``None`` where it sets no limit."""
    return None if rule.max_size_mb is None else rule.max_size_mb * _BYTES_PER_MB


def check_references(spec: ModelSpec, references: Sequence[ReferenceFacts], findings: Findings) -> None:
    """Note every fault of the files, each by itself and in their number and combination."""
    if not references:
        if spec.api_input_status == "requires_files_api" or (spec.reference and spec.reference.min_files):
            findings.fault(
                PATH,
                f"{spec.id} works on uploaded files, none is given",
                _accepted(spec.reference),
            )
        return
    few_enough = check_number(spec, len(references), findings)
    if spec.reference is None and spec.reference_complete:
        return
    _warn_of_gaps(spec, findings)
    if spec.reference is not None and few_enough:
        _check_modes(spec, spec.reference, references, findings)
    for facts in references:
        _check_file(spec, facts, findings)


def check_number(spec: ModelSpec, count: int, findings: Findings) -> bool:
    """Note that a model takes no files, or not so many; whether it takes them."""
    if not count:
        return True
    given, rule = f"{counted(count, 'file')} given", spec.reference
    if rule is None and spec.reference_complete:
        what = "takes public URLs in model_params and no files" if "url" in spec.inputs else "takes no files"
        findings.fault(PATH, f"{given}, but {spec.id} {what}", "none")
        return False
    if rule is not None and rule.max_files is not None and count > rule.max_files:
        allowed = f"at most {counted(rule.max_files, 'file')}" + (f" ({rule.rule})" if rule.rule else "")
        findings.fault(PATH, f"{given}, too many for {spec.id}", allowed)
        return False
    return True


def _accepted(rule: ReferenceRule | None) -> str:
    return rule.rule or listing(kind.kind for kind in rule.kinds) if rule else ""


def _kinds_are_known(spec: ModelSpec) -> bool:
    return spec.reference is not None and "reference.accepted_kinds" not in spec.unknown


def _warn_of_gaps(spec: ModelSpec, findings: Findings) -> None:
    if spec.reference_complete:
        return
    rule = spec.reference
    gaps = []
    if rule is None or rule.max_files is None:
        gaps.append("how many files")
    if not _kinds_are_known(spec):
        gaps.append("which kinds")
    if rule is None or any(kind.max_size_mb is None or not kind.mime_types for kind in rule.kinds):
        gaps.append("which sizes and formats (the gateway's defaults are applied)")
    if gaps:
        findings.warn(
            PATH,
            f"the documentation of {spec.id} does not say {', '.join(gaps)} it takes",
        )


def _check_modes(
    spec: ModelSpec,
    rule: ReferenceRule,
    references: Sequence[ReferenceFacts],
    findings: Findings,
) -> None:
    for dispute in rule.disputed:
        if dispute.concerns(len(references)):
            findings.warn(PATH, f"{counted(len(references), 'file')} are sent, but {dispute.why}")
    counts = Counter(facts.kind for facts in references)
    if rule.per_mode and not any(_fits(mode, counts) for mode in rule.per_mode):
        given = " and ".join(counted(number, kind) for kind, number in counts.items())
        modes = "; ".join(_mode_in_words(mode) for mode in rule.per_mode)
        findings.fault(PATH, f"{given} fit no mode of {spec.id}", modes)


def _fits(mode: ReferenceMode, counts: Counter[str]) -> bool:
    return all(counts[kind] <= most for kind, most in mode.at_most) and all(
        counts[kind] >= least for kind, least in mode.at_least
    )


def _mode_in_words(mode: ReferenceMode) -> str:
    needed, limited = dict(mode.at_least), dict(mode.at_most)
    limits = []
    for kind, most in mode.at_most:
        least = needed.get(kind, 0)
        if most == 0:
            limits.append(f"no {kind}")
        elif least == most:
            limits.append(f"exactly {counted(most, kind)}")
        else:
            limits.append(f"{f'{least} to ' if least else 'up to '}{counted(most, kind)}")
    limits += [f"at least {counted(needed[kind], kind)}" for kind in needed if kind not in limited]
    return f"{mode.when}: {', '.join(limits)}"


def _check_file(spec: ModelSpec, facts: ReferenceFacts, findings: Findings) -> None:
    label = shown(facts.label)
    rule = limits_of(spec, facts.kind)
    if rule is None:
        kinds = tuple(kind.kind for kind in spec.reference.kinds) if spec.reference else ()
        allowed = kinds or tuple(kind.kind for kind in spec.file_defaults)
        findings.fault(facts.path, f"{label} is of kind {shown(facts.kind)}", listing(allowed))
        return
    if facts.mime_type is not None and rule.mime_types and facts.mime_type.lower() not in rule.mime_types:
        _check_other_format(facts, facts.mime_type.lower(), rule, label, findings)
    _check_size(facts, rule, label, findings)
    if facts.external_url:
        _warn_of_external_url(spec, facts, label, findings)


def _check_other_format(
    facts: ReferenceFacts, mime_type: str, rule: KindRule, label: str, findings: Findings
) -> None:
    problem = f"{label} is {shown(facts.mime_type)}"
    doubts = [dispute.why for dispute in rule.disputed if dispute.concerns(mime_type)]
    if doubts:
        findings.warn(facts.path, f"{problem}, and {doubts[0]}")
    else:
        findings.fault(facts.path, problem, listing(rule.mime_types))


def _check_size(facts: ReferenceFacts, rule: KindRule, label: str, findings: Findings) -> None:
    if facts.size_bytes is None:
        return
    if facts.size_bytes <= 0:
        findings.fault(facts.path, f"{label} is empty")
        return
    most = max_bytes(rule)
    if most is None or facts.size_bytes <= most:
        return
    allowed = (
        f"at most {rule.max_size_mb} MB, taken as {most:,.0f} bytes "
        "since the documentation leaves open which MB is meant"
    )
    findings.fault(facts.path, f"{label} is too large with {facts.size_bytes:,} bytes", allowed)


def _warn_of_external_url(spec: ModelSpec, facts: ReferenceFacts, label: str, findings: Findings) -> None:
    if spec.reference is not None and spec.reference.urls:
        return
    findings.warn(
        facts.path,
        f"{label} is an external URL; the documentation leaves open whether {spec.id} accepts one",
    )
    if spec.reference is not None and facts.kind in spec.reference.duration_token_kinds:
        findings.warn(
            facts.path,
            f"a {facts.kind} needs a duration token, which only an upload returns",
        )

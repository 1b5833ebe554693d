from __future__ import annotations

import dataclasses

import pytest

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.check import Verdict, check_request
from airflow_provider_rivya.catalog.model import KindRule, ReferenceMode, ReferenceRule
from airflow_provider_rivya.catalog.references import ReferenceFacts


def verdict_on(model: str, *references: ReferenceFacts) -> Verdict:
    return check_request(load_catalog(), model=model, prompt="a", references=references)


def test_an_external_video_has_no_duration_token() -> None:
    facts = ReferenceFacts(
        "reference_media[0]", "https://example.org/private/a.mp4", "video", external_url=True
    )
    verdict = verdict_on("wan-2-6", facts)
    assert verdict.ok
    assert any("duration token" in warning for warning in verdict.warnings)
    assert not any("private" in warning for warning in verdict.warnings)


def test_what_is_not_known_of_a_file_is_not_held_against_it() -> None:
    verdict = verdict_on("nano-banana-2", ReferenceFacts("reference_media[0]", "a", "image"))
    assert verdict.ok
    assert verdict.warnings == ()


@pytest.mark.parametrize(("size", "ok"), [(10_000_000, True), (10_000_001, False), (10 * 2**20, False)])
def test_the_smaller_reading_of_mb_rules(size: int, ok: bool) -> None:
    verdict = verdict_on("flux-2-pro", ReferenceFacts("reference_media[0]", "a", "image", "image/png", size))
    assert verdict.ok is ok
    assert ok or "10,000,000 bytes" in verdict.faults[0].allowed


def test_files_that_were_not_looked_at_are_not_judged() -> None:
    verdict = check_request(load_catalog(), model="z-image", prompt="a", references=None)
    assert verdict.ok


def test_a_kind_that_was_only_assumed_does_not_refuse_another() -> None:
    assert verdict_on("seedream-4-0", ReferenceFacts("reference_media[0]", "a", "video", "video/mp4", 9)).ok
    assert not verdict_on(
        "wan-2-5-video", ReferenceFacts("reference_media[0]", "a", "video", "video/mp4", 9)
    ).ok


def test_the_words_of_the_modes() -> None:
    spec = load_catalog().get("happyhorse-1-0")
    assert spec is not None
    rule = ReferenceRule(
        kinds=(KindRule("image"), KindRule("audio"), KindRule("video")),
        per_mode=(
            ReferenceMode(
                "talk", at_most=(("image", 1), ("audio", 2)), at_least=(("image", 1), ("audio", 1))
            ),
            ReferenceMode("edit", at_most=(("audio", 0),), at_least=(("video", 1),)),
        ),
    )
    facts = ReferenceFacts("reference_media[0]", "a", "audio", "audio/mpeg", 9)
    verdict = check_request(
        dataclasses.replace(spec, reference=rule), model=spec.id, prompt="a", references=[facts]
    )
    assert [fault.path for fault in verdict.faults] == ["reference_media"]
    assert verdict.faults[0].allowed == (
        "talk: exactly 1 image, 1 to 2 audios; edit: no audio, at least 1 video"
    )

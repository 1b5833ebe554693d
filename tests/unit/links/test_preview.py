"""A result as Markdown: what it shows, and what stays text."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_rivya.links.preview import rivya_preview_markdown

URL = "https://cdn.example.com/a.png?sig=a(b)"


def result(**output: Any) -> dict[str, Any]:
    file = {"uri": "s3://bucket/a.png", "source_url": URL, "mime_type": "image/png", **output}
    return {"model": "z-image", "credits_final": 5, "outputs": [file]}


def test_a_picture_is_shown_by_the_gateways_url() -> None:
    text = rivya_preview_markdown(result(), prompt="A lighthouse")
    assert text.split("\n\n") == [
        "A lighthouse",
        "![A lighthouse](https://cdn.example.com/a.png?sig=a%28b%29)",
        "Model: z\\-image, Credits: 5",
    ]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", None, 7])
def test_no_other_address_is_ever_linked(url: Any) -> None:
    text = rivya_preview_markdown(result(source_url=url))
    assert "](" not in text
    assert "no browser can open it" in text


def test_film_and_sound_are_links() -> None:
    assert rivya_preview_markdown(result(mime_type="video/mp4")).startswith("[a\\.png](https://")


@pytest.mark.parametrize("text", ["](https://evil.test)", "<img src=x onerror=y>", "a\n# heading", "`code`"])
def test_a_prompt_stays_text(text: str) -> None:
    shown = rivya_preview_markdown(result(), prompt=text).split("\n\n")[0]
    assert "\n" not in shown
    for mark in "]<>#`":
        assert shown.count(mark) == shown.count(f"\\{mark}")


@pytest.mark.parametrize("value", [{}, {"outputs": None}, {"outputs": ["a"]}])
def test_what_is_no_result_shows_nothing(value: dict[str, Any]) -> None:
    assert rivya_preview_markdown(value) == ""

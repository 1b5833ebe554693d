"""The HTML of a gallery: whatever a prompt, a name or an error says, it stays text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from airflow_provider_rivya.gallery import page
from airflow_provider_rivya.gallery.card import Card, cards_of_line, cards_of_result

OUTPUT: dict[str, Any] = {
    "uri": "s3://bucket/a-0.png",
    "mime_type": "image/png",
    "size_bytes": 12345,
    "width": 4,
    "height": 3,
}
EVIL = "</style><script>alert(1)</script>\"' onerror=x \u202e\x00 rvya_sk_secretsecret"


class Reader(HTMLParser):
    """What a browser would find."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def whole(cards: list[Card], heading: str = "gallery", picture: bytes | None = None) -> str:
    names = [f"gallery{number}.html" for number in range(page.page_count(len(cards)))]
    contents = page.Contents(heading, "about", [card.status for card in cards], names, "o")
    shown = "".join(page.card(card, picture) for card in cards[: page.PER_PAGE])
    return page.begin(contents, 0) + shown + page.end(contents, 0)


@pytest.mark.parametrize(
    "where", ["title", "status", "model", "prompt", "why", "uri", "mime_type", "heading"]
)
@pytest.mark.parametrize("picture", [None, b"RIFF"], ids=["placeholder", "picture"])
def test_what_comes_from_outside_is_never_markup(where: str, picture: bytes | None) -> None:
    given: dict[str, Any] = {"title": "row", "status": "failed", "prompt": "p", "output": OUTPUT}
    if where in ("uri", "mime_type"):
        given["output"] = {**OUTPUT, where: f"s3://bucket/{EVIL}" if where == "uri" else f"image/{EVIL}"}
    elif where != "heading":
        given[where] = EVIL
    read = Reader(whole([Card(**given)], EVIL if where == "heading" else "gallery", picture))
    assert read.named("script") == []
    assert len(read.named("style")) == 1
    assert {key for _, attributes in read.tags for key in attributes if key.startswith("on")} == set()
    assert "rvya_sk_secret" not in read.text
    assert "\u202e" not in read.text
    assert "\x00" not in read.text
    for link in read.named("a"):
        assert str(link["href"]).startswith("./")


def test_a_card_tells_what_is_known_of_its_file() -> None:
    result = {
        "generation_id": "task_1",
        "model": "z-image",
        "status": "succeeded",
        "credits_final": 5,
        "outputs": [{**OUTPUT, "duration_s": 2.5, "c2pa": True}, {**OUTPUT, "uri": "s3://bucket/b c#1.png"}],
    }
    first, second = cards_of_result(result, "A lighthouse", "sku-1")
    read = Reader(page.card(first, b"RIFF"))
    for told in ("sku-1", "A lighthouse", "z-image", "5", "12,345", "4 × 3", "2.5 s", "a-0.png", "C2PA"):
        assert told in read.text
    (image,) = read.named("img")
    assert image["alt"] == "A lighthouse"
    assert str(image["src"]).startswith("data:image/webp;base64,")
    (link,) = Reader(page.card(second, None)).named("a")
    assert link["href"] == "./b%20c%231.png"


def test_a_row_without_a_file_says_why() -> None:
    line: dict[str, Any] = {
        "row_key": "p1",
        "status": "failed",
        "outputs": [],
        "error": "It was refused.",
        "model": None,
    }
    (card,) = cards_of_line(line)
    read = Reader(whole([card]))
    assert "It was refused." in read.text
    assert read.named("svg")[0]["role"] == "img"
    (running,) = cards_of_line({**line, "status": "not_submitted", "error": None})
    assert "no reason is known" in Reader(whole([running])).text


def test_a_page_is_filtered_by_status_without_a_script() -> None:
    cards = [
        Card("a", "succeeded", output=OUTPUT),
        Card("b", "failed", why="x"),
        Card("c", "failed", why="x"),
    ]
    text = whole(cards)
    read = Reader(text)
    assert [radio["id"] for radio in read.named("input")] == [
        "only-all",
        "only-status-failed",
        "only-status-succeeded",
    ]
    assert "Show on this page" in read.text
    assert "failed (2)" in read.text
    assert "body:has(#only-status-failed:checked) article:not(.status-failed) { display: none; }" in text
    assert Reader(whole(cards[1:])).named("input") == []  # one status: nothing to choose


def test_pages_have_200_cards_and_say_where_rows_without_a_file_are() -> None:
    cards = [Card(str(number), "failed" if number == 399 else "succeeded") for number in range(401)]
    read = Reader(whole(cards))
    assert len(read.named("article")) == 200
    links = [link for link in read.named("a") if "gallery" in str(link["href"])]
    assert [link["href"] for link in links[:3]] == ["./gallery0.html", "./gallery1.html", "./gallery2.html"]
    assert links[0]["aria-current"] == "page"
    assert "2 (1 without a file)" in read.text
    assert page.page_count(0) == 1


def test_a_page_asks_no_other_place_for_anything() -> None:
    read = Reader(whole([Card("a", "succeeded", output=OUTPUT)], picture=b"RIFF"))
    (policy,) = [meta for meta in read.named("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert str(policy["content"]).startswith("default-src 'none'; img-src data:;")
    assert read.named("link") == []

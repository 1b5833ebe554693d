"""A gallery's page and file by keyboard, on a small screen, in the dark, and without files."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import pytest
from PIL import Image

from airflow_provider_rivya import gallery, plugin
from airflow_provider_rivya.gallery import page as html
from airflow_provider_rivya.gallery.card import Card
from tests.e2e import browser

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(200),
    pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing())),
]

TASK: Final = "/api/v2/dags/d/dagRuns/r/taskInstances/t"
RESULT: Final = f"{TASK}/xcomEntries/return_value"
FILE: Final = {"uri": "s3://bucket/pictures/a.png", "mime_type": "image/png", "width": 4, "height": 3}
ABOUT: Final = "document.getElementById('about').textContent"
HOW: Final = "document.getElementById('how').textContent"
FOCUS: Final = "document.activeElement.textContent"
WIDE: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SHOWN: Final = "[...document.querySelectorAll('article')].filter((card) => card.offsetHeight).length"


class Answers(BaseHTTPRequestHandler):
    """The page's files, and what a test has Airflow answer; all else is Airflow's own page."""

    told: ClassVar[dict[str, tuple[int, Any]]] = {}

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        status, value = self.told.get(path, (200, "<!doctype html>Airflow"))
        kind, body = "text/html", str(value).encode()
        if path.startswith("/rivya/gallery/"):
            name = path.removeprefix("/rivya/gallery/") or "index.html"
            of = gallery if name.startswith("shared/") else plugin
            body = (
                Path(str(of.__file__)).with_name("static").joinpath(name.removeprefix("shared/")).read_bytes()
            )
            kind = {".css": "text/css", ".js": "text/javascript"}.get(Path(name).suffix, kind)
        elif path in self.told:
            kind, body = "application/json", json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def page(driver: Any) -> Iterator[browser.SeenPage]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield browser.SeenPage(driver, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


def opened(page: browser.SeenPage, answers: dict[str, tuple[int, Any]], script: str, wanted: Any) -> None:
    """Open the page of a task, with these answers, and wait."""
    Answers.told = answers
    page.show("/rivya/gallery/?dag_id=d&run_id=r&task_id=t&map_index={MAP_INDEX}", script, wanted)


def result(**more: Any) -> dict[str, Any]:
    return {"generation_id": "task_1", "model": "z-image", "status": "succeeded", "outputs": [FILE], **more}


@pytest.mark.parametrize(
    ("status", "words"), [(401, "not signed in"), (403, "may not see"), (404, "no result")]
)
def test_what_airflow_refuses_is_told_in_words(page: browser.SeenPage, status: int, words: str) -> None:
    opened(page, {RESULT: (status, {"detail": "x"})}, f"{ABOUT}.includes('{words}')", True)


def test_where_no_files_are_handed_out_the_page_says_how_that_is_turned_on(
    page: browser.SeenPage, screenshots: Path
) -> None:
    file = {**FILE, "source_url": "https://cdn.test/a.png"}
    forged = {**FILE, "source_url": "javascript:alert(1)"}
    told = {RESULT: (200, {"value": result(outputs=[file, forged])})}
    opened(page, told, f"{HOW}.includes('ui_media_roots = s3://bucket/pictures/')", True)
    page.picture(screenshots / "gallery_closed.png")
    links = "[...document.querySelectorAll('dd a')].map((link) => link.href)"
    assert page.ask(links) == ["https://cdn.test/a.png"]
    assert page.ask("document.images.length") == 0
    assert page.ask(WIDE) <= 0


def test_a_file_that_is_not_below_a_root_is_told_apart(page: browser.SeenPage) -> None:
    media = "/rivya/media/d/r/t/-1/0"
    told = {RESULT: (200, {"value": result()}), media: (404, {"detail": "There is no file"})}
    opened(page, told, f"{HOW}.includes('below none of the folders')", True)
    assert "ui_media = True" not in page.ask(HOW)


def test_pages_of_a_batch_by_keyboard(page: browser.SeenPage) -> None:
    rows = [{"row_key": f"p{number}", "status": "failed", "error": "It was refused."} for number in range(2)]
    summary = {"manifest_uri": "s3://bucket/m.jsonl", "rows": 4, "counts": {"failed": 4}}
    told = {
        RESULT: (200, {"value": summary}),
        "/rivya/media/d/r/t/-1/rows": (200, {"page": 0, "per_page": 2, "rows": rows}),
    }
    opened(page, told, "document.querySelectorAll('#pages button').length", 2)
    page.type("TAB")
    assert page.ask(FOCUS) == "Page 1"
    page.type("TAB", "ENTER")
    page.wait_for("document.querySelector('[aria-current]').textContent", "Page 2")
    page.wait_for(FOCUS, "Page 2")
    assert page.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def written(folder: Path) -> Path:
    """A gallery of two pages."""
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((96, 64)).save(out, "WEBP")
    file = {
        "uri": "file:///x/a-0.png",
        "mime_type": "image/png",
        "size_bytes": 1234,
        "width": 96,
        "height": 64,
    }
    cards = [
        Card(f"p{number}", "succeeded", "z-image", f"A cup {number}", 5, None, file) for number in range(3)
    ]
    cards += [Card("odd", "failed", "z-image", "A jug", why="It was refused: " + "long" * 30)]
    statuses = [card.status for card in [*cards, *cards[:1] * html.PER_PAGE]]
    names = ["gallery.html", "gallery-page2.html"]
    contents = html.Contents("A batch", "4 rows", statuses, names, "o")
    for number, name in enumerate(names):
        shown = "".join(html.card(card, out.getvalue() if card.why is None else None) for card in cards)
        text = html.begin(contents, number) + shown + html.end(contents, number)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / names[0]


def test_the_file_by_keyboard_in_the_dark_and_on_a_small_screen(
    page: browser.SeenPage, tmp_path: Path, screenshots: Path
) -> None:
    page.complaints()  # of other tests
    page.show(written(tmp_path).as_uri(), SHOWN, 4)
    assert page.ask("[...document.images].map((image) => image.alt)") == ["A cup 0", "A cup 1", "A cup 2"]
    page.type("TAB")
    assert page.ask("document.activeElement.id") == "only-all"
    page.type("ARROW_DOWN")
    assert page.ask("document.activeElement.id") == "only-status-failed"
    assert page.ask(SHOWN) == 1
    page.type("ARROW_UP", "TAB", "TAB", "TAB")
    assert page.ask("document.activeElement.className") == "shown"
    assert page.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.picture(screenshots / "gallery_light.png")
    for dark in (False, True):
        page.look(width=400, dark=dark)
        assert page.ask(WIDE) <= 0
        page.picture(screenshots / f"gallery_400{'_dark' if dark else ''}.png")
    page.look(dark=True)
    page.picture(screenshots / "gallery_dark.png")
    page.look()
    page.show(
        tmp_path.joinpath("gallery-page2.html").as_uri(),
        "document.querySelector('[aria-current]').textContent",
        "2",
    )
    assert page.complaints() == []

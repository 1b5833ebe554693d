"""A gallery's page and file by keyboard, on a small screen, in the dark, and without files."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, urlsplit

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
TITLES: Final = "[...document.querySelectorAll('h2')].map((title) => title.textContent)"
FOCUS: Final = "document.activeElement.textContent"
WIDE: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SHOWN: Final = "[...document.querySelectorAll('article')].filter((card) => card.offsetHeight).length"


class Answers(BaseHTTPRequestHandler):
    """The page's files, and what a test has Airflow answer; all else is Airflow's own page."""

    told: ClassVar[dict[str, tuple[int, Any]]] = {}

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
        status, value = self.told.get(path, (200, "<!doctype html>Airflow"))
        value = value(query) if callable(value) else value
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


def opened(
    page: browser.SeenPage,
    answers: dict[str, tuple[int, Any]],
    script: str,
    wanted: Any,
    index: str = "{MAP_INDEX}",
) -> None:
    """Open the page of a task, with these answers, and wait."""
    Answers.told = answers
    page.show(f"/rivya/gallery/?dag_id=d&run_id=r&task_id=t&map_index={index}", script, wanted)


def result(**more: Any) -> dict[str, Any]:
    return {"generation_id": "task_1", "model": "z-image", "status": "succeeded", "outputs": [FILE], **more}


def test_a_task_without_a_result(page: browser.SeenPage) -> None:
    opened(page, {RESULT: (404, {"detail": "x"})}, f"{ABOUT}.includes('no result')", True)


def test_a_task_that_has_failed_says_why(page: browser.SeenPage) -> None:
    failure = {"kind": "rejected", "message": "It was <b>refused</b>.", "client_request_id": "sku-1"}
    told = {RESULT: (404, {}), f"{TASK}/xcomEntries/failure": (200, {"value": failure})}
    opened(page, told, "document.querySelectorAll('article.bad').length", 1)
    assert page.ask("document.querySelector('.why').textContent") == "It was <b>refused</b>."
    assert page.ask("document.querySelector('h2').textContent") == "sku-1"


def test_a_batch_that_has_failed_shows_its_rows_and_says_why(page: browser.SeenPage) -> None:
    failure: dict[str, Any] = {"kind": "credits", "message": "The account has 1.", "credits": None, "rows": 1}
    failure |= {"manifest_uri": "s3://bucket/m.jsonl", "counts": {"not_submitted": 1}}
    rows = [{"row_key": "p1", "status": "not_submitted"}]
    told = {
        RESULT: (404, {}),
        f"{TASK}/xcomEntries/failure": (200, {"value": failure}),
        "/rivya/media/d/r/t/-1/rows": (200, {"page": 0, "per_page": 200, "rows": rows}),
    }
    opened(page, told, TITLES, ["p1"])
    assert page.ask(ABOUT) == "The account has 1. 1 not submitted. Manifest: s3://bucket/m.jsonl"


def test_three_hundred_instances_of_a_mapped_task(page: browser.SeenPage) -> None:
    """Airflow lists fewer at once than a page shows."""

    def instances(query: dict[str, str]) -> Any:
        begin, count = int(query["offset"]), min(60, int(query["limit"]))
        numbers = range(begin, min(begin + count, 300))
        return {"task_instances": [{"map_index": at} for at in numbers], "total_entries": 300}

    def xcom(query: dict[str, str]) -> Any:
        return {"value": result(client_request_id=f"sku-{query['map_index']}", credits_final=5)}

    told: dict[str, tuple[int, Any]] = {f"{TASK}/listMapped": (200, instances), RESULT: (200, xcom)}
    told |= {f"{TASK}/{at}": (200, {"rendered_fields": {"prompt": f"Cup {at}"}}) for at in range(300)}
    opened(page, told, ABOUT, "Instances 1 to 100 of 300: 100 with a result; 500 credits", index="all")
    assert page.ask(TITLES) == [f"sku-{at}" for at in range(100)]
    # Only the last one counts, whatever comes in which order.
    page.ask("document.querySelectorAll('#pages button').forEach((button) => button.click())")
    page.wait_for(ABOUT, "Instances 201 to 300 of 300: 100 with a result; 500 credits")
    assert page.ask(TITLES) == [f"sku-{at}" for at in range(200, 300)]
    assert page.ask("document.querySelector('.prompt').textContent") == "Cup 200"
    assert page.ask("document.activeElement.textContent") == "Page 3"


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

"""The page *Gallery* in a browser, for users who have signed in at Airflow's API server, and for others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.e2e import browser
from tests.integration.conftest import NewTask
from tests.integration.plugin.conftest import PASSWORD, listening

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.timeout(200),
    pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing())),
]

ABOUT = "document.getElementById('about').textContent"
SEEN = "[...document.images].filter((image) => image.complete && image.naturalWidth > 0).length"


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Any]:
    with browser.driver(tmp_path / "profile") as opened:
        yield opened


def sign_in(page: browser.SeenPage, name: str) -> None:
    page.show("/auth/login", "Boolean(document.querySelector('[name=username]'))", True)
    for field, text in (("username", name), ("password", PASSWORD)):
        page.ask(f"document.querySelector('[name={field}]').focus()")
        page.type(*text)
    page.type("ENTER")
    page.wait_for("location.pathname.startsWith('/auth')", False)


def test_the_page_shows_what_who_has_signed_in_may_see(
    whole_app: Any, new_task: NewTask, landing: Path, driver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__RIVYA__UI_MEDIA_ROOTS", f"file://{landing}/")
    run = new_task()
    assert run.run().state == "success"
    asked = {"dag_id": run.dag_id, "run_id": run.run_id, "task_id": "make", "map_index": -1}
    gallery = f"/rivya/gallery/?{urlencode(asked)}"
    media = "/rivya/media/" + "/".join(quote(str(part)) for part in (*asked.values(), 0))
    status = f"fetch({media!r}).then((answer) => answer.status)"
    with listening(whole_app) as url:
        page = browser.SeenPage(driver, url)
        page.show(gallery, f"{ABOUT}.includes('not signed in')", True)
        assert (page.ask(status), page.ask(SEEN)) == (401, 0)
        sign_in(page, "anybody")
        page.show(gallery, SEEN, 1)
        assert page.ask(status) == 200
        driver.delete_all_cookies()
        sign_in(page, "narrow")
        page.show(gallery, f"{ABOUT}.includes('may not see')", True)
        assert (page.ask(status), page.ask(SEEN)) == (403, 0)

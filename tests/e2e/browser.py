"""Headless Chromium on Airflow's UI: what a person does with the connection form, and what he sees."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

WAIT = 30.0
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1500",
)
_TEST = "/api/v2/connections/test"


def missing() -> str | None:
    """What this machine lacks for a browser, if anything."""
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return f"{program} is not installed (Debian: apt-get install chromium chromium-driver)"
    return None


class ConnectionsPage:
    """Airflow's list of connections in a browser.

    :param driver: Selenium's.
    :param url: of Airflow's UI, whose users are all administrators.
    """

    def __init__(self, driver: Any, url: str) -> None:
        from selenium.common.exceptions import ElementNotInteractableException, StaleElementReferenceException
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support.wait import WebDriverWait

        self._driver = driver
        self._by = By
        # The page draws itself anew while it loads: what was found is found again until it can be used.
        passing = (StaleElementReferenceException, ElementNotInteractableException)
        self._wait = WebDriverWait(driver, WAIT, ignored_exceptions=passing)
        self._request: str | None = None
        self._url = url
        driver.get(f"{url}/")  # signs in, and forgets where one wanted to go
        self._wait.until(lambda _: self._buttons("Admin"))
        self.load()

    def load(self) -> None:
        """Read the list anew."""
        self._driver.get(f"{self._url}/connections")

    def open_form(self, conn_id: str, type_name: str) -> list[str]:
        """Open the form and choose a connection type; the names of the fields that it then has."""
        from selenium.webdriver.common.keys import Keys

        self._click("Add Connection")
        self.fill("connection_id", conn_id)
        self._do("[role=dialog] [role=combobox]", lambda choice: choice.send_keys(type_name))
        self._wait.until(lambda _: type_name in [option.text for option in self._all("[role=option]")])
        self._do("[role=dialog] [role=combobox]", lambda choice: choice.send_keys(Keys.ENTER))
        self.default("password")
        names: list[str] = self._wait.until(
            lambda _: [field.get_attribute("name") for field in self._all("[role=dialog] [name]")]
        )
        return names

    def default(self, field: str) -> str:
        """What stands in a field."""
        return str(self._do(_field(field), lambda found: found.get_attribute("value")))

    def fill(self, field: str, text: str) -> None:
        """Write into a field, in the place of what stands there."""
        from selenium.webdriver.common.keys import Keys

        def write(found: Any) -> None:
            found.send_keys(Keys.CONTROL, "a")
            found.send_keys(text)

        self._do(_field(field), write)

    def unfold(self, heading: str) -> None:
        """Open a part of the form."""
        self._click(heading, "[role=dialog]")

    def save(self) -> None:
        """Save the form; it closes."""
        self._click("Save", "[role=dialog]")
        self._wait.until(lambda _: not self._all("[role=dialog]"))

    def press_test(self, conn_id: str) -> dict[str, Any]:
        """Press a connection's test button; what the server told the page."""
        self._request = None
        self._driver.get_log("performance")
        self._act(lambda: self._test_buttons(conn_id), lambda button: button.click())
        answers: list[dict[str, Any]] = self._wait.until(lambda _: list(self._answers()))
        return answers[0]

    def picture(self, path: Path) -> None:
        """Keep a screenshot."""
        self._driver.save_screenshot(str(path))

    def _answers(self) -> Iterator[dict[str, Any]]:
        for entry in self._driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            parameters = message["params"]
            if message["method"] == "Network.responseReceived":
                if parameters["response"]["url"].endswith(_TEST):
                    self._request = parameters["requestId"]
            elif message["method"] == "Network.loadingFinished" and parameters["requestId"] == self._request:
                command = {"requestId": self._request}
                yield json.loads(self._driver.execute_cdp_cmd("Network.getResponseBody", command)["body"])

    def _all(self, selector: str) -> list[Any]:
        return list(self._driver.find_elements(self._by.CSS_SELECTOR, selector))

    def _buttons(self, text: str, inside: str = "body") -> list[Any]:
        found = self._all(f"{inside} button")
        return [button for button in found if button.text.strip() == text and button.is_enabled()]

    def _test_buttons(self, conn_id: str) -> list[Any]:
        rows = [row for row in self._all("tr") if conn_id in row.text.split()]
        return [
            button
            for row in rows
            for button in row.find_elements(self._by.CSS_SELECTOR, "button[aria-label='Test Connection']")
        ]

    def _click(self, text: str, inside: str = "body") -> None:
        self._act(lambda: self._buttons(text, inside), lambda button: button.click())

    def _do(self, selector: str, action: Callable[[Any], Any]) -> Any:
        return self._act(lambda: self._all(selector), action)

    def _act(self, find: Callable[[], list[Any]], action: Callable[[Any], Any]) -> Any:
        done: list[Any] = []

        def attempt(_: object) -> bool:
            for element in find()[:1]:
                done.append(action(element))
            return bool(done)

        self._wait.until(attempt)
        return done[0]


def _field(name: str) -> str:
    return f"[role=dialog] [name='{name}']"


class SeenPage:
    """Any page, looked at.

    :param driver: Selenium's.
    :param url: of the server whose pages are meant where no other is named.
    """

    def __init__(self, driver: Any, url: str) -> None:
        from selenium.webdriver.support.wait import WebDriverWait

        self._driver = driver
        self._wait = WebDriverWait(driver, WAIT)
        self._url = url

    def sign_in(self) -> SeenPage:
        """Open Airflow's first page, which signs in where all users are administrators."""
        buttons = "[...document.querySelectorAll('button')]"
        self.show("/", f"{buttons}.some((button) => button.textContent.trim() === 'Admin')", True)
        self.complaints()  # of the pages before
        return self

    def show(self, path: str, script: str, wanted: Any) -> None:
        """Open a page, and wait until a script returns this in it."""
        self._driver.get(path if "://" in path else f"{self._url}{path}")
        self.wait_for(script, wanted)

    def wait_for(self, script: str, wanted: Any) -> None:
        """Wait until a script returns this in the page."""
        self._wait.until(lambda _: self.ask(script) == wanted, f"not {wanted!r}: {script}")

    def ask(self, script: str) -> Any:
        """What a script returns in the page."""
        return self._driver.execute_script(f"return {script}")

    def press(self, script: str) -> None:
        """Press the first element that a script finds."""
        self._wait.until(lambda _: self.ask(script))
        self._driver.execute_script(f"({script}).click()")

    def type(self, *keys: str) -> None:
        """Press keys, wherever the focus is: names of Selenium's ``Keys``, or letters."""
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.keys import Keys

        ActionChains(self._driver).send_keys(*(getattr(Keys, key, key) for key in keys)).perform()

    def look(self, *, width: int = 1280, dark: bool = False) -> None:
        """Look from another screen."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        size = {"width": width, "height": 1500, "deviceScaleFactor": 1, "mobile": False}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def complaints(self) -> list[str]:
        """What the browser has complained of in the console, but for Airflow's own scripts."""
        told = [str(entry["message"]) for entry in self._driver.get_log("browser")]
        return [message for message in told if "/static/assets/" not in message]

    def picture(self, path: Path) -> None:
        """Keep a screenshot."""
        self._driver.save_screenshot(str(path))


@contextmanager
def driver(profile: Path) -> Iterator[Any]:
    """A browser, Selenium's driver of it, which ends with the block.

    :param profile: an empty folder.
    """
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        yield opened
    finally:
        opened.quit()

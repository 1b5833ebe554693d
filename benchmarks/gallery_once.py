"""
Make or open a gallery: ``python -m benchmarks.gallery_once {make|open} FOLDER PICTURES``.

Making is what a batch does at its end, with pictures of 1024 by 1024 and no thumbnails beside them. It is
opened from its files, in headless Chromium.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.memory import peak, reset_peak
from benchmarks.processes import answer

SIDE = 1024
DISTINCT = 20
"""Pictures that are drawn; the others are the same files under names of their own."""
WAIT_S = 60
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
OPENED = """
const timing = performance.getEntriesByType('navigation')[0];
const shown = [...document.images].filter((image) => image.getBoundingClientRect().top < innerHeight);
return timing.loadEventEnd > 0 && shown.every((image) => image.complete && image.naturalWidth > 0)
    ? timing.loadEventEnd : null;
"""
ALL = """
const images = [...document.images];
images.forEach((image) => { image.loading = 'eager'; });
const drawn = images.filter((image) => image.naturalWidth > 0).length;
return images.every((image) => image.complete) ? drawn : null;
"""


def draw(folder: Path, count: int) -> None:
    """Draw pictures with as much detail as a photograph has."""
    from PIL import Image, ImageFilter

    dice = random.Random(16)  # noqa: S311 - the same every time
    for number in range(min(count, DISTINCT)):
        rough = Image.frombytes("RGB", (128, 128), dice.randbytes(128 * 128 * 3))
        rough.resize((SIDE, SIDE)).filter(ImageFilter.GaussianBlur(3)).save(folder / f"{number}.png")
    for number in range(DISTINCT, count):
        os.link(folder / f"{number % DISTINCT}.png", folder / f"{number}.png")


def lines(folder: Path, count: int) -> Iterator[dict[str, Any]]:
    """Yield the manifest's lines."""
    for number in range(count):
        output = {"uri": f"file://{folder}/{number}.png", "mime_type": "image/png", "size_bytes": 1}
        yield {
            "row_key": f"p{number:05}",
            "status": "succeeded",
            "model": "z-image",
            "prompt": f"A studio photograph of product {number}, on a plain ground, soft light from the left",
            "outputs": [output],
        }


def make(folder: Path, count: int) -> None:
    from airflow_provider_rivya.gallery.make import gallery_of_lines
    from airflow_provider_rivya.storage.place import OutputPlace

    draw(folder, count)

    def gallery(of: int) -> str | None:
        return gallery_of_lines(
            OutputPlace(f"file://{folder}/"),
            lambda: lines(folder, of),
            -1,
            owner="benchmark",
            heading="Benchmark",
            about="pictures",
            stopped=lambda: False,
        )

    gallery(1)  # the first one imports
    before, begun, cpu = reset_peak(), time.perf_counter(), _cpu()
    if gallery(count) is None:
        raise RuntimeError("there is no gallery")
    wall, spent = time.perf_counter() - begun, _cpu() - cpu
    pages = sorted(folder.glob("gallery*.html"))
    answer(
        wall_s=round(wall, 2),
        cpu_s=round(spent, 2),
        growth_mb=round((peak() - before) / 1e6, 1),
        drawing_mb=round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6, 1),
        pages=len(pages),
        megabytes=round(sum(path.stat().st_size for path in pages) / 1e6, 2),
        largest_page_mb=round(max(path.stat().st_size for path in pages) / 1e6, 2),
    )


def _cpu() -> float:
    """Return the CPU time of this process, and of the one in which pictures are drawn."""
    mine, drawing = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return mine.ru_utime + mine.ru_stime + drawing.ru_utime + drawing.ru_stime


def opened(folder: Path) -> None:
    """Open each page, and tell in how many seconds what is seen of it is there; then have all of it drawn."""
    from selenium import webdriver
    from selenium.webdriver.support.wait import WebDriverWait

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    with tempfile.TemporaryDirectory(prefix="rivya-bench-") as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        driver = webdriver.Chrome(options=options, service=service)
        try:
            driver.get("about:blank")
            told: list[tuple[float, int]] = []
            for path in sorted(folder.glob("gallery*.html")):
                driver.get(path.as_uri())
                wait = WebDriverWait(driver, WAIT_S)
                opened_ms = wait.until(lambda d: d.execute_script(OPENED))
                drawn = wait.until(lambda d: d.execute_script(ALL))
                told.append((float(opened_ms) / 1000, int(drawn)))
        finally:
            driver.quit()
    seconds = [each[0] for each in told]
    answer(
        first_s=round(seconds[0], 2),
        slowest_s=round(max(seconds), 2),
        all_s=round(sum(seconds), 2),
        images=sum(each[1] for each in told),
    )


if __name__ == "__main__":
    where = Path(sys.argv[2])
    if sys.argv[1] == "make":
        make(where, int(sys.argv[3]))
    else:
        opened(where)

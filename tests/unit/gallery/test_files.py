"""Galleries, thumbnails and sidecars as files: bounded in bytes and memory, and no reason to fail."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from airflow_provider_rivya.gallery.card import Card
from airflow_provider_rivya.gallery.extras import Extras
from airflow_provider_rivya.gallery.files import PREVIEW_BYTES, Beside
from airflow_provider_rivya.gallery.make import add_to_files, put_beside
from airflow_provider_rivya.gallery.sidecar import MadeFrom
from airflow_provider_rivya.media.stills import Stills
from airflow_provider_rivya.storage.place import OutputPlace

ASKED = MadeFrom(
    "A poster for https://user:word@shop.test/a?sig=abc and rvya_sk_0123456789",
    {"image": "https://bucket.test/x.png?X-Amz-Signature=abc", "seed": 7, "list": [{"key": "sk-abcdefgh"}]},
    ["ab" * 32],
)


def result_in(folder: Path, count: int = 2) -> dict[str, Any]:
    outputs = []
    for index in range(count):
        name = f"task_1-{index}.png"
        Image.effect_noise((64, 48), 60).convert("RGB").save(folder / name)
        outputs.append(
            {"index": index, "uri": f"file://{folder}/{name}", "mime_type": "image/png", "sha256": "ab" * 32}
        )
    return {
        "generation_id": "task_1",
        "gateway": "rivya",
        "model": "z-image",
        "status": "succeeded",
        "credits_final": 1,
        "created_at": "2026-01-01T00:00:00Z",
        "finished_at": "2026-01-01T00:00:09Z",
        "outputs": outputs,
    }


def made(
    folder: Path, extras: Extras, stopped: bool = False, owner: str = "dag.make run", **joined: Any
) -> dict[str, Any]:
    place = OutputPlace(f"file://{folder}/")
    result = result_in(folder)
    return put_beside(
        place, result, extras, ASKED, joined, heading="make, run", owner=owner, stopped=lambda: stopped
    )


def test_all_that_was_asked_for_stands_beside_the_files(tmp_path: Path) -> None:
    result = made(tmp_path, Extras(gallery=True, thumbnails=32, sidecar=True), row_key="sku-1")
    assert result["gallery_uri"] == f"file://{tmp_path}/gallery.html"
    text = (tmp_path / "gallery.html").read_text()
    assert text.count("data:image/webp") == 2
    assert "sku-1" in text
    for index, output in enumerate(result["outputs"]):
        assert output["thumbnail_uri"] == f"file://{tmp_path}/task_1-{index}.png.thumb.webp"
        with Image.open(tmp_path / f"task_1-{index}.png.thumb.webp") as small:
            assert small.size == (32, 24)
        assert output["sidecar_uri"] == f"file://{tmp_path}/task_1-{index}.json"
    assert len(list(tmp_path.iterdir())) == 7


def test_a_sidecar_tells_how_a_file_was_made_and_opens_nothing(tmp_path: Path) -> None:
    made(tmp_path, Extras(sidecar=True), client_request_id="mine", map_index=None)
    text = (tmp_path / "task_1-1.json").read_text()
    told = json.loads(text)
    assert (told["file"], told["sha256"], told["generation_id"]) == ("task_1-1.png", "ab" * 32, "task_1")
    assert told["reference_sha256"] == ["ab" * 32]
    assert (told["model"], told["gateway"], told["finished_at"]) == (
        "z-image",
        "rivya",
        "2026-01-01T00:00:09Z",
    )
    assert told["model_params"]["seed"] == 7
    assert told["client_request_id"] == "mine"
    assert "map_index" not in told
    assert told["made_by"].startswith("airflow-provider-rivya ")
    assert told["versions"]["apache-airflow"].startswith("3.")
    assert told["prompt"] == "A poster for https://shop.test/a?... and ***"
    for secret in ("sig=abc", "Signature", "word", "0123456789", "sk-abcdefgh"):
        assert secret not in text


def test_instances_of_a_mapped_task_have_a_gallery_each(tmp_path: Path) -> None:
    assert made(tmp_path, Extras(gallery=True), map_index=3)["gallery_uri"].endswith("/gallery-3.html")


def test_another_tasks_or_runs_gallery_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "gallery-7.html").write_text("<title>somebody's own page</title>")
    first = made(tmp_path, Extras(gallery=True), owner="dag.make monday 12345678")
    shown = (tmp_path / "gallery.html").read_bytes()
    other = made(tmp_path, Extras(gallery=True), owner="dag.make tuesday 12345678")
    name = other["gallery_uri"].rpartition("/")[2]
    assert name.startswith("gallery-dag.make-tuesday-12345678-")
    assert (tmp_path / "gallery.html").read_bytes() == shown
    for owner, gallery in {"monday": first["gallery_uri"], "tuesday": other["gallery_uri"]}.items():
        again = made(tmp_path, Extras(gallery=True), owner=f"dag.make {owner} 12345678")
        assert again["gallery_uri"] == gallery
    mapped = made(tmp_path, Extras(gallery=True), owner="dag.make monday [7] 12345678", map_index=7)
    assert "gallery-7-dag.make-monday-7-12345678-" in mapped["gallery_uri"]
    assert len(list(tmp_path.glob("*.html"))) == 4


def test_files_that_differ_in_their_type_alone_have_a_sidecar_and_a_thumbnail_each(tmp_path: Path) -> None:
    place = OutputPlace(f"file://{tmp_path}/")
    (tmp_path / "notes.json").write_text("[1]")
    told = {}
    for name in ("hero.png", "hero.jpg", "hero.png", "notes.png"):
        Image.new("RGB", (64, 48)).save(tmp_path / name)
        result = {**result_in(tmp_path, 0), "outputs": [{"uri": f"file:///{name}", "mime_type": "image/png"}]}
        with Stills() as stills:
            add_to_files(Beside(place, stills), result, Extras(thumbnails=32, sidecar=True), ASKED, {})
        told[name] = [
            result["outputs"][0][f"{what}_uri"].rpartition("/")[2] for what in ("sidecar", "thumbnail")
        ]
    assert told == {
        "hero.png": ["hero.json", "hero.png.thumb.webp"],
        "hero.jpg": ["hero.jpg.json", "hero.jpg.thumb.webp"],
        "notes.png": ["notes.png.json", "notes.png.thumb.webp"],
    }
    assert (tmp_path / "notes.json").read_text() == "[1]"
    assert [json.loads((tmp_path / sidecar).read_text())["file"] for sidecar, _ in told.values()] == list(
        told
    )


def test_sidecars_that_are_written_at_the_same_moment_do_not_replace_each_other(tmp_path: Path) -> None:
    place, names = OutputPlace(f"file://{tmp_path}/"), ["hero.png", "hero.mp4", "hero.webp", "hero.jpg"]
    begin = threading.Barrier(len(names))

    def write(name: str) -> str:
        output = {"uri": f"file://{tmp_path}/{name}"}
        with Stills() as stills:
            begin.wait()
            Beside(place, stills).sidecar(output, {"file": name})
        return str(output["sidecar_uri"]).rpartition("/")[2]

    with ThreadPoolExecutor(len(names)) as pool:
        for _ in range(20):
            told = list(pool.map(write, names))
            assert [json.loads((tmp_path / sidecar).read_text())["file"] for sidecar in told] == names
            assert "hero.json" in told
            for sidecar in told:
                (tmp_path / sidecar).unlink()


def test_what_cannot_be_made_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("gallery.html", "task_1-0.json", "task_1-0.png.thumb.webp"):
        (tmp_path / name).mkdir()
    result = made(tmp_path, Extras(gallery=True, thumbnails=32, sidecar=True))
    assert result["gallery_uri"] is None
    assert [output["thumbnail_uri"] is None for output in result["outputs"]] == [True, False]
    assert [output["sidecar_uri"] is None for output in result["outputs"]] == [True, False]
    warned = [record.message for record in caplog.records]
    assert [text.partition(":")[0].split(" of ")[0] for text in warned] == [
        "No thumbnail",
        "No sidecar",
        "No gallery",
    ]


def test_a_file_that_is_gone_or_broken_has_a_sign_in_its_place(tmp_path: Path) -> None:
    place, outputs = OutputPlace(f"file://{tmp_path}/"), result_in(tmp_path)["outputs"]
    (tmp_path / "task_1-0.png").unlink()
    (tmp_path / "task_1-1.png").write_bytes(b"\x89PNG")
    with Stills() as stills:
        cards = [Card("a", "succeeded", output=output) for output in outputs]
        assert Beside(place, stills).gallery("gallery", "o", "h", "a", ["succeeded"] * 2, cards)
    text = (tmp_path / "gallery.html").read_text()
    assert text.count("image without a preview") == 2


def test_a_task_that_is_to_end_draws_nothing_more(tmp_path: Path) -> None:
    result = made(tmp_path, Extras(gallery=True, thumbnails=32), stopped=True)
    assert "data:image/webp" not in (tmp_path / "gallery.html").read_text()
    assert {output["thumbnail_uri"] for output in result["outputs"]} == {None}


def test_what_is_missing_is_told_before_anything_is_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [str(fault) for fault in Extras(gallery=True).faults(None)] == [
        "gallery: there is no place for it; allowed: an output_path"
    ]
    monkeypatch.setattr("airflow_provider_rivya.gallery.extras.find_spec", lambda _: None)
    (fault,) = Extras(thumbnails=512).faults("/data/")
    assert "airflow-provider-rivya[images]" in str(fault)
    assert Extras(gallery=True).faults("/data/") == []


CROWD = """
import json, resource, sys
from airflow_provider_rivya.gallery.card import Card
from airflow_provider_rivya.gallery.files import PREVIEW_BYTES, Beside
from airflow_provider_rivya.storage.place import OutputPlace

class Largest:
    def draw(self, path, kind, side, most_bytes):
        return bytes(most_bytes)

place = OutputPlace(f"file://{sys.argv[1]}/")
output = {"uri": "file:///a.png", "mime_type": "image/png", "size_bytes": 1}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
cards = (Card(str(n), "succeeded", "z-image", "words " * 200, 1, output=output) for n in range(1000))
Beside(place, Largest()).gallery("gallery", "o", "h", "a", ["succeeded"] * 1000, cards)
print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))
"""


def test_a_thousand_pictures_take_little_room(tmp_path: Path) -> None:
    """With pictures as large as they may be: what draws them keeps to that, as another test shows."""
    command = [sys.executable, "-c", CROWD, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    pages = sorted(tmp_path.glob("gallery*.html"))
    assert [path.name for path in pages] == [*(f"gallery-page{n}.html" for n in (2, 3, 4, 5)), "gallery.html"]
    size = sum(path.stat().st_size for path in pages)
    assert 1_000 * PREVIEW_BYTES < size < 15_000_000
    assert json.loads(done.stdout) < 64 * 1024

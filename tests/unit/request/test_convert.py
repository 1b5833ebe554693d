from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.request.convert import ADVICE, convert_references
from airflow_provider_rivya.request.prepare import RequestArguments, prepare
from airflow_provider_rivya.request.references import Reference, read_references

MODEL = "nano-banana-2"
Read = Callable[..., list[Reference | Fault]]


@pytest.fixture
def folder(tmp_path: Path) -> str:
    path = tmp_path / "of the task"
    path.mkdir()
    return str(path)


@pytest.fixture
def read(folder: str) -> Read:
    def run(*sources: object) -> list[Reference | Fault]:
        def fetch_nothing(url: str) -> Any:
            raise AssertionError(f"{url} was fetched")

        return read_references(sources, open_url=fetch_nothing, folder=lambda: folder)

    return run


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.tif"
    Image.effect_noise((300, 200), 60).save(path)
    return path


@pytest.fixture
def right(tmp_path: Path) -> Path:
    path = tmp_path / "right.png"
    Image.effect_noise((300, 200), 60).save(path)
    return path


def prepared(references: list[Reference | Fault], *, advise: bool = True, model: str = MODEL) -> Any:
    arguments = RequestArguments(model, "a", convert_reference_images=not advise)
    return prepare(arguments, references, gateway="rivya")


def refused(references: list[Reference | Fault], **options: Any) -> list[str]:
    with pytest.raises(InvalidRequestError) as caught:
        prepared(references, **options)
    return [str(fault) for fault in caught.value.faults]


def test_what_the_model_takes_is_left_alone(read: Read, right: Path, scan: Path, folder: str) -> None:
    given = [*read(right, scan), Fault("reference_media[2]", "it is gone")]
    found = convert_references(given, gateway="rivya", model=MODEL, folder=folder)
    assert found[0] is given[0]
    assert found[2] is given[2]
    changed = found[1]
    assert isinstance(changed, Reference)
    assert (changed.facts.path, changed.facts.kind, changed.facts.mime_type) == (
        "reference_media[1]",
        "image",
        "image/jpeg",
    )
    assert changed.file.name == "scan.jpg"
    assert changed.facts.size_bytes == changed.file.size_bytes
    assert Path(changed.file.uri.removeprefix("file://")).parent == Path(folder)


def test_the_fingerprint_is_the_originals(read: Read, scan: Path, folder: str) -> None:
    found = convert_references(read(scan), gateway="rivya", model=MODEL, folder=folder)
    digests = prepared(found).request.reference_digests
    assert digests == (hashlib.sha256(scan.read_bytes()).hexdigest(),)


def test_the_same_content_is_converted_once(read: Read, scan: Path, tmp_path: Path, folder: str) -> None:
    (tmp_path / "copy.tif").write_bytes(scan.read_bytes())
    found = convert_references(read(scan, tmp_path / "copy.tif"), gateway="rivya", model=MODEL, folder=folder)
    first, second = (entry for entry in found if isinstance(entry, Reference))
    assert first.file is second.file
    assert [first.facts.path, second.facts.path] == ["reference_media[0]", "reference_media[1]"]
    assert len(list(Path(folder).iterdir())) == 1


def test_what_cannot_be_converted_is_told_for_each(read: Read, scan: Path, folder: str) -> None:
    scan.write_bytes(scan.read_bytes()[:-1000])
    found = convert_references(read(scan, scan), gateway="rivya", model=MODEL, folder=folder)
    assert [entry.path for entry in found if isinstance(entry, Fault)] == [
        "reference_media[0]",
        "reference_media[1]",
    ]


@pytest.mark.parametrize("model", ["z-image", "no-such-model", None, 5])
def test_without_a_rule_nothing_is_converted(read: Read, scan: Path, folder: str, model: object) -> None:
    given = read(scan)
    assert convert_references(given, gateway="rivya", model=model, folder=folder) == given


def test_an_image_above_the_limit(read: Read, tmp_path: Path, folder: str) -> None:
    large = tmp_path / "large.jpg"
    Image.effect_noise((60, 40), 60).save(large)
    with large.open("ab") as file:
        file.truncate(10_000_001)
    (line,) = refused(read(large), model="seedream-4-5")
    assert "at most 10 MB" in line
    assert line.endswith(f"; {ADVICE}")
    (found,) = convert_references(read(large), gateway="rivya", model="seedream-4-5", folder=folder)
    assert isinstance(found, Reference)
    assert found.file.size_bytes < 10_000


@pytest.mark.parametrize("name", ["a.gif", "a.bmp", "a.tif"])
def test_without_conversion_the_fault_tells_of_it(read: Read, tmp_path: Path, name: str) -> None:
    Image.new("L", (8, 8)).save(tmp_path / name)
    (line,) = refused(read(tmp_path / name))
    assert "; allowed: image" in line
    assert line.endswith(f"; {ADVICE}")
    (line,) = refused(read(tmp_path / name), advise=False)
    assert ADVICE not in line


def test_what_cannot_be_mended_so_is_not_promised(read: Read, tmp_path: Path, right: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF\x24\0\0\0WAVEfmt " + bytes(40))
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40))
    (tmp_path / "a.txt").write_text("BM is not how it begins"[3:])
    lines = refused(read(tmp_path / "a.wav", tmp_path / "a.heic", tmp_path / "a.txt"))
    assert len(lines) == 3
    assert ADVICE not in "".join(lines)
    assert ADVICE not in "".join(refused(read(right), model="z-image"))

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath

from airflow_provider_rivya.api.download import Downloader
from airflow_provider_rivya.api.exchange import ClientSettings
from airflow_provider_rivya.exceptions import Fault, GenerationError
from airflow_provider_rivya.request.places import ReferencePlaces
from airflow_provider_rivya.request.references import Reference, read_references
from airflow_provider_rivya.stop import StopFlag
from tests.unit.api.wire import Wire, answer
from tests.unit.media.samples import by_name, encoded, sound

PNG = encoded(64, 64, "PNG")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    return path


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[Reference | Fault]]:
    def fetch_nothing(url: str) -> Any:
        raise AssertionError(f"{url} was fetched")

    def run(value: Any, **kwargs: Any) -> list[Reference | Fault]:
        options = {"open_url": fetch_nothing, "folder": lambda: str(tmp_path), **kwargs}
        return read_references(value, **options)

    return run


def paths(found: list[Reference | Fault]) -> list[str]:
    return [entry.path if isinstance(entry, Fault) else entry.facts.path for entry in found]


@pytest.mark.parametrize("value", [None, "", [], (), [None, ""]])
def test_nothing(read: Any, value: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert read(value) == []
    assert ("without any reference" in caplog.text) is (value is not None)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, ["reference_media"]),
        ("", ["reference_media"]),
        ([], ["reference_media"]),
        ([None, [""]], ["reference_media[0]", "reference_media[1][0]"]),
    ],
)
def test_nothing_where_something_is_required(read: Any, value: Any, told: list[str]) -> None:
    found = read(value, required=True)
    assert paths(found) == told
    assert all("require_references" in fault.problem for fault in found)


def test_an_empty_one_among_others(read: Any, picture: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert paths(read([picture, None])) == ["reference_media[0]"]
    assert "reference_media[1] is empty: left out" in caplog.text
    assert paths(read([picture, None], required=True)) == ["reference_media[0]", "reference_media[1]"]
    assert paths(read([picture], required=True)) == ["reference_media[0]"]


def test_lists_in_lists_have_an_end(read: Any) -> None:
    holds_itself: list[Any] = []
    holds_itself.append(holds_itself)
    (found,) = read(holds_itself)
    assert "levels deep" in found.problem


def test_a_place_that_is_not_allowed_is_not_opened(read: Any, picture: Path, tmp_path: Path) -> None:
    places = ReferencePlaces([f"{tmp_path}/"], ["photos"])
    found = read([picture, "https://example.com/a.png", "s3://keys@bucket/a.png"], places=places)
    assert [isinstance(entry, Fault) for entry in found] == [False, True, True]


def test_a_file(read: Any, picture: Path) -> None:
    for value in (str(picture), picture, f"file://{picture}", ObjectStoragePath(f"file://{picture}")):
        (found,) = read(value)
        assert found.sha256 == hashlib.sha256(PNG).hexdigest()
        assert (found.facts.path, found.facts.kind, found.facts.mime_type) == (
            "reference_media",
            "image",
            "image/png",
        )
        assert found.facts.size_bytes == len(PNG)
        assert found.file.name == "a.png"


def test_many_in_order_with_what_is_wrong_in_between(read: Any, picture: Path) -> None:
    def three() -> Iterator[Any]:
        yield picture
        yield "/nowhere/b.png"
        yield [str(picture)]

    found = read(three())
    assert paths(found) == ["reference_media[0]", "reference_media[1]", "reference_media[2][0]"]
    assert [isinstance(entry, Fault) for entry in found] == [False, True, False]


def test_the_result_of_an_earlier_generation(read: Any, picture: Path) -> None:
    result = {"generation_id": "t", "outputs": [{"uri": str(picture), "conn_id": None}] * 2}
    assert paths(read(result)) == ["reference_media.outputs[0]", "reference_media.outputs[1]"]
    assert paths(read([result])) == ["reference_media[0].outputs[0]", "reference_media[0].outputs[1]"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (5, "int is not a reference"),
        (b"raw", "bytes is not a reference"),
        ({}, "an object without outputs"),
        ({"outputs": []}, "an object without outputs"),
        ({"outputs": "x"}, "an object without outputs"),
        ({"outputs": [{}]}, "an output without uri and source_url"),
        ({"outputs": ["x"]}, "an output without uri and source_url"),
        ("{'outputs': []}", "a result that was rendered to text"),
        (" [1]", "a result that was rendered to text"),
        ("data:image/png;base64,iVBORw0KGgo=", "a data URI: give the file itself, it is uploaded"),
    ],
)
def test_what_is_no_reference(read: Any, value: Any, problem: str) -> None:
    (found,) = read(value)
    assert found.problem == problem
    assert found.allowed


def test_what_is_no_media_is_a_fault_of_its_own(read: Any, tmp_path: Path) -> None:
    """Whatever ``validation`` says: the model's rules are not asked."""
    (tmp_path / "a.txt").write_text("just words " * 50)
    (found,) = read(tmp_path / "a.txt")
    assert found.problem == (
        f"'{tmp_path}/a.txt' is not an image, video or audio file: it looks like plain text"
    )


def test_a_file_without_end_is_not_read(read: Any, tmp_path: Path) -> None:
    path = tmp_path / "endless.png"
    with path.open("wb") as file:
        file.write(by_name("png").data)
        file.truncate(2**40)
    (fault,) = read(str(path))
    assert "has more than 1024 MiB, which no model takes" in fault.problem


def test_a_task_that_is_to_stop_reads_no_file_to_its_end(read: Any, tmp_path: Path) -> None:
    class Soon(StopFlag):
        looks = 0

        def is_set(self) -> bool:
            self.looks += 1
            return self.looks > 3

    path, stop = tmp_path / "large.png", Soon()
    with path.open("wb") as file:
        file.write(by_name("png").data)
        file.truncate(100 * 1024 * 1024)
    with pytest.raises(GenerationError, match="asked to stop while reference_media was read") as caught:
        read(str(path), stop=stop)
    assert caught.value.retryable
    assert stop.looks == 4


@pytest.mark.parametrize("name", ["png", "jpeg", "webp-lossy", "mp4-h264", "mp3-lame", "wav"])
def test_half_a_file_is_a_fault_before_anything_is_paid(
    read: Any, memory_store: Any, tmp_path: Path, name: str
) -> None:
    sample = by_name(name)
    half = sample.data[: len(sample.data) // 2]
    (tmp_path / "a.bin").write_bytes(half)
    memory_store.pipe_file("/bucket/a.bin", half)
    for found in read([tmp_path / "a.bin", "memory://mem@bucket/a.bin"]):
        assert isinstance(found, Fault)
        assert f"is a damaged {sample.media_type.mime_type} file" in found.problem


def test_an_odd_file_is_sent_with_a_warning(
    read: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.png").write_bytes(PNG + b"\r\n")
    (found,) = read(tmp_path / "a.png")
    assert isinstance(found, Reference)
    assert "is odd, but sent as it is: 2 bytes follow its end" in caplog.text


def test_the_tracks_tell_the_kind(read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(sound(b"isom"))
    (found,) = read(tmp_path / "a.mp4")
    assert (found.facts.kind, found.facts.mime_type) == ("audio", "audio/mp4")
    assert found.file.name == "a.mp4"


def test_a_file_is_uploaded_under_a_name_that_fits(read: Any, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(encoded(8, 8, "JPEG"))
    (tmp_path / "y.jpeg").write_bytes(encoded(8, 8, "JPEG"))
    assert [found.file.name for found in read([tmp_path / "x.png", tmp_path / "y.jpeg"])] == [
        "x.jpg",
        "y.jpeg",
    ]


# -- by URL ----------------------------------------------------------------------------------------


@pytest.fixture
def own() -> Iterator[Callable[..., Any]]:
    with ExitStack() as stack:

        def opener(wire: Wire, max_bytes: int | None = None) -> Any:
            settings = ClientSettings(wire.url, "rvya_sk_x", connect_timeout=5.0, read_timeout=5.0)
            return stack.enter_context(Downloader(settings, (), max_bytes)).open

        yield opener


def test_a_url_is_fetched_and_measured_like_a_file(read: Any, own: Any, tmp_path: Path) -> None:
    with Wire(answer(200, PNG)) as wire:
        (found,) = read(f"{wire.url}/a.png?signature=s3cret", open_url=own(wire))
    assert found.sha256 == hashlib.sha256(PNG).hexdigest()
    assert found.facts.mime_type == "image/png"
    assert "s3cret" not in found.facts.label
    with found.file.open() as stream:
        assert stream.read() == PNG


def test_a_result_that_was_not_landed_is_fetched(read: Any, own: Any) -> None:
    with Wire(answer(200, PNG)) as wire:
        result = {"outputs": [{"uri": None, "source_url": f"{wire.url}/{index}"} for index in range(2)]}
        found = read(result, open_url=own(wire))
    assert [request.target for request in wire.received] == ["/0", "/1"]
    assert len({entry.file.uri for entry in found}) == 2


def test_no_more_is_fetched_than_allowed(read: Any, own: Any) -> None:
    with Wire(answer(200, PNG)) as wire:
        assert isinstance(read(wire.url, open_url=own(wire, len(PNG)))[0], Reference)
        (found,) = read(wire.url, open_url=own(wire, len(PNG) - 1))
    assert found.problem == (
        f"it could not be fetched: The file from {wire.url}/... has at least {len(PNG)} bytes; "
        f"max_output_bytes of the connection allows {len(PNG) - 1}. "
        "Raise max_output_bytes in the connection's extra fields to fetch it."
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (encoded(64, 64, "PNG"), ""),
        (encoded(64, 64, "PNG")[:-20], "is a damaged image/png file: it ends before"),
    ],
)
def test_a_cut_shows_without_a_length(read: Any, content: bytes, told: str) -> None:
    @contextmanager
    def open_url(url: str) -> Iterator[Any]:
        yield SimpleNamespace(coding="", length=None, chunks=lambda: iter([content[:50], content[50:]]))

    if not told:
        assert isinstance(read("http://a.example/a.png", open_url=open_url)[0], Reference)
        return
    with pytest.raises(GenerationError, match=told) as caught:
        read("http://a.example/a.png", open_url=open_url)
    assert caught.value.retryable
    assert "Nothing was submitted and nothing was charged" in str(caught.value)


def test_a_page_in_place_of_a_file_is_a_fault(read: Any) -> None:
    @contextmanager
    def open_url(url: str) -> Iterator[Any]:
        yield SimpleNamespace(
            coding="", length=None, chunks=lambda: iter([b"<!doctype html><html></html>" * 20])
        )

    (found,) = read("http://a.example/a.png", open_url=open_url)
    assert isinstance(found, Fault)
    assert "is not an image, video or audio file: it looks like an HTML page" in found.problem


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("/allowed/b.png", ""),
        ("/other/b.png", "is not in a place"),
        ("/allowed/../b.png", "is not in a place"),
    ],
)
def test_a_redirect_leads_nowhere_else(read: Any, own: Any, target: str, told: str) -> None:
    picture = answer(200, encoded(64, 64, "PNG"))
    with Wire(lambda got: picture if got.target == target else answer(302, location=target)) as wire:
        places = ReferencePlaces([f"{wire.url}/allowed"])
        (found,) = read(f"{wire.url}/allowed/a.png", open_url=own(wire), places=places)
    assert isinstance(found, Fault) is bool(told)
    if told:
        assert told in found.problem
        assert [got.target for got in wire.received] == ["/allowed/a.png"]


def test_a_url_that_is_gone(read: Any, own: Any) -> None:
    with Wire(answer(404)) as wire:
        (found,) = read(f"{wire.url}/?signature=s3cret", open_url=own(wire))
    assert "it could not be fetched" in found.problem
    assert "HTTP 404" in found.problem
    assert "s3cret" not in str(found)


def test_fewer_bytes_than_were_told(read: Any, own: Any) -> None:
    with Wire(answer(200, b"half", content_length="10")) as wire, pytest.raises(GenerationError) as caught:
        read(wire.url, open_url=own(wire), conn_id="rivya_default")
    assert caught.value.retryable
    assert "reference_media could not be fetched: The transfer from http://127.0.0.1:" in str(caught.value)
    assert str(caught.value).endswith(
        "[connection rivya_default]. Nothing was submitted and nothing was charged; a retry fetches it again."
    )


@pytest.mark.parametrize("length", [0, None])
def test_an_empty_file_is_told_by_its_host(read: Any, length: int | None) -> None:
    @contextmanager
    def open_url(url: str) -> Iterator[Any]:
        yield SimpleNamespace(coding="", length=length, chunks=lambda: iter(()))

    (found,) = read("https://cdn.example/a?signature=s3cret", open_url=open_url)
    assert found == Fault("reference_media", "the file at https://cdn.example/... is empty")

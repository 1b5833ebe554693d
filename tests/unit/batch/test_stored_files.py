"""A stored file that is another one by now is never taken for the row's: it is fetched again, or told."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.batch.files.stored import StoredFiles
from airflow_provider_rivya.exceptions import DownloadError
from tests.unit.batch.batch_gateway import Client, Gateway
from tests.unit.batch.batch_world import World, new_folder, table

FOREIGN = b"another run's"


def ended(world: World) -> dict[str, Any]:
    done = world.attempt()
    assert isinstance(done, dict), done
    return {status: count for status, count in done["counts"].items() if count}


def begun(folder: Path, **more: Any) -> tuple[World, Path]:
    world = World(new_folder(folder), Gateway(), rows=table(3), **more)
    assert ended(world) == {"succeeded": 3}
    return world, world.folder / "out"


def same_size(file: Path) -> bytes:
    return FOREIGN.ljust(file.stat().st_size, b".")


def written(file: Path) -> None:
    file.write_bytes(FOREIGN)


def written_with_its_size(file: Path) -> None:
    file.write_bytes(same_size(file))


def moved_there(file: Path) -> None:
    """As old as the row's own."""
    other = file.with_name("other")
    other.write_bytes(same_size(file))
    os.utime(other, (1, 1))
    other.replace(file)


def exchanged(file: Path) -> None:
    """With that of another row."""
    other = file.with_name("r2.png")
    content = file.read_bytes()
    file.write_bytes(other.read_bytes())
    other.write_bytes(content)


def link_to_nothing(file: Path) -> None:
    file.unlink()
    file.symlink_to("nowhere")


DEEDS = (written, written_with_its_size, moved_there, exchanged, link_to_nothing, Path.unlink)


@pytest.mark.parametrize("again", ["retry", "clear", "incremental"])
@pytest.mark.parametrize("deed", DEEDS)
def test_another_file_in_its_place_is_noticed(tmp_path: Path, deed: Any, again: str) -> None:
    world, out = begun(tmp_path, incremental=again == "incremental")
    deed(out / "r1.png")
    if again == "clear":
        world.clear()
    elif again == "incremental":
        world.run_id = "tomorrow"
    assert sum(ended(world).values()) == 3
    world.manifest()  # each file is its row's
    assert len(world.gateway.made) == 3


def test_rows_whose_requests_are_known_by_their_files_are_looked_at_too(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (64, 64)).save(tmp_path / "photo.png")
    asked = {"model": "nano-banana-2", "reference_media": [f"{tmp_path}/photo.png"]}
    world, out = begun(tmp_path, asked=asked)
    written_with_its_size(out / "r1.png")
    world.clear()
    assert sum(ended(world).values()) == 3
    world.manifest()
    assert len(world.gateway.made) == 3


def test_files_that_are_as_they_were_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world, _ = begun(tmp_path)
    monkeypatch.setattr(StoredFiles, "kept", None)
    world.clear()
    assert ended(world) == {"reused": 3}


def test_a_file_that_was_only_touched_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world, out = begun(tmp_path)
    fetched: list[str] = []
    monkeypatch.setattr(Client, "open", lambda _, url, **more: fetched.append(url))
    (out / "r1.png").touch()
    world.clear()
    assert ended(world) == {"reused": 3}
    monkeypatch.setattr(StoredFiles, "kept", None)
    world.clear()
    assert ended(world) == {"reused": 3}
    assert fetched == []


def test_a_folder_that_was_moved_is_known_again(tmp_path: Path) -> None:
    world, _ = begun(tmp_path)
    before = world.folder
    world.folder = before.rename(tmp_path / "moved")
    world.clear()
    assert ended(world) == {"reused": 3}
    lines = world.manifest().values()
    assert [line["outputs"][0]["uri"] for line in lines] == [
        f"file://{tmp_path}/moved/out/r{number}.png" for number in range(3)
    ]
    assert len(world.gateway.made) == 3


def nobody_hands_it_out(*_: Any, **more: Any) -> None:
    raise DownloadError("HTTP 404", http_status=404)


def test_a_run_with_a_folder_of_its_own_has_the_files_of_an_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {"state_path": f"{tmp_path}/state/"}
    world, out = begun(tmp_path, incremental=True, arguments=state)
    monkeypatch.setattr(Client, "open", nobody_hands_it_out)
    content = (out / "r1.png").read_bytes()
    written_with_its_size(out / "r1.png")
    world.run_id, world.folder = "tomorrow", new_folder(tmp_path)
    assert "1 of 3 rows have no result" in str(world.attempt())
    lines = world.manifest().values()
    assert [line["status"] for line in lines] == ["reused", "not_landed", "reused"]
    (out / "r1.png").write_bytes(content)
    world.run_id = "later"
    assert ended(world) == {"reused": 3}
    world.manifest()
    assert len(world.gateway.made) == 3


def test_a_lost_file_whose_time_at_the_gateway_is_over_is_made_again_by_the_next_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, out = begun(tmp_path)
    (out / "r1.png").unlink()
    shown, over = Client._shown, {"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}
    monkeypatch.setattr(Client, "_shown", staticmethod(lambda made: shown(made).model_copy(update=over)))
    monkeypatch.setattr(Client, "open", nobody_hands_it_out)
    world.clear()
    for _ in range(2):  # a retry does not pay
        assert "1 of 3 rows have no result" in str(world.attempt())
        assert world.manifest()["r1"]["status"] == "failed"
    assert len(world.gateway.made) == 3
    monkeypatch.undo()
    world.clear()
    assert ended(world) == {"succeeded": 1, "reused": 2}
    assert len(world.gateway.made) == 4


def test_a_row_that_is_called_otherwise_leaves_its_old_name_to_others(tmp_path: Path) -> None:
    asked = {"file_name": "{name}"}
    world = World(new_folder(tmp_path), Gateway(), asked=asked)
    world.rows = [{**row, "name": row["key"]} for row in table(2)]
    assert ended(world) == {"succeeded": 2}
    world.clear([{**world.rows[0], "name": "r0-old"}, {"key": "r5", "prompt": "new", "name": "r0"}])
    assert ended(world) == {"reused": 1, "succeeded": 1}
    told = {key: line["outputs"][0] for key, line in lines_of(world).items()}
    assert [output["uri"].rpartition("/")[2] for output in told.values()] == ["r0-old.png", "r0.png"]
    for output in told.values():
        content = Path(output["uri"].removeprefix("file://")).read_bytes()
        assert hashlib.sha256(content).hexdigest() == output["sha256"]
    assert len({output["sha256"] for output in told.values()}) == 2


def lines_of(world: World) -> dict[str, Any]:
    path = world.folder / "out" / "_manifest" / world.run_id / "manifest.jsonl"
    return {line["row_key"]: line for line in map(json.loads, path.read_text().splitlines())}


@pytest.mark.parametrize("if_exists", ["overwrite", "skip"])
def test_what_cannot_be_fetched_again_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, if_exists: str
) -> None:
    world, out = begun(tmp_path, arguments={"if_exists": if_exists})
    written(out / "r1.png")

    if if_exists == "overwrite":
        monkeypatch.setattr(Client, "open", nobody_hands_it_out)
    for _ in range(2):
        world.clear()
        assert "1 of 3 rows have no result" in str(world.attempt())
        line = world.manifest()["r1"]
        assert (line["status"], line["outputs"]) == ("not_landed", [])
        assert ("HTTP 404" if if_exists == "overwrite" else "exists already with another content") in line[
            "error"
        ]
    assert (out / "r1.png").read_bytes() == FOREIGN
    assert len(world.gateway.made) == 3
    monkeypatch.undo()
    (out / "r1.png").unlink()
    assert sum(ended(world).values()) == 3
    assert hashlib.sha256((out / "r1.png").read_bytes()).hexdigest() in str(world.manifest()["r1"])

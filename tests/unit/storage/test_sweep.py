"""What a killed writer has left is swept by its owner, and nobody else's."""

from __future__ import annotations

from pathlib import Path

from airflow_provider_rivya.storage.place import OutputPlace


def test_a_sweep_removes_what_its_owner_has_not_finished_and_nothing_else(tmp_path: Path) -> None:
    place = OutputPlace(f"file://{tmp_path}/")
    own, other = place.owned("a-"), place.owned("b-")
    left_by_a_kill: list[Path] = []
    for whose in (own, own.named("stem"), other, place):
        before = set(tmp_path.iterdir())
        with whose.stage("whole.png") as staged:
            staged.write(b"all of it")
            left_by_a_kill += set(tmp_path.iterdir()) - before
            staged.commit()
    for path in left_by_a_kill:
        path.touch()
    (tmp_path / ".rivya-a-notes.txt").touch()
    own.sweep()
    own.sweep()
    left = {path.name for path in tmp_path.iterdir()}
    assert {"whole.png", ".rivya-a-notes.txt"} < left
    parts = [name for name in left if name.endswith(".part")]
    assert len(parts) == 2
    assert not any(name.startswith(".rivya-a-") for name in parts)
    OutputPlace(f"file://{tmp_path}/nowhere/").owned("a-").sweep()

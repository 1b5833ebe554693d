"""Outputs, references and the submission record on S3, and every way in which a bucket cannot be used."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya._compat import AirflowFailException
from airflow_provider_rivya.exceptions import (
    GenerationError,
    InvalidRequestError,
    OutputError,
    StorageError,
)
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.stores import FileRecords, RecordTakenError
from tests.integration.conftest import Connect, sent
from tests.integration.storage.buckets import FOLDER, UNUSABLE, Break, nobody_there, unknown_key
from tests.integration.storage.conftest import Store, Task
from tests.sandbox_process import SandboxProcess

pytest.importorskip("s3fs")
pytest.importorskip("airflow.providers.amazon")

# Theirs, not ours: what boto, aiobotocore, werkzeug and the amazon provider warn about.
pytestmark = [pytest.mark.filterwarnings("default")]

NewTask = Callable[..., Task]


def test_an_output_lands_whole_with_its_record_beside_it(
    s3: Store, task: NewTask, sandbox: SandboxProcess
) -> None:
    (output,) = task(output_path=FOLDER).run()["outputs"]
    name = f"{sandbox.tasks()[0]['id']}-0.png"
    assert (output["uri"], output["conn_id"]) == (f"s3://bucket/run/{name}", "store")
    content = s3.read(f"run/{name}")
    assert (len(content), hashlib.sha256(content).hexdigest()) == (output["size_bytes"], output["sha256"])
    (record,) = s3.records()
    assert record["state"] == "delivered"
    others = [key for key in s3.names() if not key.startswith("run/.rivya/")]
    assert others == [f"run/{name}"]


@pytest.mark.parametrize("form", ["text", "storage path", "earlier result"])
def test_references_are_read_from_s3(
    s3: Store, task: NewTask, sandbox: SandboxProcess, photo: Path, form: str
) -> None:
    from airflow.sdk import ObjectStoragePath

    s3.put("in/photo.jpg", photo.read_bytes())
    references: dict[str, Any] = {
        "text": "s3://store@bucket/in/photo.jpg",
        "storage path": ObjectStoragePath("s3://bucket/in/photo.jpg", conn_id="store"),
        "earlier result": {"outputs": [{"uri": "s3://bucket/in/photo.jpg", "conn_id": "store"}]},
    }
    made = task(model="nano-banana-2", reference_media=references[form], output_path=FOLDER)
    (output,) = made.run()["outputs"]
    assert hashlib.sha256(s3.read(output["uri"].removeprefix("s3://bucket/"))).hexdigest() == output["sha256"]
    (upload,) = sent(sandbox, "POST", "/api/v1/files")
    assert upload["status"] == 201
    (submitted,) = sandbox.tasks()
    (item,) = submitted["params"]["referenceMediaItems"]
    assert sandbox.get(item["url"]).body == photo.read_bytes()
    assert sandbox.ledger()["charges"] == 1


@pytest.mark.usefixtures("connect")
def test_a_retry_finds_its_record_on_s3(s3: Store, task: NewTask, sandbox: SandboxProcess) -> None:
    made = task(output_path=FOLDER, state_path="s3://store@bucket/state/")
    sandbox.fault(method="GET", path="/results/*", kind="status", status=404, times=99)
    with pytest.raises(OutputError):
        made.run()
    (record,) = s3.records()
    assert record["state"] == "submitted"
    assert [key for key in s3.names() if not key.startswith("state/")] == []
    sandbox.control("DELETE", "faults")
    result = made.run()
    assert result["generation_id"] == record["generation_id"]
    assert [entry["state"] for entry in s3.records()] == ["delivered"]
    assert sandbox.ledger()["charges"] == 1


def test_of_many_at_once_one_creates_the_record(s3: Store) -> None:
    """On S3 the creation is conditional (``If-None-Match``): looking first would let two pass."""
    identity = Identity("", "dag", "run", "task", -1)
    record = Record("intent", 0, 1, "print", "key", 0.0, "rivya_default", "z-image", body="{}")
    count = 8
    start = threading.Barrier(count)

    def create(number: int) -> int | None:
        records = FileRecords(OutputPlace("s3://store@bucket/state/"), identity)
        start.wait()
        try:
            records.exchange(None, record)
        except RecordTakenError:
            return None
        return number

    with ThreadPoolExecutor(count) as pool:
        winners = [number for number in pool.map(create, range(count)) if number is not None]
    assert len(winners) == 1
    assert s3.names() == [f"state/{identity.digest}.json"]
    assert json.loads(s3.read(s3.names()[0]))["key"] == "key"


def test_a_bucket_of_which_nothing_may_be_deleted_is_good_enough(
    s3: Store, task: NewTask, sandbox: SandboxProcess
) -> None:
    s3.deny("s3:DeleteObject")
    (output,) = task(output_path=FOLDER).run()["outputs"]
    assert s3.read(output["uri"].removeprefix("s3://bucket/"))
    assert any(name.endswith(".probe") for name in s3.names())
    assert sandbox.ledger()["charges"] == 1


@pytest.mark.parametrize(("harm", "path", "says"), [c[1:] for c in UNUSABLE], ids=[c[0] for c in UNUSABLE])
def test_an_unusable_output_place_is_told_before_the_gateway_is_touched(
    s3: Store,
    task: NewTask,
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
    photo: Path,
    tmp_path: Path,
    harm: Break,
    path: str,
    says: str,
) -> None:
    """The record is elsewhere: that there is none yet is certain. A retry helps only against silence."""
    harm(s3, monkeypatch)
    state = f"{tmp_path}/state/"
    retryable = "right now" in says
    with pytest.raises(StorageError if retryable else AirflowFailException) as raised:
        task(model="nano-banana-2", reference_media=str(photo), output_path=path, state_path=state).run()
    if not retryable:
        assert ("output_conn_id: " if "connection" in says else "output_path: ") in str(raised.value)
    assert says in str(raised.value)
    assert re.search("Nothing was (sent|submitted) and nothing was charged", str(raised.value))
    assert "testing" not in str(raised.value)
    assert sandbox.requests() == []
    assert sandbox.ledger()["entries"] == []


def test_what_is_wrong_for_certain_is_told_before_what_may_pass(
    s3: Store, task: NewTask, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nobody_there(s3, monkeypatch)
    arguments = {"output_path": "s3://dead@bucket/run/", "state_path": f"{tmp_path}/state/"}
    with pytest.raises(InvalidRequestError) as raised:
        task(prompt="", model_params={"resolution": "9K"}, **arguments).run()
    assert [fault.path for fault in raised.value.faults] == ["prompt", "model_params.resolution"]
    assert sandbox.requests() == []


UNREADABLE = {
    "missing connection": "could not be read (AirflowNotFoundException: The conn_id `nobody` isn't defined)",
    "wrong credentials": "could not be read (PermissionError: ",  # s3fs hands on a text of the server's
    "no server": "could not be read (EndpointConnectionError: ",
}
"""The cases in which not even the record of an earlier try can be looked for."""

UNWRITABLE_STATE = {
    "missing bucket": "could not be written (FileNotFoundError: The specified bucket does not exist)",
    "read-only bucket": "could not be written (PermissionError: Forbidden)",
}


def told_of_the_record(error: BaseException, says: str) -> None:
    """Whoever has put things right runs the task again: so it does not fail for good."""
    assert not isinstance(error, AirflowFailException)
    assert str(error).startswith("The submission record of this task ")
    assert says in str(error)
    assert "Without it nothing is submitted, as " in str(error)
    assert str(error).endswith("This try has submitted nothing and paid nothing; a retry looks again.")


def told_as_a_fault(error: BaseException, argument: str, says: str) -> None:
    assert isinstance(error, AirflowFailException)
    assert f"- {argument}: " in str(error)
    assert says in str(error)
    assert str(error).endswith("Nothing was sent and nothing was charged; a retry would not help.")


@pytest.mark.parametrize(("case", "harm", "path", "says"), UNUSABLE, ids=[c[0] for c in UNUSABLE])
def test_an_output_place_that_holds_the_record_too(
    s3: Store,
    task: NewTask,
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
    harm: Break,
    path: str,
    says: str,
) -> None:
    """Where the record cannot be read, an earlier try may have paid: that is told, and nothing is sent."""
    harm(s3, monkeypatch)
    with pytest.raises((AirflowFailException, GenerationError)) as raised:
        task(output_path=path).run()
    if case in UNREADABLE:
        told_of_the_record(raised.value, UNREADABLE[case])
    else:
        told_as_a_fault(raised.value, "output_path", says)
    assert "testing" not in str(raised.value)
    assert sandbox.requests() == []
    assert sandbox.ledger()["entries"] == []


@pytest.mark.parametrize(("case", "harm", "path", "says"), UNUSABLE, ids=[c[0] for c in UNUSABLE])
def test_an_unusable_state_path_is_told_before_the_gateway_is_touched(
    s3: Store,
    task: NewTask,
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
    landing: Path,
    case: str,
    harm: Break,
    path: str,
    says: str,
) -> None:
    harm(s3, monkeypatch)
    with pytest.raises((AirflowFailException, GenerationError)) as raised:
        task(output_path=f"{landing}/", state_path=path).run()
    if record := UNREADABLE.get(case) or UNWRITABLE_STATE.get(case):
        told_of_the_record(raised.value, record)
    else:
        told_as_a_fault(raised.value, "state_path", says)
    assert "testing" not in str(raised.value)
    assert sandbox.requests() == []
    assert sandbox.ledger()["entries"] == []
    assert list(landing.iterdir()) == []


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("s3://store@bucket/in/missing.jpg", "does not exist"),
        ("s3://store@no-such-bucket/in/photo.jpg", "does not exist"),
        ("s3://nobody@bucket/in/photo.jpg", "nobody"),
        ("s4://bucket/in/photo.jpg", "Airflow knows no storage for s4://"),
    ],
)
def test_an_unusable_reference_is_told_before_the_gateway_is_touched(
    s3: Store, task: NewTask, sandbox: SandboxProcess, reference: str, says: str
) -> None:
    with pytest.raises(AirflowFailException) as raised:
        task(model="nano-banana-2", reference_media=reference, output_path=FOLDER).run()
    told_as_a_fault(raised.value, "reference_media", says)
    assert sandbox.requests() == []
    assert s3.names() == []


@pytest.mark.parametrize(
    ("harm", "path", "says"),
    [
        (unknown_key, "s3://store@bucket/in/photo.jpg", "reference_media: "),
        (nobody_there, "s3://dead@bucket/a.jpg", "s3://bucket/a.jpg cannot be reached right now"),
    ],
    ids=["wrong credentials", "no server"],
)
def test_a_reference_behind_a_closed_door(
    s3: Store,
    task: NewTask,
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
    photo: Path,
    landing: Path,
    harm: Break,
    path: str,
    says: str,
) -> None:
    s3.put("in/photo.jpg", photo.read_bytes())
    harm(s3, monkeypatch)
    with pytest.raises(GenerationError) as raised:
        task(model="nano-banana-2", reference_media=path, output_path=f"{landing}/").run()
    assert isinstance(raised.value, AirflowFailException) is ("right now" not in says)
    assert says in str(raised.value)
    assert re.search("Nothing was (sent|submitted) and nothing was charged", str(raised.value))
    assert "testing" not in str(raised.value)
    assert sandbox.requests() == []
    assert sandbox.ledger()["entries"] == []


def test_a_reference_that_may_not_be_read(
    s3: Store, task: NewTask, sandbox: SandboxProcess, photo: Path, landing: Path, connect: Connect
) -> None:
    s3.put("in/photo.jpg", photo.read_bytes())
    s3.deny("s3:GetObject")
    path = "s3://store@bucket/in/photo.jpg"
    with pytest.raises(AirflowFailException) as raised:
        task(model="nano-banana-2", reference_media=path, output_path=f"{landing}/").run()
    told_as_a_fault(raised.value, "reference_media", "PermissionError")
    assert sandbox.requests() == []

"""What DAGs and people read has the keys that earlier releases gave it; what a deferral carries is read.

Keys may be added; see docs/compatibility.md.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow.sdk import Asset, AssetAlias

from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    ConnectionConfigError,
    DownloadError,
    Fault,
    GatewayUnavailableError,
    GenerationError,
    GenerationFailedError,
    GenerationTimeoutError,
    IdempotencyConflictError,
    InsufficientCreditsError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RequestRejectedError,
    StorageError,
)
from airflow_provider_rivya.gallery.sidecar import VERSION, MadeFrom, sidecar_of
from airflow_provider_rivya.generation.failure import failure_document
from airflow_provider_rivya.operators.deferral import DeferralState, Turn
from airflow_provider_rivya.operators.reporting import tell_outlets
from airflow_provider_rivya.submission.record import Record
from tests.compat.releases import each_release, read

FAILURES: dict[str, list[GenerationError]] = {
    "invalid_request": [InvalidRequestError([Fault("prompt", "is missing", "a text")])],
    "connection": [ConnectionConfigError("no host")],
    "key": [AuthenticationError("revoked"), PermissionDeniedError("no scope")],
    "credits": [InsufficientCreditsError("none left")],
    "not_found": [NotFoundError("gone")],
    "conflict": [IdempotencyConflictError("another body")],
    "rejected": [RequestRejectedError("no")],
    "unavailable": [GatewayUnavailableError("away")],
    "generation_failed": [GenerationFailedError("oops")],
    "timeout": [GenerationTimeoutError("late")],
    "output": [DownloadError("cut"), StorageError("full")],
    "error": [GenerationError("something else")],
}
"""By ``kind``, on which DAGs branch."""
OF_THE_ROW = {"client_request_id", "row_key", "map_index"}
FOR_PEOPLE = "message"


@each_release
def test_failures(release: Path) -> None:
    kept = {document["kind"]: document for document in read(release / "failures.json")}
    assert set(kept) <= set(FAILURES)
    for kind, document in kept.items():
        paid = Record.from_json(read(release / "records" / "submitted.json"))
        record = paid if document["submitted"] else None
        for error in FAILURES[kind]:
            written = failure_document(error, record, known=True)
            assert (FOR_PEOPLE in document) <= (FOR_PEOPLE in written)
            same = {key: document[key] for key in document if key not in {*OF_THE_ROW, FOR_PEOPLE}}
            assert {key: written[key] for key in same} == same


class OutletEvents(defaultdict[Any, Any]):
    """What a task tells its outlets, as Airflow takes it."""

    class Event:
        def __init__(self) -> None:
            self.extra: dict[str, Any] = {}
            self.added: list[list[Any]] = []

        def add(self, asset: Asset, extra: dict[str, Any]) -> None:
            self.added.append([asset.uri, extra])

    def __init__(self) -> None:
        super().__init__(self.Event)

    def __getitem__(self, outlet: Asset | AssetAlias) -> Event:
        event: OutletEvents.Event = super().__getitem__(outlet.name)  # assets of Airflow 3.1 have no hash
        return event


@each_release
def test_asset_events(release: Path) -> None:
    asset, alias = Asset(name="pictures", uri="file:///data/out/"), AssetAlias("each")
    told = OutletEvents()
    tell_outlets({"outlet_events": told}, [asset, alias], read(release / "xcom.json"))
    kept = read(release / "asset-events.json")
    assert told[asset].extra == kept["asset"]
    assert told[alias].added == kept["alias"]


@each_release
def test_sidecars(release: Path) -> None:
    kept, result = read(release / "sidecar.json"), read(release / "xcom.json")
    made_from = MadeFrom(kept["prompt"], kept["model_params"], kept["reference_sha256"])
    row = {"client_request_id": kept["client_request_id"]}
    found = {name: kept[name] for name in ("c2pa", "xmp")}
    written = sidecar_of({**result["outputs"][0], **found}, result, made_from, row)
    assert {key: written[key] for key in kept if key != "made_by"} == {
        key: kept[key] for key in kept if key != "made_by"
    }
    assert kept["version"] <= VERSION


@each_release
def test_a_task_that_is_deferred_while_the_package_is_upgraded(release: Path) -> None:
    kept = read(release / "deferral.json")
    task = SimpleNamespace(output_path="another", output_conn_id=None)
    state = DeferralState.of(kept["carried"], kept["event"], task)
    assert {key: state.to_kwargs()[key] for key in kept["carried"]} == kept["carried"]
    assert MadeFrom.from_json(state.made_from).to_json() == kept["carried"]["made_from"]
    assert Record.from_json(state.record).generation_id == kept["event"]["task_id"]
    turn = Turn.carried(kept["turn"])
    assert (turn.since, turn.times, turn.request) == tuple(kept["turn"].values())

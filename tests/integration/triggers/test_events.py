"""The triggers of asset watchers: each end is told once, and the trigger stays."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from airflow.sdk import DAG, Asset, AssetWatcher

from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.triggers.events import (
    GenerationEventTrigger,
    RivyaGenerationEventTrigger,
    ToApisGenerationEventTrigger,
)
from tests.integration.gateways import TestedGateway, at_each
from tests.sandbox_process import SandboxProcess

TRIGGERS: dict[str, type[GenerationEventTrigger]] = {
    "rivya": RivyaGenerationEventTrigger,
    "toapis": ToApisGenerationEventTrigger,
}


def submit(gateway: TestedGateway) -> str:
    hook = gateway.hook()
    created = hook.create_generation(hook.api.request_body(gateway.model, "A bicycle", {}))
    hook.close()
    return created.id


@at_each
@pytest.mark.usefixtures("connect")
async def test_each_end_is_told_once(gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    ids = [submit(gateway) for _ in range(3)]
    path, arguments = TRIGGERS[gateway.name]([*ids, ids[0]], gateway.conn_id).serialize()
    assert path.endswith(f"triggers.events.{TRIGGERS[gateway.name].__name__}")
    trigger = TRIGGERS[gateway.name](**arguments)
    events = trigger.run()
    async with asyncio.timeout(30):
        told = [(await anext(aiter(events))).payload for _ in ids]
    assert {event["task_id"]: event["status"] for event in told} == dict.fromkeys(ids, "succeeded")
    more = asyncio.ensure_future(anext(aiter(events)))
    await asyncio.sleep(0)
    assert not more.done()
    more.cancel()
    with pytest.raises(asyncio.CancelledError):
        await more
    assert sandbox.ledger()["charges"] == 3


@pytest.mark.parametrize("given", [[], [""], ["a/b"], ["task_1", 5], "../x"], ids=str)
def test_what_is_no_id_is_refused(given: list[str]) -> None:
    with pytest.raises(InvalidRequestError, match="generation_ids"):
        RivyaGenerationEventTrigger(given)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        RivyaGenerationEventTrigger(["a/b", "task_1"], category="film", timeout=float("inf"))
    assert [fault.path for fault in caught.value.faults] == ["generation_ids[0]", "category", "timeout"]


def test_a_dag_takes_it() -> None:
    from airflow.serialization.serialized_objects import LazyDeserializedDAG

    watcher = AssetWatcher(name="film", trigger=RivyaGenerationEventTrigger(["task_1"]))
    with DAG("film", schedule=[Asset("film", watchers=[watcher])], start_date=datetime(2026, 1, 1)) as dag:
        pass
    assert "RivyaGenerationEventTrigger" in str(LazyDeserializedDAG.from_dag(dag).data)

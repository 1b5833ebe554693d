"""The triggers of asset watchers: each end is told once, and the trigger stays."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar

import pytest
from airflow.sdk import DAG, Asset, AssetWatcher

from airflow_provider_rivya._compat import TriggerEvent
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


class Played:
    """In the place of a trigger: ends when the test says so, with what it says."""

    conn_id_argument = "conn_id"
    ends: ClassVar[dict[str, asyncio.Future[str]]]
    begun: ClassVar[Counter[str]]
    let_go: ClassVar[list[str]]

    def __init__(self, generation_id: str, *_: object) -> None:
        self.generation_id = generation_id

    async def run(self) -> AsyncIterator[TriggerEvent]:
        self.begun[self.generation_id] += 1
        try:
            status = await asyncio.shield(self.ends[self.generation_id])
        except asyncio.CancelledError:
            self.let_go.append(self.generation_id)
            raise
        yield TriggerEvent({"task_id": self.generation_id, "status": status})


class PlayedEventTrigger(GenerationEventTrigger):
    trigger_class: ClassVar[Any] = Played


Begin = Callable[[str], tuple[list[str], asyncio.Task[None]]]


@asynccontextmanager
async def watching() -> AsyncIterator[Begin]:
    """Run watchers of generations ("ab": of a and b) by Airflow 3.3's own manager, as a triggerer does."""
    manager = pytest.importorskip("airflow.triggers.shared_stream").SharedStreamManager()
    Played.begun, Played.let_go = Counter(), []
    Played.ends = {name: asyncio.get_running_loop().create_future() for name in "abc"}
    tasks: list[asyncio.Task[None]] = []

    async def watch(number: int, wanted: str, told: list[str]) -> None:
        trigger = PlayedEventTrigger(list(wanted), "there")
        key = trigger.shared_stream_key()
        try:
            stream = manager.subscribe(trigger_id=number, trigger=trigger, key=key)
            async for event in trigger.filter_shared_stream(stream):
                told.append(event.payload["task_id"])
        finally:
            await manager.unsubscribe(number, key)

    def begin(wanted: str) -> tuple[list[str], asyncio.Task[None]]:
        told: list[str] = []
        tasks.append(asyncio.ensure_future(watch(len(tasks), wanted, told)))
        return told, tasks[-1]

    try:
        yield begin
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await manager.stop_all()


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def ends(name: str, status: str = "succeeded") -> None:
    Played.ends[name].set_result(status)
    await turns()


async def test_watchers_of_a_connection_share_a_stream_and_each_hears_of_its_own() -> None:
    async with watching() as begin:
        (one, _), (other, _) = begin("ab"), begin("bc")
        await turns()
        assert Played.begun == Counter("abc")
        for name in "bca":
            await ends(name)
        assert (one, other) == (["b", "a"], ["b", "c"])


async def test_one_that_leaves_takes_nobody_along() -> None:
    async with watching() as begin:
        (one, leaves), (other, _) = begin("ab"), begin("bc")
        await turns()
        leaves.cancel()
        await turns()
        assert Played.let_go == ["a"]
        await ends("b", "failed")
        assert (one, other) == ([], ["b"])


async def test_a_watch_that_breaks_ends_those_alone_who_want_it() -> None:
    async with watching() as begin:
        (_, broken), (_, too), (other, goes_on) = begin("a"), begin("ab"), begin("b")
        await turns()
        Played.ends["a"].set_exception(OSError("no more"))
        await turns()
        assert [task.done() for task in (broken, too, goes_on)] == [True, True, False]
        with pytest.raises(RuntimeError, match="a could not be watched"):
            broken.result()
        await ends("b")
        assert other == ["b"]


async def test_one_that_comes_late_is_told_as_well_and_the_first_one_not_again() -> None:
    async with watching() as begin:
        first, _ = begin("a")
        await turns()
        await ends("a")
        late, _ = begin("a")
        await turns()
        assert (first, late) == (["a"], ["a"])


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

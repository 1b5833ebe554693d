"""A gateway in memory, and whole generations there: what it takes in has ended at the next look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from airflow_provider_rivya.api.connection import ConnectionSettings, read_connection
from airflow_provider_rivya.api.gateway import GatewayApi
from airflow_provider_rivya.api.rivya import RIVYA
from airflow_provider_rivya.api.schemas import Generation, GenerationFailure
from airflow_provider_rivya.exceptions import GatewayError
from airflow_provider_rivya.generation.job import GenerationJob
from airflow_provider_rivya.request.prepare import Prepared, RequestArguments, prepare
from airflow_provider_rivya.stop import StopFlag
from airflow_provider_rivya.submission.context import SubmissionContext, SubmissionPolicy, TryFacts
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.keeper import RecordKeeper
from airflow_provider_rivya.submission.messages import TaskWords
from airflow_provider_rivya.submission.stores import RecordStore, StateStoreRecords
from tests.unit.state_store import StateStore

URL = "https://cdn.example.com/results/1.png"
CREDITS = 5.0
FIRST_TRY = TryFacts(retries_left=2)
POLICY = SubmissionPolicy()


class QuickGateway:
    """
    The part of a :class:`~airflow_provider_rivya.api.gateway.GatewayClient` that a generation needs.

    :param api: the gateway whose calls it takes.
    :param ends: how a generation has ended when it is looked at; ``processing``: it has not.
    :param code: of its failure.
    :param cost: of it in the end.
    :ivar errors: raised by the next calls of a name, the last one first.
    :ivar calls: their names, oldest first.
    :ivar keys: under which something was sent.
    """

    def __init__(
        self,
        api: GatewayApi = RIVYA,
        *,
        ends: Literal["succeeded", "failed", "processing"] = "succeeded",
        code: str | None = None,
        cost: float | None = CREDITS,
    ) -> None:
        self.api = api
        self.conn_id = f"{api.name}_default"
        self.clock_skew = 0.0
        self.errors: dict[str, list[GatewayError]] = {}
        self.calls: list[str] = []
        self.keys: list[str | None] = []
        self._end = Generation(
            id="task_1",
            status=ends,
            model="z-image",
            credits_reserved=CREDITS,
            credits_final=None if ends == "processing" else cost,
            failure=GenerationFailure(code=code) if ends == "failed" else None,
            urls=(URL,) if ends == "succeeded" else (),
        )

    @property
    def settings(self) -> ConnectionSettings:
        return read_connection(
            conn_id=self.conn_id,
            conn_type=self.api.name,
            default_host=self.api.default_host,
            host=None,
            schema=None,
            port=None,
            password="a-key",
            extra=None,
        )

    def create_generation(self, body: str, key: str | None = None, *, category: str = "image") -> Generation:
        self._called("create")
        self.keys.append(key)
        now = datetime.now(UTC)
        return Generation(id="task_1", status="queued", credits_reserved=CREDITS, created_at=now)

    def get_generation(self, generation_id: str, **more: Any) -> Generation:
        self._called("get")
        return self._end.model_copy(update={"id": generation_id})

    def find_generation(self, key: str, *, category: str = "image") -> Generation | None:
        self._called("find")
        return self._end if key in self.keys else None

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.errors.get(name):
            raise self.errors[name].pop()


def prepared_for(client: QuickGateway, **arguments: Any) -> Prepared:
    """Return a small request that is right."""
    given = {"model": "z-image" if client.api is RIVYA else "gpt-4o-image", "prompt": "a fox", **arguments}
    return prepare(RequestArguments(**given), [], gateway=client.api.name)


def job_of(
    client: QuickGateway,
    store: StateStore | RecordStore,
    facts: TryFacts = FIRST_TRY,
    *,
    stop: StopFlag | None = None,
    policy: SubmissionPolicy = POLICY,
) -> GenerationJob:
    """Return the job of one try; another one with the same store is another try of the same task."""
    gateway: Any = client
    stop = stop or StopFlag()
    records = StateStoreRecords(store, None) if isinstance(store, StateStore) else store
    context = SubmissionContext(
        client=gateway,
        records=RecordKeeper(records, client.conn_id),
        identity=Identity("", "dag", "run", "task", -1),
        words=TaskWords(
            records.durable, facts.retries_left, client.api.capabilities.replays_keys, policy.resubmits
        ),
        facts=facts,
        policy=policy,
        stopped=stop.is_set,
    )
    return GenerationJob(context, stop)

"""A real S3 server on loopback, and a task whose context has no state store, as on Airflow 3.1 and 3.2."""

from __future__ import annotations

import http.client
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator

BUCKET = "bucket"
Connect = Callable[..., None]
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Store:
    """
    A bucket, seen by a client that is not ours.

    :param client: boto's.
    :param endpoint: of the server.
    """

    client: Any
    endpoint: str

    def names(self) -> list[str]:
        return [entry["Key"] for entry in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def read(self, key: str) -> bytes:
        return bytes(self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content)

    def records(self) -> list[dict[str, Any]]:
        """The submission records in the bucket."""
        return [json.loads(self.read(key)) for key in self.names() if key.endswith(".json")]

    def deny(self, *actions: str) -> None:
        """Let nobody do this with the bucket's objects."""
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": list(actions),
            "Resource": f"arn:aws:s3:::{BUCKET}/*",
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self.client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))

    def ask_for_credentials(self) -> None:
        """From now on the server knows no key at all."""
        moto(self.endpoint, "reset-auth", b"0")


def moto(endpoint: str, path: str, body: bytes = b"") -> None:
    """Call moto's own interface."""
    parts = urlsplit(endpoint)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request("POST", f"/moto-api/{path}", body=body)
        assert connection.getresponse().status == 200
    finally:
        connection.close()


@pytest.fixture(scope="session")
def _server() -> Iterator[str]:
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty bucket; Airflow knows the server as connection ``store``."""
    extra = {"endpoint_url": _server, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "testing", "password": "testing", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_STORE", json.dumps(connection))
    client = pytest.importorskip("boto3").client(
        "s3",
        endpoint_url=_server,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    client.create_bucket(Bucket=BUCKET)
    yield Store(client, _server)
    moto(_server, "reset-auth", b"inf")
    moto(_server, "reset")
    client.close()


@dataclass
class Task:
    """
    A task instance whose tries are run one after the other in this process.

    :param arguments: of the operator; read anew for every try.
    """

    arguments: dict[str, Any]
    tries: int = 0

    def __post_init__(self) -> None:
        self.name = f"task_{next(_numbers)}"

    def run(self) -> dict[str, Any]:
        """Run the next try."""
        self.tries += 1
        operator = RivyaGenerateOperator(
            task_id=self.name,
            **{"model": "z-image", "prompt": "A lighthouse", "deferrable": False, **self.arguments},
        )
        instance = SimpleNamespace(
            dag_id="storage",
            run_id="run",
            task_id=self.name,
            map_index=-1,
            max_tries=3,
            try_number=self.tries,
            xcom_push=lambda key, value: None,
        )
        return operator.execute({"ti": instance})


@pytest.fixture
def task(connect: Connect) -> Callable[..., Task]:
    """Return a task with these arguments beside the usual ones."""
    return lambda **arguments: Task(arguments)

"""
Another gateway, added with what a new one needs and nothing else: its api, its catalogue, its thin doors.

It is played by a small server on this machine.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from PIL import Image

from airflow_provider_rivya.api import gateways
from airflow_provider_rivya.api.call import Answer, ApiCall, FilePart
from airflow_provider_rivya.api.dialect import Dialect
from airflow_provider_rivya.api.errors import ErrorBody, by_status, refusal
from airflow_provider_rivya.api.gateway import Capabilities, GatewayApi, PollGuidance, Polling
from airflow_provider_rivya.api.schemas import Balance, Generation, ModelInfo, ReferenceMedia, UploadedFile
from airflow_provider_rivya.exceptions import GatewayError, InvalidRequestError
from airflow_provider_rivya.hooks.base import GatewayHook
from airflow_provider_rivya.operators.base import GenerateOperator
from airflow_provider_rivya.triggers.base import GenerationTrigger
from tests.integration.task_harness import MAKE, TaskInstanceHarness

FACTS = gateways.GatewayFacts(
    name="third",
    title="Third",
    class_prefix="Third",
    default_host="https://third.example.com",
    docs_url="https://third.example.com/docs",
    key_placeholder="third_...",
)
CATALOG = {
    "gateway": "third",
    "as_of": "2026-01-01",
    "source": "https://third.example.com/docs",
    "file_defaults": {"image": {"max_size_mb": 1, "mime_types": ["image/png"]}},
    "models": [
        {
            "id": "brush-1",
            "name": "Brush 1",
            "category": "image",
            "api_status": "available",
            "inputs": ["text", "file"],
            "credits": 2,
            "billing": "FIXED",
            "prompt": {"required": True},
            "params_required": False,
            "params": [{"key": "size", "type": "select", "options": ["small", "large"]}],
            "params_complete": True,
            "reference": {"kinds": {"image": {}}, "max_files": 1},
            "reference_complete": True,
            "source": "https://third.example.com/docs",
        }
    ],
}


# -- its api -----------------------------------------------------------------------------------------


def refuse(answer: Answer, call_name: str) -> GatewayError:
    return refusal(answer, call_name, ErrorBody(), by_status(answer.status))


def call(name: str, method: str, path: str, parse: Any, **more: Any) -> ApiCall[Any]:
    return ApiCall(name=name, method=method, path=path, parse=parse, refuse=refuse, **more)


def generation(document: Any) -> Generation:
    status = {"working": "processing", "done": "succeeded"}.get(document["state"], document["state"])
    return Generation(
        id=document["job"], status=status, credits_reserved=2, credits_final=2, urls=tuple(document["files"])
    )


class ThirdApi(GatewayApi):
    facts = FACTS
    capabilities = Capabilities(replays_keys=True, finds_by_key=False, takes_trace_id=False)
    polling = Polling(
        guidance={"video": PollGuidance(1.0, 2.0, 4.0)}, floors={"video": PollGuidance(1.0, 1.0, 1.0)}
    )

    def create_generation(self, body: str, key: str | None, category: str = "image") -> ApiCall[Generation]:
        return call("create", "POST", "/jobs", generation, body=body, idempotency_key=key)

    def get_generation(self, generation_id: str, category: str = "image") -> ApiCall[Generation]:
        return call("get", "GET", f"/jobs/{generation_id}", generation)

    def upload_file(self, part: FilePart, kind: str, model: str | None = None) -> ApiCall[UploadedFile]:
        return call("upload", "POST", "/files", lambda document: UploadedFile(url=document["url"]), file=part)

    def get_credits(self) -> ApiCall[Balance]:
        return call("credits", "GET", "/credits", lambda document: Balance(credits=document["left"]))

    def list_models(self) -> ApiCall[list[ModelInfo]]:
        return call("models", "GET", "/models", lambda document: [ModelInfo(id=name) for name in document])

    def request_body(
        self,
        model: str,
        prompt: str | None,
        params: Mapping[str, Any],
        references: Sequence[ReferenceMedia] = (),
        client_request_id: str | None = None,
        *,
        key: str | None = None,
        dialect: Dialect | None = None,
    ) -> str:
        pictures = [reference.url for reference in references]
        return json.dumps({"brush": model, "text": prompt, "pictures": pictures, **params})


# -- its doors ---------------------------------------------------------------------------------------


class ThirdHook(GatewayHook):
    conn_type: ClassVar[str] = "third"
    hook_name: ClassVar[str] = "Third"

    @property
    def api(self) -> ThirdApi:
        return ThirdApi()


class ThirdTrigger(GenerationTrigger):
    hook_class: ClassVar[type[GatewayHook]] = ThirdHook
    conn_id_argument: ClassVar[str] = "conn_id"


class ThirdOperator(GenerateOperator):
    hook_class: ClassVar[type[GatewayHook]] = ThirdHook
    trigger_class: ClassVar[type[GenerationTrigger]] = ThirdTrigger

    @property
    def conn_id(self) -> str:
        return "third_default"


# -- the server --------------------------------------------------------------------------------------


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(file, "PNG")
    return file.getvalue()


class Server(ThreadingHTTPServer):
    """Makes one generation for each key, which has ended when it is asked for; keeps what came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.jobs: dict[str, str] = {}
        self.bodies: list[dict[str, Any]] = []
        self.uploads = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/files":
            self.server.uploads += 1
            self._say({"url": f"{self.server.url}/picture.png"})
            return
        key = self.headers["Idempotency-Key"]
        if key not in self.server.jobs:
            self.server.jobs[key] = f"job-{len(self.server.jobs) + 1}"
            self.server.bodies.append(json.loads(body))
        self._say({"job": self.server.jobs[key], "state": "working", "files": []})

    def do_GET(self) -> None:
        if self.path.startswith("/jobs/"):
            files = [f"{self.server.url}/picture.png"]
            self._say({"job": self.path.rpartition("/")[2], "state": "done", "files": files})
        elif self.path == "/credits":
            self._say({"left": 40})
        else:
            self._send(png(), "image/png")

    def _say(self, document: Any) -> None:
        self._send(json.dumps(document).encode(), "application/json")

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The gateway, its catalogue and its connection."""
    catalog = tmp_path / "third.json"
    catalog.write_text(json.dumps(CATALOG), encoding="utf-8")
    with gateways.registered(FACTS._replace(catalog=catalog)), Server() as server:
        connection = {
            "conn_type": "third",
            "host": server.url,
            "password": "third_key",
            "extra": {"poll_first": 0, "poll_interval": 0.05, "poll_max": 0.1},
        }
        monkeypatch.setenv("AIRFLOW_CONN_THIRD_DEFAULT", json.dumps(connection))
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_hook_makes_one(server: Server, tmp_path: Path) -> None:
    picture = tmp_path / "reference.png"
    picture.write_bytes(png())
    with ThirdHook("third_default") as hook:
        result = hook.generate(
            model="brush-1",
            prompt="A lighthouse",
            model_params={"size": "large"},
            reference_media=picture,
            output_path=tmp_path / "out",
            idempotency_key="row-1",
        )
        assert hook.get_credits().credits == 40
    assert (result.gateway, result.generation_id, result.credits_final) == ("third", "job-1", 2)
    assert (tmp_path / "out" / "job-1-0.png").read_bytes() == png()
    (body,) = server.bodies
    assert body == {
        "brush": "brush-1",
        "text": "A lighthouse",
        "pictures": [f"{server.url}/picture.png"],
        "size": "large",
    }
    assert server.uploads == 1


def test_requests_are_checked_against_its_catalogue(server: Server) -> None:
    with ThirdHook("third_default") as hook, pytest.raises(InvalidRequestError) as caught:
        hook.generate(model="brush-1", model_params={"size": "huge"})
    assert [fault.path for fault in caught.value.faults] == ["prompt", "model_params.size"]
    assert server.bodies == []


@pytest.mark.parametrize("deferrable", [False, True])
def test_an_operator_makes_one(database: None, server: Server, tmp_path: Path, deferrable: bool) -> None:
    def build() -> ThirdOperator:
        return ThirdOperator(
            task_id=MAKE,
            model="brush-1",
            prompt="A lighthouse",
            output_path=f"{tmp_path}/out/",
            state_path=str(tmp_path / "records"),
            deferrable=deferrable,
        )

    run = TaskInstanceHarness(build)
    done = run.run()
    assert done.state == "success", done.text
    assert (tmp_path / "out" / "job-1-0.png").read_bytes() == png()
    assert len(server.jobs) == 1

"""The senders over real sockets. Every test that can be is run with both of them."""

from __future__ import annotations

import asyncio
import io
import logging
import socket
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from typing import Any

import pytest

from airflow_provider_rivya.api import sockets
from airflow_provider_rivya.api.call import SMALL, ApiCall, FilePart
from airflow_provider_rivya.api.exchange import ClientSettings
from airflow_provider_rivya.api.http import AsyncSender, SyncSender
from airflow_provider_rivya.api.rivya import RIVYA as rivya
from airflow_provider_rivya.api.toapis import TOAPIS as toapis
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    GatewayUnavailableError,
    GatewayUnreachableError,
    InsufficientCreditsError,
    RateLimitedError,
    UnexpectedAnswerError,
)
from tests.unit.api.wire import Pauses, Received, Wire, answer

KEY = "rvya_sk_test_0123456789"
DONE = answer(200, {"id": "task_1", "status": "queued"})
BUSY = answer(503, {"error": {"code": "busy", "message": "later"}}, retry_after="0")
LIMITED = answer(429, {"error": {"code": "rate_limited"}}, retry_after="0")
CONFLICT = answer(409, {"error": {"code": "idempotency_conflict"}})
REFUSED = answer(401, {"error": {"code": "api_key_revoked"}})
CREATE = rivya.create_generation('{"model":"z"}', "key-1")
CREATE_AT_TOAPIS = toapis.create_generation('{"model":"z","client_business_id":"key-1"}', "key-1")
CREATE_WITHOUT_REPLAY = {
    "rivya": rivya.create_generation('{"model":"z"}', None),
    "toapis": CREATE_AT_TOAPIS,
    "toapis-video": toapis.create_generation("{}", None, "video"),
}
GET = rivya.get_generation("task_1")

Send = Callable[..., Any]


def settings(url: str, **kwargs: Any) -> ClientSettings:
    values: dict[str, Any] = {"connect_timeout": 5.0, "read_timeout": 5.0, "retries": 2, **kwargs}
    return ClientSettings(base_url=url, api_key=KEY, conn_id="rivya_test", **values)


def send_sync(
    url: str, call: ApiCall[Any], *, repeat: bool = True, within: float | None = None, **kwargs: Any
) -> Any:
    with SyncSender(settings(url, **kwargs), Pauses()) as sender:
        return sender.send(call, repeat=repeat, within=within)


def send_async(
    url: str, call: ApiCall[Any], *, repeat: bool = True, within: float | None = None, **kwargs: Any
) -> Any:
    async def run() -> Any:
        sender = AsyncSender(settings(url, **kwargs))
        try:
            return await sender.send(call, repeat=repeat, within=within)
        finally:
            await sender.aclose()

    return asyncio.run(run())


@pytest.fixture(params=[send_sync, send_async], ids=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Send:
    chosen: Send = request.param
    return chosen


@pytest.fixture(params=CREATE_WITHOUT_REPLAY.values(), ids=list(CREATE_WITHOUT_REPLAY))
def paid_once(request: pytest.FixtureRequest) -> ApiCall[Any]:
    """A creation that the gateway would take for a second one if it came again."""
    chosen: ApiCall[Any] = request.param
    return chosen


@pytest.fixture
def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


# -- what goes out ---------------------------------------------------------------------------------


def test_a_creation_on_the_wire(send: Send) -> None:
    with Wire(DONE) as wire:
        assert send(wire.url, CREATE).id == "task_1"
    (request,) = wire.received
    assert (request.method, request.target, request.body) == ("POST", "/api/v1/generations", b'{"model":"z"}')
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["idempotency-key"] == "key-1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept"] == "application/json"
    assert request.headers["user-agent"].startswith("airflow-provider-rivya/")


def test_without_an_idempotency_key_no_such_header(send: Send, paid_once: ApiCall[Any]) -> None:
    with Wire(DONE) as wire:
        send(wire.url, paid_once)
    assert "idempotency-key" not in wire.received[0].headers


def test_a_creation_at_toapis_on_the_wire(send: Send) -> None:
    with Wire(answer(201, {"code": 200, "data": [{"status": "submitted", "task_id": "task_1"}]})) as wire:
        assert send(wire.url, CREATE_AT_TOAPIS).id == "task_1"
    (request,) = wire.received
    assert (request.method, request.target) == ("POST", "/v1/images/generations")
    assert request.body == b'{"model":"z","client_business_id":"key-1"}'
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_a_query_stays_a_query(send: Send) -> None:
    with Wire(answer(200, {"success": True, "data": [{"id": "m"}]})) as wire:
        assert [model.id for model in send(wire.url, toapis.list_models())] == ["m"]
    assert wire.received[0].target == "/v1/models?type=all"
    assert wire.received[0].headers["authorization"] == f"Bearer {KEY}"


def test_public_calls_carry_no_key(send: Send) -> None:
    with Wire(answer(200, [{"id": "z-image"}])) as wire:
        assert [model.id for model in send(wire.url, rivya.list_models())] == ["z-image"]
    assert "authorization" not in wire.received[0].headers


def test_a_path_stays_quoted(send: Send) -> None:
    with Wire(answer(200, {"status": "queued"})) as wire:
        assert send(wire.url, rivya.get_generation("a/b?c d")).id == "a/b?c d"
        assert send(wire.url, toapis.get_generation("..")).id == ".."
    assert [request.target for request in wire.received] == [
        "/api/v1/generations/a%2Fb%3Fc%20d",
        "/v1/images/generations/%2E%2E",
    ]


def test_a_repeat_sends_the_same_bytes(send: Send) -> None:
    with Wire(BUSY, BUSY, DONE) as wire:
        assert send(wire.url, CREATE).id == "task_1"
    bodies = {(request.body, request.headers["idempotency-key"]) for request in wire.received}
    assert (len(wire.received), bodies) == (3, {(b'{"model":"z"}', "key-1")})


def test_a_file_goes_as_a_form_and_is_opened_anew_for_a_repeat() -> None:
    streams: list[io.BytesIO] = []

    def opener() -> io.BytesIO:
        streams.append(io.BytesIO(b"\x89PNG bytes"))
        return streams[-1]

    call = rivya.upload_file(FilePart("ü b.png", "image/png", opener), "image", "nano-banana-2")
    with Wire(BUSY, answer(200, {"url": "https://x/1"})) as wire:
        assert send_sync(wire.url, call).url == "https://x/1"
    assert len(wire.received) == len(streams) == 2
    assert all(stream.closed for stream in streams)
    for request in wire.received:
        assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert b"\x89PNG bytes" in request.body
        assert b"Content-Type: image/png" in request.body
        assert b'name="kind"\r\n\r\nimage' in request.body
        assert b'name="model"\r\n\r\nnano-banana-2' in request.body
        assert "idempotency-key" not in request.headers


def test_a_file_for_toapis_goes_with_its_purpose_alone() -> None:
    part = FilePart("b.png", "image/png", lambda: io.BytesIO(b"\x89PNG bytes"))
    said = {"success": True, "message": "", "data": {"id": "upload_1", "url": "https://x/1"}}
    with Wire(BUSY, answer(200, said)) as wire:
        assert send_sync(wire.url, toapis.upload_file(part, "image", "nano-banana-2")).id == "upload_1"
    assert [request.target for request in wire.received] == ["/v1/uploads/images"] * 2
    for request in wire.received:
        assert (
            b'name="file"; filename="b.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG bytes' in request.body
        )
        assert b'name="purpose"\r\n\r\ngeneration' in request.body
        assert request.body.count(b"Content-Disposition") == 2


def test_files_are_not_sent_on_an_event_loop() -> None:
    call = rivya.upload_file(FilePart("a", "image/png", io.BytesIO), "image")
    with pytest.raises(TypeError, match="SyncSender"):
        send_async("http://127.0.0.1:9", call)


# -- what is repeated ------------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_passing_fault_is_repeated_as_often_as_the_connection_says(send: Send, retries: int) -> None:
    with Wire(BUSY) as wire, pytest.raises(GatewayUnavailableError, match="later") as caught:
        send(wire.url, GET, retries=retries)
    assert len(wire.received) == retries + 1
    assert caught.value.conn_id == "rivya_test"
    assert caught.value.generation_id == "task_1"


@pytest.mark.parametrize("said", [REFUSED, answer(422), CONFLICT, answer(302, location="/login")])
def test_a_verdict_is_not_repeated(send: Send, said: bytes) -> None:
    with Wire(said) as wire, pytest.raises(GatewayError):
        send(wire.url, CREATE)
    assert len(wire.received) == 1


def test_one_attempt_where_the_caller_has_a_schedule_of_its_own(send: Send) -> None:
    with Wire(BUSY) as wire, pytest.raises(GatewayUnavailableError) as caught:
        send(wire.url, GET, repeat=False)
    assert len(wire.received) == 1
    assert caught.value.maybe_taken_in
    with Wire(DONE) as wire:
        assert send(wire.url, GET, repeat=False).id == "task_1"


@pytest.mark.parametrize(
    "lost",
    [None, BUSY, answer(200, b"<html>"), answer(504), answer(200, {})],
    ids=["hangs-up", "503", "html", "504", "no-task"],
)
def test_a_creation_without_replay_is_not_repeated_once_it_may_have_arrived(
    send: Send, paid_once: ApiCall[Any], lost: bytes | None
) -> None:
    with Wire(lost) as wire, pytest.raises(GatewayError) as caught:
        send(wire.url, paid_once)
    assert len(wire.received) == 1
    assert caught.value.maybe_taken_in


@pytest.mark.parametrize(("call", "requests"), [(CREATE_AT_TOAPIS, 1), (toapis.get_credits(), 3)])
def test_a_success_that_denies_itself_is_repeated_only_where_that_is_free(
    send: Send, call: ApiCall[Any], requests: int
) -> None:
    denied = answer(200, {"success": False, "message": "busy"}, retry_after="0")
    with Wire(denied) as wire, pytest.raises(UnexpectedAnswerError, match="busy") as caught:
        send(wire.url, call)
    assert len(wire.received) == requests
    assert caught.value.maybe_taken_in


def test_a_creation_without_replay_is_repeated_where_it_was_turned_away(
    send: Send, paid_once: ApiCall[Any]
) -> None:
    with Wire(LIMITED, DONE) as wire:
        assert send(wire.url, paid_once).id == "task_1"
    assert [request.body for request in wire.received] == [(paid_once.body or "").encode()] * 2


def test_a_quota_that_is_used_up_is_no_rate_limit(send: Send) -> None:
    said = answer(429, {"error": {"type": "insufficient_quota"}}, retry_after="0")
    with Wire(said) as wire, pytest.raises(InsufficientCreditsError) as caught:
        send(wire.url, CREATE_AT_TOAPIS)
    assert len(wire.received) == 1
    assert not caught.value.maybe_taken_in


def test_a_creation_without_replay_is_repeated_where_nobody_listened(
    closed_port: int, paid_once: ApiCall[Any]
) -> None:
    """The gateway comes up while the sender waits."""
    with ExitStack() as stack:
        gateways: list[Wire] = []

        def come_up(seconds: float) -> None:
            gateways.append(stack.enter_context(Wire(DONE, port=closed_port)))

        sender = stack.enter_context(SyncSender(settings(f"http://127.0.0.1:{closed_port}"), Pauses(come_up)))
        assert sender.send(paid_once).id == "task_1"
    assert [len(gateway.received) for gateway in gateways] == [1]


def test_with_a_key_a_lost_answer_is_asked_for_again(send: Send) -> None:
    with Wire(None, DONE) as wire:
        assert send(wire.url, CREATE).id == "task_1"
    assert len(wire.received) == 2


def test_a_refusal_after_a_loss_does_not_undo_the_loss(send: Send) -> None:
    with Wire(None, REFUSED) as wire, pytest.raises(AuthenticationError) as caught:
        send(wire.url, CREATE)
    assert len(wire.received) == 2
    assert caught.value.maybe_taken_in


@pytest.mark.parametrize(
    ("said", "taken_in"), [(REFUSED, False), (LIMITED, False), (BUSY, True), (None, True)]
)
def test_whether_it_may_have_been_taken_in(send: Send, said: bytes | None, taken_in: bool) -> None:
    for repeat in (True, False):
        with Wire(said) as wire, pytest.raises(GatewayError) as caught:
            send(wire.url, CREATE, repeat=repeat, retries=0)
        assert caught.value.maybe_taken_in is taken_in


def test_the_waits_are_the_gateways_where_it_names_them() -> None:
    pauses = Pauses()
    said = [answer(429, retry_after="7"), answer(503, retry_after="120"), answer(503), DONE]
    with Wire(*said) as wire, SyncSender(settings(wire.url, retries=3), pauses) as sender:
        sender.send(GET)
    assert pauses.waits[:2] == [7.0, 120.0]
    assert 0.0 <= pauses.waits[2] <= 30.0


@pytest.mark.parametrize("asked", ["121", "600", "9" * 400])
def test_a_longer_wait_than_a_call_may_take_ends_the_call(send: Send, asked: str) -> None:
    """It never shortens the wait."""
    with Wire(answer(429, retry_after=asked), DONE) as wire, pytest.raises(RateLimitedError) as caught:
        send(wire.url, GET, retries=3)
    told = caught.value.retry_after
    assert told == min(float(asked), 366 * 24 * 3600.0)
    assert f"It asks for a pause of {told:.0f} s, which is longer than a call waits." in str(caught.value)
    assert len(wire.received) == 1


def test_a_caller_with_a_schedule_of_its_own_gets_the_error_as_it_is(send: Send) -> None:
    with Wire(answer(429, retry_after="600")) as wire, pytest.raises(RateLimitedError) as caught:
        send(wire.url, GET, repeat=False)
    assert (caught.value.retry_after, caught.value.advice) == (600.0, None)


def test_a_task_that_is_asked_to_stop_makes_no_other_attempt() -> None:
    pauses = Pauses(stops=True)
    with (
        Wire(None, REFUSED) as wire,
        SyncSender(settings(wire.url, retries=3), pauses) as sender,
        pytest.raises(GatewayError) as caught,
    ):
        sender.send(CREATE)
    assert len(wire.received) == len(pauses.waits) == 1
    assert caught.value.maybe_taken_in


def test_no_cookie_is_kept(send: Send) -> None:
    said = answer(503).replace(b"\r\n", b"\r\nSet-Cookie: session=1; Path=/\r\n", 1)
    with Wire(said, DONE) as wire:
        send(wire.url, GET)
    assert len(wire.received) == 2
    assert [name for request in wire.received for name in request.headers if name.lower() == "cookie"] == []


def test_each_repeat_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), Wire(LIMITED, DONE) as wire:
        send_sync(wire.url, GET)
    (record,) = caplog.records
    assert record.getMessage().endswith("Attempt 1 of 3; the next one in 0.0 s.")
    assert "rate_limited" in record.getMessage()


# -- how an exchange breaks off --------------------------------------------------------------------


@pytest.mark.parametrize("call", [CREATE, CREATE_AT_TOAPIS])
def test_nobody_listens(send: Send, closed_port: int, call: ApiCall[Any]) -> None:
    with pytest.raises(GatewayUnreachableError, match="could not be reached") as caught:
        send(f"http://127.0.0.1:{closed_port}", call, retries=0)
    assert not caught.value.sent
    assert not caught.value.maybe_taken_in
    assert caught.value.retryable


@pytest.mark.parametrize(
    "raw",
    [None, b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", b"no http at all\r\n\r\n"],
    ids=["hangs-up", "cut", "garbage"],
)
def test_an_answer_that_breaks_off(send: Send, raw: bytes | None) -> None:
    with Wire(raw) as wire, pytest.raises(GatewayUnreachableError, match="broke off") as caught:
        send(wire.url, CREATE, retries=0)
    assert caught.value.sent
    assert caught.value.__suppress_context__


def test_the_address_is_named_that_could_not_be_reached(send: Send, closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    with pytest.raises(GatewayUnreachableError, match=f"^The gateway at {url} could not be reached"):
        send(url, GET, retries=0)


def test_plain_http_where_https_was_assumed_is_told(send: Send) -> None:
    with Wire(DONE) as wire, pytest.raises(GatewayUnreachableError) as caught:
        send(wire.url.replace("http:", "https:"), GET, retries=0)
    assert not caught.value.sent
    assert (
        f"https was assumed, which this port does not speak. For plain http, which only a gateway on this "
        f"machine may speak, write {wire.url} as the host of the connection." in str(caught.value)
    )


def test_a_faulty_environment_is_an_error_of_the_tree(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:none")
    with pytest.raises(GatewayUnreachableError, match="ALL_PROXY is not the URL of a proxy") as caught:
        send("http://gateway.example", CREATE)
    assert not caught.value.sent


def test_a_key_for_this_machine_goes_to_no_proxy(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy")
    with Wire(answer(500)) as proxy, Wire(DONE) as wire:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        assert send(wire.url, GET).id == "task_1"
    assert proxy.received == []


def test_a_task_that_is_to_stop_waits_for_no_answer_but_that_to_the_paid_call() -> None:
    stop, released = threading.Event(), threading.Event()

    def hold(request: Received) -> bytes:
        stop.set()
        if request.method == "GET":
            released.wait(30)
        return DONE

    with Wire(hold) as wire, SyncSender(settings(wire.url, read_timeout=20.0), stop) as sender:
        with pytest.raises(GatewayUnreachableError, match="when the task was asked to stop"):
            sender.send(GET)
        released.set()
        assert sender.send(CREATE).id == "task_1"
    assert len(wire.received) == 2


def test_a_call_may_be_given_less_time_than_the_connection_says(send: Send) -> None:
    released = threading.Event()

    def hold(request: Received) -> bytes:
        released.wait(30)
        return DONE

    with Wire(hold) as wire, ExitStack() as stack:
        stack.callback(released.set)
        with pytest.raises(GatewayUnreachableError, match="did not answer in time"):
            send(wire.url, GET, repeat=False, within=0.05, read_timeout=60.0)


def test_an_answer_that_does_not_come(send: Send) -> None:
    released = threading.Event()

    def hold(request: Received) -> bytes:
        released.wait(30)
        return DONE

    with Wire(hold) as wire:
        try:
            with pytest.raises(GatewayUnreachableError, match="did not answer in time") as caught:
                send(wire.url, CREATE, retries=0, read_timeout=0.05)
        finally:
            released.set()
    assert caught.value.sent


def test_a_url_that_cannot_be_used_is_an_error_of_the_tree(send: Send) -> None:
    with pytest.raises(GatewayUnreachableError):
        send("http://127.0.0.1:9", rivya.get_generation("x" * 70_000), retries=0)


def test_an_encoding_that_is_not_what_it_says(send: Send) -> None:
    with (
        Wire(answer(200, b"no gzip", content_encoding="gzip")) as wire,
        pytest.raises(UnexpectedAnswerError, match="encoded as gzip") as caught,
    ):
        send(wire.url, CREATE, retries=0)
    assert caught.value.maybe_taken_in
    assert caught.value.retryable
    assert wire.received[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("coding", ["identity", "", "Identity,", "aws-chunked", "utf-8"])
def test_what_is_no_coding_says_nothing(send: Send, coding: str) -> None:
    said = answer(200, {"id": "task_1", "status": "queued"}, content_encoding=coding)
    with Wire(said) as wire:
        assert send(wire.url, GET, retries=0).id == "task_1"


@pytest.mark.parametrize(
    "raw",
    [
        answer(200, b"[" + b" " * 5_000_000 + b"]"),
        b"HTTP/1.1 103 Early\r\n\r\n" * 200_000 + DONE,
    ],
    ids=["body", "103"],
)
def test_an_answer_beyond_all_measure_is_not_read_to_its_end(send: Send, raw: bytes) -> None:
    with (
        Wire(raw) as wire,
        pytest.raises(UnexpectedAnswerError, match=f"larger than {SMALL} bytes") as caught,
    ):
        send(wire.url, CREATE, retries=0)
    assert caught.value.maybe_taken_in
    assert caught.value.conn_id == "rivya_test"


def test_a_list_may_be_large(send: Send) -> None:
    models = [{"id": f"model-{number}", "notes": "n" * 1000} for number in range(500)]
    with Wire(answer(200, models)) as wire:
        assert len(send(wire.url, rivya.list_models(), retries=0)) == 500


# -- the senders' own ------------------------------------------------------------------------------


def test_both_senders_say_the_same() -> None:
    script = [DONE, REFUSED, BUSY, LIMITED, CONFLICT, None, answer(200, b"x"), answer(404), answer(200, [])]

    def outcome(send: Send, said: bytes | None) -> Any:
        with Wire(said) as wire:
            try:
                return send(wire.url, CREATE, retries=0)
            except GatewayError as error:
                return type(error), str(error), error.retryable, error.maybe_taken_in, error.retry_after

    assert [outcome(send_sync, said) for said in script] == [outcome(send_async, said) for said in script]


@pytest.mark.parametrize("bound", [1, 3])
async def test_no_more_requests_at_once_than_the_connection_says(bound: int) -> None:
    """Every answer waits for the others, as far as the bound lets them come."""
    together = threading.Barrier(bound)

    def hold(request: Received) -> bytes:
        with suppress(threading.BrokenBarrierError):
            together.wait(10)
        return DONE

    with Wire(hold) as wire:
        sender = AsyncSender(settings(wire.url, max_in_flight=bound))
        found = await asyncio.gather(*(sender.send(GET) for _ in range(bound * 4)))
        await sender.aclose()
    assert len(found) == len(wire.received) == bound * 4
    assert wire.most_open == bound


async def test_a_cancelled_request_gives_its_place_back() -> None:
    arrived, released = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hold(request: Received) -> bytes:
        loop.call_soon_threadsafe(arrived.set)
        released.wait(30)
        return DONE

    with Wire(hold, DONE) as wire:
        sender = AsyncSender(settings(wire.url, max_in_flight=1))
        waiting = asyncio.create_task(sender.send(GET))
        await arrived.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await sender.send(GET)).id == "task_1"
        released.set()
        await sender.aclose()


def test_the_http_librarys_own_lines_stay_out_of_the_logs(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    said = answer(200, {"id": "task_not_to_be_shown", "status": "queued"})
    with caplog.at_level(logging.DEBUG), Wire(said) as wire:
        send(wire.url, rivya.get_generation("task_not_to_be_shown"))
    shown = [record.getMessage() for record in caplog.records if record.name.startswith("http")]
    assert shown == []
    assert "task_not_to_be_shown" not in caplog.text
    assert KEY not in caplog.text


def test_the_lines_of_others_who_use_the_library_are_kept() -> None:
    logger = logging.getLogger("httpcore.connection")
    record = logger.makeRecord("httpcore.connection", logging.INFO, "", 0, "a line", (), None)
    with sockets.quiet():
        assert not logger.filter(record)
    assert logger.filter(record)


def test_a_proxy_of_the_environment_is_used(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire(DONE) as proxy:
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv("http_proxy", proxy.url)
        assert send("http://gateway.example", GET).id == "task_1"
    assert proxy.received[0].target == "http://gateway.example/api/v1/generations/task_1"


def test_the_key_is_in_no_repr_and_in_no_error(send: Send) -> None:
    assert KEY not in repr(settings("http://127.0.0.1:9"))
    with Wire(REFUSED) as wire, pytest.raises(AuthenticationError) as caught:
        send(wire.url, GET)
    assert KEY not in f"{caught.value!r} {caught.value} {vars(caught.value)}"


def test_a_client_that_is_let_go_of_is_closed_by_its_last_user() -> None:
    arrived, released = threading.Event(), threading.Event()

    def hold(request: Received) -> bytes:
        arrived.set()
        released.wait(30)
        return DONE

    with Wire(hold) as wire, ThreadPoolExecutor(1) as pool:
        sender = SyncSender(settings(wire.url))
        closed, sockets_of_it = weakref.ref(sender), sender._pool
        answered = pool.submit(sender.send, GET)
        assert arrived.wait(30)
        del sender
        assert len(sockets_of_it.connections) == 1
        released.set()
        assert answered.result(30).id == "task_1"
        del answered
    assert closed() is None
    assert sockets_of_it.connections == []

"""A whole generation and one odd answer on its way: paid once, and landed unless it was refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_rivya.catalog.price import FEW
from airflow_provider_rivya.exceptions import GatewayError
from tests.integration.conftest import Connect, Listener
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.hostile.answers import Odd, of_creations, of_states
from tests.integration.hostile.conftest import NewJob
from tests.integration.hostile.gateway import DONE, ENDED, HostileGateway, picture, well

CREATIONS = list(of_creations())
STATES = [odd for odd in of_states() if not odd.name.startswith("429")]


@at_each
@pytest.mark.parametrize("odd", CREATIONS, ids=[odd.name for odd in CREATIONS])
def test_an_odd_answer_to_the_paid_call(
    hostile: HostileGateway,
    connect: Connect,
    new_job: NewJob,
    gateway: TestedGateway,
    landing: Path,
    odd: Odd,
) -> None:
    hostile.creations = [odd.make]
    job = new_job(odd.patience)
    done = job.run()
    if odd.outcome == "refused":
        assert isinstance(done.error, GatewayError)
        assert not done.error.maybe_taken_in
        assert hostile.paid == 1
        return
    if odd.outcome == "in doubt" and gateway.replays_keys:
        assert done.state == "retryable"
        done = job.run()
    assert done.result["generation_id"] == "task_1"
    assert [file.read_bytes() for file in landing.iterdir()] == [picture()]
    assert hostile.paid == 1
    assert job.record["state"] == "delivered"


@pytest.mark.parametrize("odd", STATES, ids=[odd.name for odd in STATES])
def test_an_odd_state(hostile: HostileGateway, new_job: NewJob, landing: Path, odd: Odd) -> None:
    """Whatever is said on the way, or at its end, it is landed, and paid for once."""
    answers = [odd.make]
    hostile.states = {"*": lambda: answers.pop()() if answers else ENDED}
    done = new_job(odd.patience, timeout=20.0).run()
    assert done.result["outputs"][0]["source_url"].startswith(hostile.url)
    assert [file.read_bytes() for file in landing.iterdir()] == [picture()]
    assert hostile.paid == 1


@at_each
@pytest.mark.parametrize("count", [5, 5000])
def test_more_results_than_a_request_can_have(
    hostile: HostileGateway,
    new_job: NewJob,
    gateway: TestedGateway,
    landing: Path,
    logs: Listener,
    count: int,
) -> None:
    """The first ones are landed: a model that takes a number makes one, another one a few."""
    names = [f"/results/{number}.png" for number in range(count)]
    hostile.states = {"*": lambda: well({**DONE, "result": {"urls": names}})}
    most = {"rivya": FEW, "toapis": 1}[gateway.name]
    done = new_job(20.0).run()
    assert [output["index"] for output in done.result["outputs"]] == list(range(most))
    assert len(list(landing.iterdir())) == hostile.fetched == most
    assert f"more than its request can have: the first {most} are stored" in logs.text
    assert hostile.paid == 1


def test_a_pause_that_is_asked_for_is_not_shortened(hostile: HostileGateway, new_job: NewJob) -> None:
    """Not for the last look at the deadline either; the next try, in another process, fetches it."""
    looks = [odd.make for odd in of_states() if odd.name == "429 for a year"]
    hostile.states = {"*": lambda: looks.pop()() if looks else ENDED}
    job = new_job(20.0, timeout=1.0)
    assert job.run().state == "retryable"
    assert hostile.asked == 1
    assert job.run().delivered
    assert hostile.paid == 1


NAMED = (
    b'HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename="../../../evil.sh"\r\n'
    b"Content-Disposition: inline; filename*=UTF-8''%2e%2e%2fgnp.%E2%80%AEexe%00.html\r\n"
    b"Content-Type: text/html; name=/etc/passwd\r\nContent-Location: file:///etc/passwd\r\n"
    b"Content-Range: bytes 3-9/17\r\nSet-Cookie: a=b\r\n\r\n"
)


def test_what_a_file_is_called_by_its_host_decides_nothing(
    hostile: HostileGateway, new_job: NewJob, landing: Path
) -> None:
    hostile.others = {"/..%2f/evil.sh": lambda: NAMED + picture()}
    hostile.states = {"*": lambda: well({**DONE, "result": {"urls": ["@BASE@/..%2f/evil.sh"]}})}
    assert new_job(20.0).run().delivered
    (file,) = landing.iterdir()
    assert (file.name, file.read_bytes()) == ("task_1-0.png", picture())

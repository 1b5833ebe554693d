from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import Fault, InvalidRequestError
from airflow_provider_rivya.request.prepare import Prepared, RequestArguments, prepare


def made(references: Sequence[Fault] = (), *, gateway: str = "rivya", **arguments: Any) -> Prepared:
    given: dict[str, Any] = {"model": "nano-banana-2", "prompt": "a fox", **arguments}
    return prepare(RequestArguments(**given), references, gateway=gateway)


def faults(*given: Any, **arguments: Any) -> list[Fault]:
    with pytest.raises(InvalidRequestError) as caught:
        made(*given, **arguments)
    return list(caught.value.faults)


def test_what_is_right_is_returned_in_the_form_of_the_wire() -> None:
    found = made(model_params={"resolution": "1K"})
    assert (found.request.gateway, found.request.model) == ("rivya", "nano-banana-2")
    assert (found.request.prompt, found.request.params) == ("a fox", {"resolution": "1K"})
    assert (found.references, found.place) == ([], None)


def test_parameters_may_come_as_text() -> None:
    assert made(model_params='{"resolution": "2K"}').request.params == {"resolution": "2K"}
    assert made(model_params="  ").request.params == {}
    (found,) = faults(model_params="{resolution: 2K}")
    assert found.path == "model_params"
    assert "a text that is not JSON" in found.problem
    assert [fault.path for fault in faults(model_params="[1]")] == ["model_params"]


def test_everything_is_reported_at_once(tmp_path: Path) -> None:
    found = faults(
        prompt="",
        model_params={"resolution": "9K"},
        references=[Fault("reference_media", "it is gone")],
        client_request_id="x" * 129,
        output_path="nope://bucket/",
    )
    assert [fault.path for fault in found] == [
        "reference_media",
        "prompt",
        "model_params.resolution",
        "client_request_id",
        "output_path",
    ]


def test_a_connection_that_is_no_text_hides_nothing(tmp_path: Path) -> None:
    found = faults(output_path="relative/", output_conn_id=7)
    assert [fault.path for fault in found] == ["output_path", "output_conn_id"]
    found = faults(output_path=f"{tmp_path}/one.png", output_conn_id=["store"], mapped=True, prompt="")
    assert [fault.path for fault in found] == ["prompt", "output_conn_id", "output_path"]
    assert list(tmp_path.iterdir()) == []


def test_what_else_is_known_to_be_wrong_is_told_first() -> None:
    known = [Fault("state_path", "it is relative"), Fault("return value['promt']", "is nothing")]
    found = faults(references=known, prompt="")
    assert [fault.path for fault in found] == ["state_path", "return value['promt']", "prompt"]


@pytest.mark.parametrize(("value", "problem"), [("x" * 129, "129 characters"), (5, "a int")])
def test_the_trace_id(value: Any, problem: str) -> None:
    (found,) = faults(client_request_id=value)
    assert (found.path, found.problem) == ("client_request_id", problem)
    made(client_request_id="x" * 128)


@pytest.mark.parametrize(
    ("dialect", "warned"),
    [
        (None, True),
        ({"resolution_case": "lower"}, True),
        ({"model": "nano-banana-pro"}, False),
        ({"model": "another-spelling"}, False),
    ],
)
@pytest.mark.parametrize("validation", ["strict", "warn"])
def test_an_alias_is_told_of_unless_the_dialect_says_what_is_sent(
    caplog: pytest.LogCaptureFixture, dialect: Any, warned: bool, validation: Any
) -> None:
    with caplog.at_level("WARNING", "airflow_provider_rivya.request.prepare"):
        found = made(gateway="toapis", model="nano-banana-pro", dialect=dialect, validation=validation)
    assert ("'nano-banana-pro' is sent as 'gemini-3-pro-image-preview'" in caplog.text) is warned
    assert found.dialect is not None
    assert found.dialect.model == (dialect or {}).get("model")
    assert found.request.model == "gemini-3-pro-image-preview"


def test_a_folder_is_tried_before_anything_is_paid(tmp_path: Path) -> None:
    assert made(output_path=f"{tmp_path}/out/").place is not None
    (tmp_path / "file").write_text("in the way")
    (found,) = faults(output_path=f"{tmp_path}/file/out/")
    assert found.path == "output_path"


def test_a_fixed_name_is_for_one_task_alone(tmp_path: Path) -> None:
    assert made(output_path=f"{tmp_path}/a.png").place is not None
    (found,) = faults(output_path=f"{tmp_path}/a.png", mapped=True)
    assert found.path == "output_path"


KEY = "rvya_sk_0123456789"
HALF = "a\ud800b"


@pytest.mark.parametrize("validation", ["strict", "warn", "off"])
@pytest.mark.parametrize("gateway", ["rivya", "toapis"])
@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"prompt": HALF}, "prompt"),
        ({"model": HALF}, "model"),
        ({"client_request_id": HALF}, "client_request_id"),
        ({"output_path": f"/tmp/{HALF}/"}, "output_path"),  # noqa: S108 - refused
        ({"output_path": "s3://bucket/", "output_conn_id": HALF}, "output_conn_id"),
        ({"model_params": {"style": {"of": [HALF]}}}, "model_params.style.of[0]"),
        ({"model_params": {HALF: 1}}, "model_params"),
        ({"model_params": '{"style": "\\ud800"}'}, "model_params.style"),
        ({"model_params": "[" * 100_000}, "model_params"),
        ({"dialect": {"model": HALF}}, "dialect.model"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_has_no_form_on_the_wire_is_a_fault_that_can_be_shown(
    arguments: dict[str, Any], path: str, gateway: str, validation: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        made(gateway=gateway, validation=validation, **arguments)
    assert path in [fault.path for fault in caught.value.faults]
    str(caught.value).encode()


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"prompt": f"of {KEY}"}, "prompt"),
        ({"model": KEY}, "model"),
        ({"client_request_id": KEY}, "client_request_id"),
        ({"model_params": {"a": [KEY]}}, "model_params.a[0]"),
        ({"model_params": {KEY: "a"}}, "model_params"),
        ({"model_params": '{"a": "\\u0072vya_sk_0123456789"}'}, "model_params.a"),
        ({"output_path": f"/data/{KEY}/"}, "output_path"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_connections_own_key_goes_nowhere(
    arguments: dict[str, Any], path: str, caplog: pytest.LogCaptureFixture
) -> None:
    given: dict[str, Any] = {"model": "nano-banana-2", "prompt": "a fox", **arguments}
    with pytest.raises(InvalidRequestError) as caught:
        prepare(RequestArguments(**given), (), gateway="rivya", own_key=KEY)
    told = [fault.path for fault in caught.value.faults if "own API key" in fault.problem]
    assert told == [path]
    assert KEY not in str(caught.value) + caplog.text


@pytest.mark.parametrize(("rendered", "sent"), [("True", "true"), ("False", "false")])
def test_an_option_may_be_written_as_a_template_renders_it(rendered: str, sent: str) -> None:
    """``{{ true }}`` renders to ``True``."""
    params = made(model_params={"google_search": rendered}).request.params
    assert params == {"google_search": sent}

"""Results on stdout, everything else on stderr, and nothing that a text can do to it."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any, Literal

import pytest
import yaml  # type: ignore[import-untyped,unused-ignore]  # its stubs are another distribution
from rich.table import Table

from airflow_provider_rivya.cli.main import exit_code
from airflow_provider_rivya.cli.output import Output, log_lines
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    ConnectionConfigError,
    Fault,
    GatewayUnreachableError,
    GenerationError,
    GenerationFailedError,
    InvalidRequestError,
    RequestRejectedError,
    StorageError,
)

DOCUMENT = {"text": "größer [bold]x[/bold] :cat:", "number": 5, "none": None, "list": [1, {"a": "b"}]}


@pytest.mark.parametrize("style", ["json", "yaml"])
def test_documents_read_back(style: Literal["json", "yaml"], capsys: pytest.CaptureFixture[str]) -> None:
    Output(style).result(DOCUMENT, "a table")
    out, err = capsys.readouterr()
    assert (json.loads if style == "json" else yaml.safe_load)(out) == DOCUMENT
    assert err == ""


def test_a_table_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Output().result(DOCUMENT, str(DOCUMENT["text"]))
    assert capsys.readouterr().out == f"{DOCUMENT['text']}\n"


OBEYED = "\x1b[31m \x1b]0;title\x07 \x9b2J \u202egpj.exe\u2066 \r [bold]x[/bold]"


@pytest.mark.parametrize("style", ["table", "json", "yaml"])
def test_a_terminal_obeys_nothing_that_a_gateway_says(
    style: Literal["table", "json", "yaml"], capsys: pytest.CaptureFixture[str]
) -> None:
    table = Table("head")
    table.add_row(OBEYED)
    output = Output(style)
    output.result({"text": OBEYED}, table, OBEYED)
    output.warn(OBEYED)
    output.failure(RequestRejectedError(OBEYED, code=OBEYED))
    out, err = capsys.readouterr()
    assert not set(OBEYED[:1] + "\x07\x9b\r\u202e\u2066") & set(out + err)
    assert "[bold]x[/bold]" in out
    assert "[bold]x[/bold]" in err
    if style != "table":
        (first, _) = json.JSONDecoder().raw_decode(out) if style == "json" else (yaml.safe_load(out), 0)
        assert first["text"] == OBEYED


def test_half_a_surrogate_pair_does_no_harm(capsys: pytest.CaptureFixture[str]) -> None:
    Output("yaml").result({"prompt": "\ud83d"})
    Output("json").result({"prompt": "\ud83d"})
    assert capsys.readouterr().out.lower().count("ud83d") == 2


def test_long_messages_are_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    text = "rivya fetch " + "x" * 300
    Output().say(text)
    assert capsys.readouterr().err == f"{text}\n"


def test_warnings_of_the_package_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with log_lines(Output("json")):
        logging.getLogger("airflow_provider_rivya.some.part").warning("look at %s", "[this]")
    assert capsys.readouterr() == ("", "Warning: look at [this]\n")


def test_the_result_alone_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output("json")
    with log_lines(output):
        sys.stdout.write("A line that Airflow logs.\n")
        output.result(1)
    assert capsys.readouterr() == ("1\n", "A line that Airflow logs.\n")


ERRORS: list[tuple[GenerationError, int]] = [
    (InvalidRequestError([Fault("model", "wrong", "right", "better")]), 2),
    (ConnectionConfigError("none"), 3),
    (AuthenticationError("key"), 3),
    (RequestRejectedError("no", http_status=400, code="validation_failed", request_id="req_1"), 1),
    (GatewayUnreachableError("no answer"), 1),
    (GenerationFailedError("failed", generation_id="task_1"), 1),
    (StorageError("full"), 1),
]


@pytest.mark.parametrize("style", ["table", "json", "yaml"])
@pytest.mark.parametrize(("error", "code"), ERRORS, ids=lambda value: type(value).__name__)
def test_errors(
    error: GenerationError,
    code: int,
    style: Literal["table", "json", "yaml"],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_code(error) == code
    Output(style).failure(error)
    out, err = capsys.readouterr()
    assert err.startswith("Error: ")
    assert error.message.splitlines()[0] in err
    if style == "table":
        assert out == ""
        return
    told: dict[str, Any] = (json.loads if style == "json" else yaml.safe_load)(out)["error"]
    assert told["type"] == type(error).__name__
    assert told.get("code") == error.code
    assert told.get("generation_id") == error.generation_id
    if isinstance(error, InvalidRequestError):
        assert told["faults"] == [
            {"path": "model", "problem": "wrong", "allowed": "right", "suggestion": "better"}
        ]


def test_keys_and_urls_are_not_in_errors_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    Output("json").failure(StorageError("rvya_sk_secret at https://cdn.example/result?token=1"))
    out = capsys.readouterr().out
    assert "secret" not in out
    assert "token" not in out

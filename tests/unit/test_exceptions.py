from __future__ import annotations

import pytest

from airflow_provider_rivya import exceptions
from airflow_provider_rivya.exceptions import (
    Fault,
    GatewayError,
    GatewayUnreachableError,
    GenerationError,
    GenerationFailedError,
    InvalidRequestError,
)


def test_the_text_has_message_facts_advice_and_fate_in_this_order() -> None:
    error = GenerationError(
        "It went wrong",
        conn_id="c",
        generation_id="task_1",
        code="x",
        http_status=500,
        request_id="req_1",
        advice="Do this",
        fate="It cost nothing.",
    )
    assert str(error) == (
        "It went wrong [generation task_1, connection c, code x, HTTP 500, request id req_1]. "
        "Do this. It cost nothing."
    )


def test_a_message_alone_becomes_one_sentence() -> None:
    assert str(GenerationError("It went wrong")) == "It went wrong."
    assert str(GenerationError("Why?")) == "Why?"
    assert str(GenerationError("A list:\n  - a\n")) == "A list:\n  - a\n"


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault("a", "bad"), "a: bad"),
        (Fault("a", "bad", "b, c"), "a: bad; allowed: b, c"),
        (Fault("a", "bad", suggestion="b"), "a: bad; did you mean b?"),
        (Fault("a", "bad", "b, c", "b"), "a: bad; allowed: b, c; did you mean b?"),
    ],
)
def test_a_fault_in_words(fault: Fault, text: str) -> None:
    assert str(fault) == text


def test_of_many_or_long_faults_the_first_are_told_and_the_others_counted() -> None:
    many = str(InvalidRequestError([Fault(f"dialect.{n}", "there is no such field") for n in range(5_000)]))
    assert "has 5,000 faults" in many
    assert "dialect.99:" in many
    assert "dialect.100:" not in many
    assert "\n  - and 4,900 more." in many
    long = str(InvalidRequestError([Fault("a", "x" * 100_000)] * 200))
    assert "has 200 faults" in long
    assert len(long) < 60_000
    assert "more." in long


def test_every_fault_of_a_request_is_listed_and_the_cost_is_told() -> None:
    error = InvalidRequestError([Fault("a", "bad"), Fault("b", "worse")], subject="The thing")
    assert error.faults == (Fault("a", "bad"), Fault("b", "worse"))
    assert str(error) == (
        "The thing has 2 faults:\n  - a: bad\n  - b: worse."
        "\nNothing was sent and nothing was charged; a retry would not help."
    )
    assert "has 1 fault:" in str(InvalidRequestError([Fault("a", "bad")]))
    assert InvalidRequestError([], fate="other").fate == "other"


def test_what_the_classes_add() -> None:
    assert GatewayError("x", retry_after=3.0).retry_after == 3.0
    assert GatewayError("x").maybe_taken_in is False
    assert GatewayUnreachableError("x").sent is True
    assert GatewayUnreachableError("x", sent=False).sent is False
    assert GenerationFailedError("x", credits_final=2.0).credits_final == 2.0


def test_the_tree_is_the_documented_one() -> None:
    """The tree in the module's text is what callers read to know what to catch."""
    drawn: dict[str, str] = {}
    path: list[str] = []
    for line in (exceptions.__doc__ or "").splitlines():
        words = line.replace("│", " ").replace("├──", "   ").replace("└──", "   ")
        name = words.split()[0] if words.split() else ""
        if not name.endswith("Error") or not name.isidentifier():
            continue
        depth = (len(words) - len(words.lstrip()) - 4) // 4
        path[depth:] = [name]
        if depth:
            drawn[name] = path[depth - 1]
    real = {
        name: value.__base__.__name__
        for name, value in vars(exceptions).items()
        if isinstance(value, type) and issubclass(value, GenerationError) and value is not GenerationError
        if value.__base__ is not None
    }
    assert drawn == real

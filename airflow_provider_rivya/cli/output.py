"""What the commands print: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_rivya.exceptions import TOLD, GenerationError, InvalidRequestError
from airflow_provider_rivya.redaction import clean, for_terminal

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Format = Literal["table", "json", "yaml"]

_WIDTH_OF_FILES = 200
_LIMIT = 20_000


class Output:
    """
    Prints in one format.

    Texts are shown and never obeyed: markup, escape sequences and marks of direction in a prompt or in an
    answer of the gateway have no effect.

    :param format: ``json`` and ``yaml`` put one document on stdout and nothing else.
    :ivar stdout: what stdout was when this was made; :func:`log_lines` leads all others away from it.
    """

    def __init__(self, format: Format = "table") -> None:
        self.format = format
        self.stdout = sys.stdout
        self.out = _console(self.stdout)
        self.err = _console(sys.stderr)

    def result(self, document: Any, *tables: RenderableType) -> None:
        """Print a result: its tables, or the document."""
        if self.format == "table":
            for table in tables:
                # A line, such as the path of a file, stays one where the output is not a terminal.
                self.out.print(table, soft_wrap=isinstance(table, str))
        elif self.format == "json":
            # In JSON such a character can only stand in a text, where its escape is the same value.
            self._write(for_terminal(json.dumps(document, indent=2, ensure_ascii=False, default=str)))
        else:
            import yaml  # type: ignore[import-untyped,unused-ignore]  # its stubs are another distribution

            plain = json.loads(json.dumps(document, default=str))
            text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True).rstrip("\n")
            if for_terminal(text) != text:
                text = yaml.safe_dump(plain, sort_keys=False).rstrip("\n")
            self._write(text)

    def say(self, text: str, style: str = "") -> None:
        """Tell the person something."""
        self.err.print(text, style=style, soft_wrap=True)

    def warn(self, text: str) -> None:
        """Tell the person something that may need attention."""
        self.say(f"Warning: {text}", style="yellow")

    def failure(self, error: GenerationError) -> None:
        """Print an error: for people on stderr, in the formats for scripts on stdout too."""
        self.complain(error)
        if self.format != "table":
            self.result({"error": describe(error)})

    def complain(self, error: GenerationError) -> None:
        """Print an error for people."""
        from rich.text import Text

        self.err.print(
            Text("Error: ", "bold red").append(for_terminal(str(error).rstrip("\n")), "default"),
            soft_wrap=True,
        )

    def _write(self, text: str) -> None:
        # Half a surrogate pair, which a terminal's arguments may hold, has no UTF-8 form.
        self.stdout.write(text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")
        self.stdout.flush()


def describe(error: GenerationError) -> dict[str, Any]:
    """An error for scripts; fields that say nothing are left out."""
    document: dict[str, Any] = {"type": type(error).__name__, "message": clean(error, _LIMIT)}
    for name in ("generation_id", "code", "http_status", "request_id", "retryable"):
        if (value := getattr(error, name)) is not None:
            document[name] = value
    if isinstance(error, InvalidRequestError):
        document["faults"] = [asdict(fault) for fault in error.faults[:TOLD]]
    return document


@contextmanager
def log_lines(output: Output) -> Iterator[None]:
    """
    Print this package's warnings as such, and keep every log line off stdout.

    Airflow logs to what stdout is when it is imported, also for providers of storage; stdout is for the
    result alone.
    """
    if "airflow" not in sys.modules:
        os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "CRITICAL")
    handler = _Lines(output)
    logger = logging.getLogger("airflow_provider_rivya")
    before = logger.propagate, logger.level
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = before[0]
        logger.setLevel(before[1])


class _Lines(logging.Handler):
    def __init__(self, output: Output) -> None:
        super().__init__(logging.WARNING)
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        self._output.warn(record.getMessage())


def _console(stream: Any) -> Console:
    from rich.console import Console
    from rich.text import Text

    class Showing(Console):
        """Prints texts, cells of tables among them, without what a terminal would obey."""

        def render_str(self, text: str, **options: Any) -> Text:
            return super().render_str(for_terminal(text), **options)

    # A file or a pipe has no width of its own; COLUMNS, where set, is rich's own business.
    width = None if stream.isatty() or os.environ.get("COLUMNS") else _WIDTH_OF_FILES
    return Showing(file=stream, markup=False, highlight=False, emoji=False, width=width)

"""Where in a DAG file a task or an error is, and what the error says."""

from __future__ import annotations

import ast
import re


def line_of_task(source: str, task_id: str) -> int | None:
    """
    Return the first line of a task; ``None``: its id is not written down as a text.

    :param task_id: that of a task in a group has the group's in front of it.
    """
    name = task_id.rpartition(".")[2]
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError):
        return None
    found = [node.lineno for node in nodes if isinstance(node, ast.Call) and _id_of(node) == name]
    # A decorated function is a task of its own name, which a task_id wins over.
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == name]
    return min(found or [function.lineno for function in functions], default=None)


def line_of_error(traceback: str, file: str) -> int | None:
    """Return the last line of a file that a traceback names."""
    lines = re.findall(rf'File "{re.escape(file)}", line (\d+)', traceback)
    return int(lines[-1]) if lines else None


def error_of(traceback: str) -> str:
    """Return class and message of the exception, which may have several lines, as one line."""
    lines = traceback.strip().splitlines()
    last_frame = max((at for at, line in enumerate(lines) if line.startswith('  File "')), default=-1)
    behind = lines[last_frame + 1 :]
    while len(behind) > 1 and behind[0].startswith("    "):  # the source of the frame
        behind = behind[1:]
    return " ".join(line.strip() for line in behind)


def _id_of(call: ast.Call) -> object:
    given = (keyword.value for keyword in call.keywords if keyword.arg == "task_id")
    return next((value.value for value in given if isinstance(value, ast.Constant)), None)

"""Puts a row's values into texts: ``{column}`` is the only thing that is understood. Pure."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from airflow_provider_rivya.batch.table.frames import of_numpy
from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.nested import MAX_DEPTH
from airflow_provider_rivya.redaction import clean

_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_LEFT_OUT: Final = object()
_BITS: Final = 256
_DIGITS: Final = 76
"""The widest whole numbers that databases have."""

_ALLOWED: Final = "{column}; {{ and }} for braces that are text"


class UnfitValueError(ValueError):
    """
    A column's value that cannot be put where the template wants it.

    :param column: whose value it is.
    """

    def __init__(self, column: str, problem: str, allowed: str) -> None:
        super().__init__(problem)
        self.column = column
        self.problem = problem
        self.allowed = allowed


@dataclass(frozen=True)
class TextTemplate:
    """
    One text with places for columns.

    :param parts: literal texts and, as one-tuples, names of columns.
    """

    parts: tuple[str | tuple[str], ...]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return tuple(part[0] for part in self.parts if isinstance(part, tuple))

    @property
    def whole(self) -> str | None:
        """The column that the text consists of, whose value keeps its type."""
        return self.columns[0] if len(self.parts) == 1 and self.columns else None

    def text(self, row: Mapping[str, Any]) -> str:
        """
        Return the text; an empty column leaves nothing.

        :raises UnfitValueError: a value is no text, number or date.
        """
        return "".join(
            part if isinstance(part, str) else _as_text(part[0], row.get(part[0])) for part in self.parts
        )

    def value(self, row: Mapping[str, Any]) -> Any:
        """Return a column's own value where the text is that column alone; else the text."""
        return self.text(row) if self.whole is None else plain_value(self.whole, row.get(self.whole))

    def lacks(self, row: Mapping[str, Any]) -> bool:
        """Whether a column of the text is empty in a row."""
        return any(is_empty(row.get(column)) for column in self.columns)


def parse(text: str, path: str, faults: list[Fault]) -> TextTemplate:
    """
    Take a text apart.

    :param path: of a fault.
    :param faults: what is wrong is added; braces that are not understood stand for themselves then.
    """
    parts: list[str | tuple[str]] = []
    literal, end = "", 0
    for match in _PIECE.finditer(text):
        literal += text[end : match.start()]
        end, piece = match.end(), match.group(0)
        if piece in ("{{", "}}"):
            literal += piece[0]
        elif match.group(1) is None or not match.group(1).strip():
            faults.append(
                Fault(path, f"{clean(piece)!r} in {clean(text, 60)!r} is not a place for a column", _ALLOWED)
            )
        else:
            if literal:
                parts.append(literal)
            parts.append((match.group(1).strip(),))
            literal = ""
    literal += text[end:]
    if literal:
        parts.append(literal)
    return TextTemplate(tuple(parts))


def unknown_columns(template: TextTemplate, path: str, known: Sequence[str]) -> Iterator[Fault]:
    """Yield a fault for each column that the table does not have."""
    for column in dict.fromkeys(template.columns):
        if column in known:
            continue
        base = re.split(r"[.\[!:(]", column, maxsplit=1)[0].strip()
        if base != column and base in known:
            problem = f"{{{clean(column, 60)}}}: attributes, calls and formats are not understood"
            yield Fault(path, problem, "the name of a column", f"{{{base}}}")
        else:
            near = next(iter(difflib.get_close_matches(column, known, 1)), "")
            names = ", ".join(clean(name, 40) for name in list(known)[:20])
            yield Fault(path, f"the table has no column {clean(column, 60)!r}", names, near)


@dataclass(frozen=True)
class ValueTemplate:
    """
    A value of any depth, as an argument of an operator is, with places for columns in its texts.

    An entry of a mapping or a list whose text has an empty column is left out.
    """

    tree: Any

    @classmethod
    def of(cls, value: Any, path: str, faults: list[Fault]) -> ValueTemplate:
        """Take a value apart; what is wrong is added to ``faults``."""
        return cls(_parsed(value, path, faults))

    @cached_property
    def texts(self) -> tuple[tuple[str, TextTemplate], ...]:
        """Every text in it that has places, with its path below this value."""
        return tuple(_texts(self.tree, ""))

    @cached_property
    def constant(self) -> bool:
        return not self.texts

    def fill(self, row: Mapping[str, Any]) -> Any:
        """
        Return the value for a row; ``None`` if it is one text with an empty column.

        :raises UnfitValueError: a value cannot be put where it is wanted.
        """
        filled = _filled(self.tree, row)
        return None if filled is _LEFT_OUT else filled


def is_empty(value: Any) -> bool:
    """Whether a column has no value: null, an empty text, not a number; of pandas ``NaT`` and ``NA``, too."""
    if getattr(value, "ndim", None) == 0:
        value = of_numpy(value)
    if value is None or isinstance(value, str):
        return not value
    if isinstance(value, float | Decimal | datetime):
        with suppress(ArithmeticError):  # a NaN that signals
            return bool(value != value)
    return type(value).__name__ == "NAType"


def is_unicode(text: str) -> bool:
    """Whether a text can be written down: half a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def plain_value(column: str, value: Any, depth: int = 0) -> Any:
    """
    Return a column's value in the types of JSON.

    :raises UnfitValueError: it has none there.
    """
    if is_empty(value):
        return None
    if depth > MAX_DEPTH:
        raise UnfitValueError(column, f"it is nested more than {MAX_DEPTH} levels deep", "a flatter value")
    if isinstance(value, int):
        if value.bit_length() > _BITS:
            raise UnfitValueError(column, f"it is a number of more than {_BITS} bits", "its digits as text")
        return value
    if isinstance(value, str):
        if not is_unicode(value):
            raise _half_a_pair(column)
        return value
    if isinstance(value, float):
        if math.isinf(value):
            raise _no_number(column, value)
        return value
    if isinstance(value, Decimal):
        if not value.is_finite() or value.adjusted() > _DIGITS:
            raise _no_number(column, value)
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        if not all(is_unicode(str(key)) for key in value):
            raise _half_a_pair(column)
        return {str(key): plain_value(column, item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(column, item, depth + 1) for item in value]
    if hasattr(value, "tolist") and not isinstance(value, memoryview):  # numpy's scalars and arrays
        return plain_value(column, of_numpy(value), depth + 1)
    raise UnfitValueError(column, f"a {type(value).__name__} cannot be sent", "text, number, list or date")


def _half_a_pair(column: str) -> UnfitValueError:
    return UnfitValueError(column, "it holds half a surrogate pair", "valid Unicode")


def _no_number(column: str, value: object) -> UnfitValueError:
    return UnfitValueError(column, f"{value!r} is not a number that can be sent", "a finite number")


def _as_text(column: str, value: Any) -> str:
    plain = plain_value(column, value)
    if plain is None:
        return ""
    if isinstance(plain, dict | list):
        kind = type(value).__name__
        raise UnfitValueError(column, f"a {kind} has no place inside a text", "a text, a number or a date")
    if isinstance(value, Decimal):
        return f"{value:f}"  # a price of 19.90 stays one
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


def _parsed(value: Any, path: str, faults: list[Fault]) -> Any:
    if isinstance(value, str):
        template = parse(value, path, faults)
        return template if template.columns else "".join(map(str, template.parts))
    if isinstance(value, Mapping):
        return {key: _parsed(item, f"{path}.{key}", faults) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_parsed(item, f"{path}[{index}]", faults) for index, item in enumerate(value)]
    return value


def _texts(tree: Any, path: str) -> Iterator[tuple[str, TextTemplate]]:
    if isinstance(tree, TextTemplate):
        yield path, tree
    elif isinstance(tree, dict):
        for key, item in tree.items():
            yield from _texts(item, f"{path}.{key}")
    elif isinstance(tree, list):
        for index, item in enumerate(tree):
            yield from _texts(item, f"{path}[{index}]")


def _filled(tree: Any, row: Mapping[str, Any]) -> Any:
    if isinstance(tree, TextTemplate):
        return _LEFT_OUT if tree.lacks(row) else tree.value(row)
    if isinstance(tree, dict):
        filled = ((key, _filled(item, row)) for key, item in tree.items())
        return {key: item for key, item in filled if item is not _LEFT_OUT}
    if isinstance(tree, list):
        return [item for entry in tree if (item := _filled(entry, row)) is not _LEFT_OUT]
    return tree

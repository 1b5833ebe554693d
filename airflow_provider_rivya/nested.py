"""Walks over a value that somebody gave: every text in it, with the path to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

MAX_DEPTH: Final = 32
MAX_VALUES: Final = 10_000


def texts_in(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """
    Return each text with its path; a mapping's keys are texts too.

    Bounded in depth and number, as a value may hold itself: what lies beyond is passed over. It can be part
    of no request, whose own bounds are tighter.
    """
    waiting = [(path, value, 0)]
    seen = 0
    while waiting and seen < MAX_VALUES:
        where, current, depth = waiting.pop()
        seen += 1
        if isinstance(current, str):
            yield where, current
        elif depth >= MAX_DEPTH:
            continue
        elif isinstance(current, Mapping):
            for key, entry in list(current.items())[:MAX_VALUES]:
                below = f"{where}.{key}" if isinstance(key, str) else where
                waiting += [(where, key, depth + 1), (below, entry, depth + 1)]
        elif isinstance(current, list | tuple | set | frozenset):
            for index, entry in enumerate(list(current)[:MAX_VALUES]):
                waiting.append((f"{where}[{index}]", entry, depth + 1))

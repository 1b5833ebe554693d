"""What is shown of one file, or of one row without a file: read out of results and manifest lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

LANDED: Final = ("succeeded", "reused")


@dataclass(frozen=True, slots=True)
class Card:
    """
    One card of a gallery. All texts are as they came: untrusted.

    :param title: the row's key; of a generation without one its id.
    :param output: the file, as a result or a manifest line tells it; ``None``: there is none.
    :param why: the reason, where there is no file.
    """

    title: str
    status: str
    model: str | None = None
    prompt: str | None = None
    credits: float | None = None
    why: str | None = None
    output: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """``image``, ``video`` or ``audio``; empty if that is not known."""
        kind = str((self.output or {}).get("mime_type") or "").partition("/")[0]
        return kind if kind in ("image", "video", "audio") else ""

    @property
    def file_name(self) -> str:
        """What the file is called; empty if it was not landed."""
        return name_of(self.output or {})


def name_of(output: Mapping[str, Any]) -> str:
    """Return what an output's file is called in its folder; empty if it was not landed."""
    return str(output.get("uri") or "").rpartition("/")[2]


def cards_of_result(result: Mapping[str, Any], prompt: str | None, title: str | None = None) -> list[Card]:
    """Return a card for each output of a generation, as its XCom tells it."""
    return list(cards_of_line({**result, "row_key": title or result["generation_id"], "prompt": prompt}))


def cards_of_line(line: Mapping[str, Any]) -> Iterator[Card]:
    """Yield the cards of a line of a manifest: one for each file, or one that says why there is none."""
    told: dict[str, Any] = {
        "title": str(line["row_key"]),
        "status": str(line["status"]),
        "model": line.get("model"),
        "prompt": line.get("prompt"),
        "credits": line.get("credits_final"),
    }
    outputs = line.get("outputs") or [None]
    for output in outputs:
        why = None if line["status"] in LANDED else line.get("error") or "no reason is known"
        yield Card(**told, why=why, output=output)

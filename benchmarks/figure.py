"""One measured figure, and how figures are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """
    One figure.

    :param name: what was measured.
    :param value: the middle one of several runs, unless the name says otherwise; ``None`` if it could not be
        measured, then ``detail`` says why (:func:`unmeasured`).
    :param unit: of ``value``.
    :param goal: what it should be.
    :param better: which side of the goal is the good one.
    :param detail: every run, and what it was compared with.
    """

    name: str
    value: float | None
    unit: str
    goal: float | None = None
    better: Literal["below", "above"] = "below"
    detail: dict[str, Any] | None = None

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; ``None`` where there is none, or no value."""
        if self.goal is None or self.value is None:
            return None
        return self.value <= self.goal if self.better == "below" else self.value >= self.goal

    def to_json(self) -> dict[str, Any]:
        value = None if self.value is None else round(self.value, 3)
        return {**asdict(self), "value": value, "met": self.met}


def unmeasured(figure: Figure, why: str) -> Figure:
    """
    Return the figure without a value.

    :param why: what is missing.
    """
    return replace(figure, value=None, detail={"not measured": why})


def exit_code(figures: Sequence[Figure]) -> int:
    """Return 1 if a goal is missed, else 2 if a figure could not be measured, else 0."""
    if any(figure.met is False for figure in figures):
        return 1
    return 2 if any(figure.value is None for figure in figures) else 0


def shown(value: float) -> str:
    """Return two digits behind the point, or more of what is small."""
    return f"{value:,.2f}" if abs(value) >= 1 or not value else f"{value:.2g}"


def table(figures: Sequence[Figure]) -> str:
    """Return a text table, one line a figure; what stands before a colon in many names is said once."""
    rows, scene = [("", "measured", "goal", "")], ""
    for figure in figures:
        sign = "<=" if figure.better == "below" else ">="
        before, colon, name = figure.name.rpartition(": ")
        if colon and before != scene:
            rows.append((before, "", "", ""))
        scene = before
        rows.append(
            (
                f"  {name}" if colon else name,
                "not measured" if figure.value is None else f"{shown(figure.value)} {figure.unit}",
                "" if figure.goal is None else f"{sign} {figure.goal:g}",
                (figure.detail or {}).get("not measured", "")
                if figure.value is None
                else {None: "", True: "met", False: "MISSED"}[figure.met],
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}".rstrip()
        for row in rows
    )

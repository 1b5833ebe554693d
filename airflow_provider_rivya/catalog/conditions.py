"""What a documentation says beyond lists of values: where its pages disagree, and what goes together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Scalar: TypeAlias = bool | str | int | float
Level: TypeAlias = Literal["fault", "warning"]


@dataclass(frozen=True)
class Dispute:
    """
    Something that only some pages of the documentation allow: it is sent, with a warning.

    :param why: which page says what.
    :param values: what it is about; with neither this nor ``above``, any value at all.
    :param above: it is about every number beyond this one.
    :param pages: addresses of the pages.
    """

    why: str
    values: tuple[Scalar, ...] = ()
    above: int | float | None = None
    pages: tuple[str, ...] = ()

    def concerns(self, value: object) -> bool:
        """Whether it is about this value, which is in the form of the wire."""
        if self.above is not None:
            return isinstance(value, int | float) and value > self.above
        return not self.values or value in self.values


@dataclass(frozen=True)
class Refusal:
    """
    Values that the documentation allows and this package does not send.

    :param use: what to send in their place.
    """

    values: tuple[Scalar, ...]
    why: str
    use: str


@dataclass(frozen=True)
class Condition:
    """
    Something that holds for a request, or does not.

    :param subject: key of a parameter, or ``references``.
    :param values: the parameter has one of them; where it is not set, its documented default counts.
    :param given: the parameter is set, or there are reference files (or not, if false); ``None`` with
        ``values``.
    """

    subject: str
    values: tuple[Scalar, ...] = ()
    given: bool | None = None


@dataclass(frozen=True)
class Rule:
    """
    What goes together.

    :param when: the rule applies if all of these hold.
    :param require: what must hold then; with ``None`` the combination itself is what is told of.
    :param why: the reason, or the page's words; may be empty.
    """

    when: tuple[Condition, ...]
    require: Condition | None = None
    why: str = ""
    level: Level = "fault"


REFERENCES = "references"
"""The subject of conditions about reference files."""

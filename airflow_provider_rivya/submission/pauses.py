"""When to ask a gateway again for a generation whose create call was not answered. Pure."""

from __future__ import annotations

from typing import Final

PAUSES: Final[tuple[float, ...]] = (1.0, 2.0, 3.0, 4.0, *[5.0] * 10)
"""
Seconds between two look-ups of one request: a minute in all.

How soon a gateway knows by its id what it has just taken in is documented nowhere; a minute is an assumption.
"""


def pauses(*, patiently: bool) -> tuple[float, ...]:
    """
    Return the pauses between the look-ups of one request, of which there is one more.

    :param patiently: whether the gateway may still come to know it; else one look is enough.
    """
    return PAUSES if patiently else ()

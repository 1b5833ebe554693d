"""Numbers of credits, in words."""

from __future__ import annotations


def whole(credits: float | None) -> float | None:
    """Show 5 credits as 5, not as 5.0."""
    return int(credits) if credits is not None and float(credits).is_integer() else credits


def plain(credits: float) -> str:
    """Write a number of credits, however large, without an exponent: ``6.3``, ``1250000``."""
    return f"{credits:.6f}".rstrip("0").rstrip(".")


def in_credits(credits: float | None) -> str:
    """Say a number of credits: ``1 credit``, ``5 credits``."""
    return (
        "an unknown number of credits"
        if credits is None
        else f"{plain(credits)} credit{'' if credits == 1 else 's'}"
    )


def reserved(credits: float | None) -> str:
    """Say what a generation costs that has not ended."""
    if credits is None:
        return "the gateway does not say what it costs"
    return f"{in_credits(credits)} {'is' if credits == 1 else 'are'} reserved"

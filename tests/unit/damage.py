"""What a disk or a hand does to a file."""

from __future__ import annotations

import random


def damaged(chance: random.Random, content: bytes) -> bytes:
    """Flip, drop or double some bytes."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(changed))
        change = chance.randrange(3)
        if change == 0:
            changed[at] ^= 1 << chance.randrange(8)
        elif change == 1:
            del changed[at : at + chance.randint(1, 40)]
        else:
            changed[at:at] = changed[at : at + chance.randint(1, 40)]
        changed = changed or bytearray(b" ")
    return bytes(changed)

"""Plain notes for what is to be heard: a short phrase on one chord, again and again."""

from __future__ import annotations

import math
from array import array

NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
MAJOR, MINOR = (0, 4, 7, 12), (0, 3, 7, 12)
NOTES = 8
C4_HERTZ = 261.626
ATTACK_SECONDS = 0.008
LOUDNESS = 12_000


def tune(seed: bytes, seconds: float, rate: int, tempo: float, key: str) -> bytes:
    """
    Return 16-bit mono samples, exactly ``round(seconds * rate)`` of them.

    :param seed: chooses the notes, and the key if ``key`` is none.
    :param tempo: beats a minute, two notes a beat.
    :param key: such as ``C`` or ``F#m``.
    """
    name = key.removesuffix("m")
    root = NOTE_NAMES.index(name) if name in NOTE_NAMES else seed[0] % len(NOTE_NAMES)
    chord = MINOR if key.endswith("m") else MAJOR
    length, total = max(1, round(rate * 30 / tempo)), max(1, round(seconds * rate))
    phrase = array("h")
    for number in range(NOTES):
        hertz = C4_HERTZ * math.exp2((root + chord[seed[number] % len(chord)]) / 12)
        turn, attack = math.tau * hertz / rate, ATTACK_SECONDS * rate
        phrase.extend(
            int(LOUDNESS * min(index / attack, 1 - index / length) * math.sin(turn * index))
            for index in range(length)
        )
    return (phrase * math.ceil(total / len(phrase)))[:total].tobytes()

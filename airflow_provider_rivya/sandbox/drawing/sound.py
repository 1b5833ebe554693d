"""A small tune for what is to be heard: plucked notes of one key over a quiet bass."""

from __future__ import annotations

import math
from array import array

NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
MAJOR_PENTATONIC, MINOR_PENTATONIC = (0, 2, 4, 7, 9), (0, 3, 5, 7, 10)
# Degrees of the scale that the bass walks through.
BASS_WALK = (0, 3, 4, 0)
NOTES_OF_A_BAR = 4
C4_HERTZ = 261.626
ATTACK_SECONDS = 0.008
LOUDNESS = 11_000


def tune(seed: bytes, seconds: float, rate: int, tempo: float, key: str) -> bytes:
    """
    Return 16-bit little-endian mono samples, exactly ``round(seconds * rate)`` of them.

    The tune repeats after four bars, so its cost does not grow with the playing time.

    :param seed: at least 16 bytes; they choose the notes, and the key if ``key`` is none.
    :param tempo: beats a minute, two notes a beat.
    :param key: such as ``C`` or ``F#m``.
    """
    name = key.removesuffix("m")
    root = NOTE_NAMES.index(name) if name in NOTE_NAMES else seed[0] % len(NOTE_NAMES)
    minor = key.endswith("m") if name in NOTE_NAMES else seed[1] % 2 == 0
    scale = MINOR_PENTATONIC if minor else MAJOR_PENTATONIC
    length = max(1, round(rate * 30 / tempo))
    total = max(1, round(seconds * rate))
    notes = min(NOTES_OF_A_BAR * len(BASS_WALK), math.ceil(total / length))
    bars = array("h")
    for number in range(notes):
        degree = seed[number % len(seed)] % (2 * len(scale))
        bass = BASS_WALK[number // NOTES_OF_A_BAR]
        bars.extend(_note(_hertz(root, scale, degree), _hertz(root, scale, bass) / 2, number, length, rate))
    samples = (bars * math.ceil(total / len(bars)))[:total]
    for index in range(min(total, rate // 50)):  # no click at the end
        samples[total - 1 - index] = samples[total - 1 - index] * index // (rate // 50)
    if array("H", [1]).tobytes() != b"\x01\x00":
        samples.byteswap()
    return samples.tobytes()


def _hertz(root: int, scale: tuple[int, ...], degree: int) -> float:
    octave, step = divmod(degree, len(scale))
    return C4_HERTZ * math.exp2(octave + (root + scale[step]) / 12)


def _note(melody: float, bass: float, number: int, length: int, rate: int) -> list[int]:
    attack = max(1, round(ATTACK_SECONDS * rate))
    high, low = math.tau * melody / rate, math.tau * bass / rate
    # The bass sounds through the bar, each of its notes a part of one tone.
    offset = number % NOTES_OF_A_BAR * length
    sine, damp = math.sin, math.exp(-5.0 / length)
    decay, samples = 1.0, []
    for index in range(length):
        ramp = min(1.0, index / attack, (length - index) / attack)
        plucked = sine(high * index) + 0.3 * sine(2 * high * index)
        held = sine(low * (offset + index)) * (0.35 if offset else 0.35 * min(1.0, index / attack))
        samples.append(int(LOUDNESS * (decay * ramp * plucked + held)))
        decay *= damp
    return samples

#!/usr/bin/env python3
"""Makes the music on hold: a slow arpeggio over eight chords, 24 s, that loops without a click.

Every tone is a sum of partials below 3.4 kHz and dies away; what still sounds at the end is folded onto the beginning,
so that the last sample meets the first. No library, no random numbers: the same file each time.

    music.py FILE.wav
"""

import array
import math
import sys
import wave

RATE = 8_000
BEAT = 0.375  # seconds
BEATS_PER_CHORD = 8
# Chords as semitones from A3 (220 Hz): a fall of thirds and home again.
CHORDS = [
    (-9, -2, 3, 7, 10), (-12, -5, 0, 3, 7), (-16, -4, 0, 3, 8), (-14, -2, 2, 5, 8),
    (-9, -2, 3, 7, 10), (-5, 2, 5, 8, 10), (-16, -4, 0, 3, 8), (-14, -2, 1, 5, 10),
]
PATTERN = [0, 1, 2, 3, 4, 3, 2, 1]
PARTIALS = [(1, 1.0), (2, 0.35), (3, 0.12), (4, 0.05)]
BAND = 3_300.0  # Hz: nothing above


def tone(frequency: float, seconds: float, level: float) -> list[float]:
    length = int(seconds * RATE)
    attack = int(0.012 * RATE)
    out = [0.0] * length
    for number, weight in PARTIALS:
        if frequency * number >= BAND:
            break
        step = 2 * math.pi * frequency * number / RATE
        decay = 1.6 * number / RATE
        for at in range(length):
            out[at] += level * weight * math.exp(-decay * at) * math.sin(step * at)
    for at in range(attack):
        out[at] *= at / attack
    tail = int(0.05 * RATE)
    for at in range(tail):
        out[length - 1 - at] *= at / tail
    return out


def main(path: str) -> None:
    total = int(len(CHORDS) * BEATS_PER_CHORD * BEAT * RATE)
    mix = [0.0] * total
    for chord_at, chord in enumerate(CHORDS):
        for beat in range(BEATS_PER_CHORD):
            note = PATTERN[beat]
            start = int((chord_at * BEATS_PER_CHORD + beat) * BEAT * RATE)
            level = 0.5 if beat == 0 else 0.32
            frequency = 220.0 * 2 ** (chord[note] / 12)
            for at, sample in enumerate(tone(frequency, 2.4 if beat == 0 else 1.8, level)):
                mix[(start + at) % total] += sample
    peak = max(abs(sample) for sample in mix)
    samples = array.array("h", (round(sample / peak * 32_767 * 0.2) for sample in mix))
    if sys.byteorder == "big":
        samples.byteswap()
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())


if __name__ == "__main__":
    main(sys.argv[1])

"""Sound that costs a voice codec what speech does, without anybody's voice: a source and a filter.

Pulses at a pitch that glides, shaped by two resonances, in syllables with pauses; a little
noise. Nobody's words, but voiced, unvoiced and silent parts as speech has them.
"""

import math
import wave
from pathlib import Path

import numpy as np

RATE = 48_000
SECONDS = 20


def write_speech_like(path: Path) -> Path:
    """A WAV file of `SECONDS`, the same each time."""
    generator = np.random.default_rng(5)
    count = RATE * SECONDS
    t = np.arange(count) / RATE
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.4 * t) + 10 * np.sin(2 * np.pi * 2.3 * t)
    phase = np.cumsum(pitch) / RATE
    source = np.where(np.diff(np.floor(phase), prepend=0) > 0, 1.0, 0.0)
    source += 0.01 * generator.standard_normal(count)
    syllable = np.clip(np.sin(2 * np.pi * 3.5 * t + np.sin(2 * np.pi * 0.7 * t)), 0, 1)
    phrase = (np.sin(2 * np.pi * t / 5) > -0.3).astype(float)
    sound = np.zeros(count)
    for frequency in (740.0, 2180.0):
        sound += _resonance(source, frequency, 90.0)
    sound *= syllable * phrase
    levels = (sound / np.abs(sound).max() * 12_000).astype(np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(levels.tobytes())
    return path


def _resonance(source: np.ndarray, frequency: float, width: float) -> np.ndarray:
    """``source`` through a pole pair, by its impulse response."""
    length = RATE // 20
    n = np.arange(length)
    response = np.exp(-math.pi * width * n / RATE) * np.sin(2 * math.pi * frequency * n / RATE)
    size = 1 << (len(source) + length - 1).bit_length()
    product = np.fft.rfft(source, size) * np.fft.rfft(response, size)
    return np.fft.irfft(product, size)[: len(source)]

"""Sound that is recorded while pictures are: in step, without gaps, as long as they."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pechead_live.frame import Picture
from pechead_live.sink.file import FileSink
from pechead_live.sink.live_sound import MOST, RATE, LiveSound

FPS, PIECE_S, HELD_S = 25, 0.02, 0.03
BEGAN = 1000.0
"""Of the clock, when the first picture was captured."""


class Clock:
    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> float:
        return self.now


def piece(number: int, *, loud: bool, rate: int = RATE) -> av.AudioFrame:
    """20 ms as aiortc gives them: 16 bits, both channels in turn."""
    count = round(PIECE_S * rate)
    wave = (12_000 * np.sin(np.arange(count) * 0.3) * loud).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(
        np.repeat(wave, 2).reshape(1, -1), format="s16", layout="stereo"
    )
    frame.sample_rate, frame.pts, frame.time_base = rate, number * count, Fraction(1, rate)
    return frame


def record(
    path: Path,
    *,
    seconds: float = 3.0,
    loud: Sequence[int] = (),
    missing: Sequence[int] = (),
    held_up: Sequence[int] = (),
    stalled: range = range(0),
    joins: int | None = None,
    rate: int = RATE,
) -> None:
    """Pictures that are white while pieces are ``loud``, both as they would come; pieces that are
    ``held_up`` come 60 ms later than they should, those that are ``stalled`` all at once when the
    last of them does. Another source, which counts from its own zero, ``joins`` with a piece."""
    clock = Clock()
    sound = LiveSound(held_s=HELD_S, clock=clock)
    sink = FileSink(path, 64, 64, FPS, sound=sound)
    comes = [
        (
            (max(stalled) if number in stalled else number) * PIECE_S
            + PIECE_S
            + HELD_S
            + 0.06 * (number in held_up),
            0,
            number,
        )
        for number in range(round(seconds / PIECE_S))
        if number not in missing
    ]
    comes += [(number / FPS + 0.04, 1, number) for number in range(round(seconds * FPS))]
    for at, kind, number in sorted(comes):
        clock.now = BEGAN + at
        if kind == 0:
            counted = number - joins if joins is not None and number >= joins else number
            sound.put(piece(counted, loud=number in loud, rate=rate))
        else:
            lit = any(abs(number / FPS - n * PIECE_S) < 1e-6 for n in loud)
            pixels = np.full((64, 64, 3), 255 if lit else 0, np.uint8)
            sink.write(Picture(pixels=pixels, captured_at=BEGAN + number / FPS))
    sink.close()


def played(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Brightness of each picture, and the samples of one channel."""
    with av.open(str(path)) as film:
        light = np.array([f.to_ndarray(format="gray").mean() for f in film.decode(video=0)])
    with av.open(str(path)) as film:
        heard: list[np.ndarray] = []
        for frame in film.decode(audio=0):
            if not heard and frame.pts:  # the encoder's delay is told, not played
                heard.append(np.zeros(max(0, frame.pts), np.float32))
            heard.append(frame.to_ndarray()[0])
    return light, np.concatenate(heard)


def loud_from(samples: np.ndarray) -> float:
    """Seconds until it is loud."""
    return float(np.flatnonzero(np.abs(samples) > 0.1)[0]) / RATE


@pytest.mark.parametrize("rate", [RATE, 16_000])
def test_a_beep_is_heard_as_its_picture_is_seen(tmp_path: Path, rate: int) -> None:
    record(tmp_path / "a.mp4", loud=[100, 101], rate=rate)
    light, heard = played(tmp_path / "a.mp4")
    assert int(np.argmax(light)) / FPS == pytest.approx(2.0)
    assert loud_from(heard) == pytest.approx(2.0, abs=0.04)
    assert len(heard) / RATE == pytest.approx(3.0, abs=0.05)


def test_sound_that_was_held_up_does_not_move_what_comes_after_it(tmp_path: Path) -> None:
    record(tmp_path / "a.mp4", loud=[100, 101], held_up=range(20, 60))
    assert loud_from(played(tmp_path / "a.mp4")[1]) == pytest.approx(2.0, abs=0.04)


@pytest.mark.parametrize("count", [6, 20, 60])
def test_sound_that_comes_in_a_burst_after_a_stall_is_heard_whole_and_in_its_place(
    tmp_path: Path, count: int
) -> None:
    stalled = range(100 - count, 100)
    beep = range(stalled.start + 2, stalled.start + 5)
    record(tmp_path / "a.mp4", loud=[*beep, 110, 111], stalled=stalled)
    _, heard = played(tmp_path / "a.mp4")
    loud = np.flatnonzero(np.abs(heard) > 0.1) / RATE
    first, second = loud[loud < 2.0], loud[loud >= 2.0]
    assert first[0] == pytest.approx(beep.start * PIECE_S, abs=0.04)
    assert first[-1] - first[0] == pytest.approx(len(beep) * PIECE_S, abs=0.01)
    assert second[0] == pytest.approx(110 * PIECE_S, abs=0.04)


def test_a_beep_of_a_source_that_counts_anew_is_in_its_place(tmp_path: Path) -> None:
    record(tmp_path / "a.mp4", loud=[100, 101], missing=range(70, 80), joins=80)
    assert loud_from(played(tmp_path / "a.mp4")[1]) == pytest.approx(2.0, abs=0.04)


def test_a_piece_without_a_time_is_refused_with_what_is_missing() -> None:
    frame = piece(0, loud=True)
    frame.pts = None
    with pytest.raises(ValueError, match="pts"):
        LiveSound().put(frame)


def test_sound_that_never_came_is_silence_and_the_rest_stays_in_step(tmp_path: Path) -> None:
    record(tmp_path / "a.mp4", loud=[*range(10), 100, 101], missing=range(10, 70))
    _, heard = played(tmp_path / "a.mp4")
    gap = heard[round(0.25 * RATE) : round(1.35 * RATE)]
    assert np.abs(gap).max() < 0.01
    assert loud_from(heard[round(0.5 * RATE) :]) + 0.5 == pytest.approx(2.0, abs=0.04)


def test_a_microphone_that_is_silent_all_the_time_leaves_a_film_of_full_length(
    tmp_path: Path,
) -> None:
    record(tmp_path / "a.mp4", missing=range(1000))
    _, heard = played(tmp_path / "a.mp4")
    assert np.abs(heard).max() == 0
    assert len(heard) / RATE == pytest.approx(3.0, abs=0.05)


def test_sound_of_a_file_that_nobody_writes_does_not_pile_up() -> None:
    sound = LiveSound()
    for number in range(MOST + 200):
        sound.put(piece(number, loud=True))
    assert len(sound._pieces) <= MOST

"""The sound of a call: heard in its order, at its time, with its picture."""

import asyncio
import random
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from pechead_live.calling.lip_sync import MOST_S, LipSync
from pechead_live.calling.microphone import (
    PIECE,
    RATE,
    FileMicrophone,
    Samples,
    open_microphone,
)
from pechead_live.calling.opus_padding import riders_of
from pechead_live.calling.played_sound import LONGEST_S, SLACK_S, PlayedSound
from pechead_live.calling.riders import COEFFICIENTS, Riders
from pechead_live.calling.speaker import FileSpeaker, open_speaker
from pechead_live.calling.voice import VoiceConfig, VoiceTrack
from pechead_live.errors import InputError, OutputError

PACKET_S = 0.06


def level(value: int, seconds: float) -> Samples:
    return np.full(round(seconds * RATE), value, np.int16)


def heard(played: PlayedSound, seconds: float, begins: float = 0.0) -> Samples:
    """Taken as a speaker does, 20 ms at a time."""
    count = round(seconds * RATE / PIECE)
    return np.concatenate([played.take(begins + k * PIECE / RATE, PIECE) for k in range(count)])


def at(sound: Samples, seconds: float) -> int:
    return int(sound[round(seconds * RATE)])


def tone(path: Path, seconds: float, *, rate: int = RATE, channels: int = 1) -> Path:
    """A WAV file of a 440 Hz tone."""
    times = np.arange(round(seconds * rate)) / rate
    samples = (10_000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(samples, channels).tobytes())
    return path


class Clock:
    """A hundredth of a second later each time it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.0101
        return self.now


def test_pieces_that_follow_each_other_are_joined_without_a_gap() -> None:
    played = PlayedSound()
    for k in range(10):
        off = SLACK_S * 0.9 * (-1) ** k
        played.put(level(k + 1, PACKET_S), k * PACKET_S + (off if k else 0))
    sound = heard(played, 0.6)
    assert played.gaps == 0
    assert [at(sound, (k + 0.5) * PACKET_S) for k in range(10)] == list(range(1, 11))
    assert not (sound == 0).any()


def test_where_sound_is_missing_there_is_silence_for_as_long() -> None:
    played = PlayedSound()
    played.put(level(1, 0.06), 0.0)
    played.put(level(2, 0.06), 0.16)
    sound = heard(played, 0.3)
    assert played.gaps == 1
    assert [at(sound, t) for t in (0.03, 0.1, 0.19, 0.25)] == [1, 0, 2, 0]
    assert int((sound == 0).sum()) == round(0.18 * RATE)


def test_of_two_sounds_for_a_time_the_newer_is_heard() -> None:
    played = PlayedSound()
    for k in range(4):
        played.put(level(1, 0.06), k * 0.06)
    played.put(level(2, 0.06), 0.07)
    sound = heard(played, 0.3)
    assert [at(sound, t) for t in (0.06, 0.075, 0.125, 0.14, 0.2)] == [1, 2, 2, 0, 0]


def test_sound_that_is_due_in_the_past_is_not_heard_late() -> None:
    played = PlayedSound()
    played.put(level(1, 0.06), 0.0)
    assert not heard(played, 0.1, begins=1.0).any()


def test_what_nobody_takes_is_forgotten_after_a_second() -> None:
    played = PlayedSound()
    for k in range(1000):
        played.put(level(k, PACKET_S), k * PACKET_S)
    assert len(played._pieces) <= LONGEST_S / PACKET_S + 1
    played.put(level(7, 3 * LONGEST_S), 60.0)
    assert at(heard(played, 0.1, begins=61.0), 0.05) == 7


def test_a_jump_of_the_time_is_followed() -> None:
    played = PlayedSound()
    for begins in (0.0, 500.0, 20.0):
        played.put(level(3, PACKET_S), begins)
    assert at(heard(played, 0.06, begins=20.0), 0.03) == 3


def spoken(sync: LipSync, ways: Callable[[int], float], count: int, first: int = 0) -> list[float]:
    """Seconds from when each packet was spoken until it is due, sent once it is full."""
    lags: list[float] = []
    for k in range(count):
        timestamp = (first + round(k * PACKET_S * RATE)) % (1 << 32)
        said = k * PACKET_S
        if k % 30 == 0:
            sync.sound_was_heard(timestamp, said)
        due = sync.due(timestamp, said + PACKET_S + ways(k))
        lags.append(due - said)
    return lags


def test_sound_is_due_when_its_picture_is_shown() -> None:
    sync = LipSync()
    for k in range(100):
        sync.picture_is_shown(k / 30, k / 30 + 0.3)
    assert spoken(sync, lambda _: 0.05, 200)[20:] == pytest.approx([0.3] * 180, abs=1e-3)


def test_sound_waits_for_a_late_picture_only_so_long() -> None:
    sync = LipSync()
    sync.picture_is_shown(0.0, 5.0)
    assert max(spoken(sync, lambda _: 0.05, 100)) <= PACKET_S + 0.05 + MOST_S + 1e-6


def test_sound_that_comes_after_its_picture_is_heard_as_soon_as_it_can_be() -> None:
    sync = LipSync()
    sync.picture_is_shown(0.0, 0.05)
    chance = random.Random(1)
    ways = [chance.uniform(0.05, 0.15) for _ in range(300)]
    lags = spoken(sync, lambda k: ways[k], 300)[60:]
    there = [lag >= PACKET_S + way - 1e-6 for lag, way in zip(lags, ways[60:], strict=True)]
    assert np.mean(there) > 0.85
    assert max(lags) < PACKET_S + 0.16


def test_without_a_picture_sound_is_heard_when_most_of_it_is_there() -> None:
    sync = LipSync()
    assert sync.due(9, 1.0) == pytest.approx(1.0)
    assert sync.due(9 + 2880, 1.06) == pytest.approx(1.06)


def test_timestamps_begin_again_unnoticed() -> None:
    steady, wrapped = LipSync(), LipSync()
    for sync in (steady, wrapped):
        sync.picture_is_shown(0.0, 0.3)
    near = (1 << 32) - 50 * 2880
    there = spoken(steady, lambda _: 0.05, 100)
    assert spoken(wrapped, lambda _: 0.05, 100, near) == pytest.approx(there)
    hours = 16 * 3600  # more than half of 2**32 samples
    for said in range(0, hours, 600):
        assert steady.due(said * RATE % (1 << 32), said + 0.1) < said + 0.1 + MOST_S + 1e-6


def test_the_pictures_lag_is_followed_gently_and_a_jump_at_once() -> None:
    sync = LipSync()
    sync.sound_was_heard(0, 0.0)
    sync.picture_is_shown(0.0, 0.2)
    sync.picture_is_shown(1.0, 1.3)
    assert sync.due(0, 0.1) == pytest.approx(0.205)
    sync.picture_is_shown(2.0, 2.9)
    assert sync.due(0, 0.6) == pytest.approx(0.9)


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 1), (44_100, 2), (8_000, 1)])
def test_a_files_sound_comes_in_pieces_over_and_over(
    tmp_path: Path, rate: int, channels: int
) -> None:
    microphone = FileMicrophone(tone(tmp_path / "a.wav", 0.1, rate=rate, channels=channels))
    pieces = [microphone.read() for _ in range(12)]
    told = [piece for piece in pieces if piece is not None]
    assert len(told) == 12
    assert all(len(piece.samples) == PIECE for piece in told)
    apart = np.diff([piece.heard_at for piece in told])
    assert apart == pytest.approx(np.full(11, PIECE / RATE))
    assert 8_000 < max(int(np.abs(piece.samples).max()) for piece in told[5:]) < 11_000
    microphone.close()
    assert microphone.read() is None


def test_a_files_sound_comes_at_its_own_pace(tmp_path: Path) -> None:
    microphone = FileMicrophone(tone(tmp_path / "a.wav", 0.1))
    began = time.monotonic()
    for _ in range(5):
        microphone.read()
    assert time.monotonic() - began > 4.9 * PIECE / RATE


def test_after_a_pause_a_file_goes_on_with_the_present(tmp_path: Path) -> None:
    now = [100.0]
    microphone = FileMicrophone(tone(tmp_path / "a.wav", 0.1), lambda: now[0])
    first = microphone.read()
    now[0] += 600.0
    began = time.monotonic()
    later = microphone.read()
    assert first is not None and later is not None
    assert later.heard_at - first.heard_at == pytest.approx(600.0, abs=0.1)
    assert time.monotonic() - began < 0.5


def test_a_file_without_sound_is_refused(tmp_path: Path) -> None:
    silent = tmp_path / "text.wav"
    silent.write_text("this is no sound")
    for path in (silent, tmp_path / "none.wav", tmp_path, tone(tmp_path / "empty.wav", 0.0)):
        with pytest.raises(InputError):
            open_microphone(f"file:{path}")
    assert open_microphone("none") is None
    assert open_speaker("none") is None


def test_what_is_heard_is_written_to_a_file(tmp_path: Path) -> None:
    played = PlayedSound()
    speaker = open_speaker(f"file:{tmp_path / 'out.wav'}")
    assert isinstance(speaker, FileSpeaker)
    played.put(level(5000, 0.5), time.monotonic() + 0.02)
    speaker.start(played.take)
    time.sleep(0.3)
    speaker.close()
    with wave.open(str(tmp_path / "out.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert 0.1 * RATE < len(sound) < 0.6 * RATE
    assert 5000 in sound


def test_a_speaker_refuses_a_place_where_no_file_can_be(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        open_speaker(f"file:{tmp_path / 'no' / 'folder' / 'out.wav'}")


@pytest.mark.parametrize("packet_ms", [20, 60, 80])
def test_a_voice_gives_packets_that_decode_with_what_rides_in_them(
    tmp_path: Path, packet_ms: int
) -> None:
    asked: list[float] = []

    def riders(heard_at: float) -> Riders:
        asked.append(heard_at)
        return {COEFFICIENTS: b"%d" % len(asked)}

    async def packets() -> list[Any]:
        microphone = FileMicrophone(tone(tmp_path / "a.wav", 0.44), Clock())
        config = VoiceConfig(bitrate=24_000, packet_ms=packet_ms)
        track = VoiceTrack(microphone, riders, config, may_speak=lambda: True)
        sent = [await track.recv() for _ in range(8)]
        track.stop()
        for _ in track._ready:
            await track.recv()
        with pytest.raises(MediaStreamError):
            await track.recv()
        return sent

    sent = asyncio.run(packets())
    assert [p.pts for p in sent] == [k * packet_ms * RATE // 1000 for k in range(8)]
    assert [riders_of(bytes(p))[COEFFICIENTS] for p in sent] == [b"%d" % (k + 1) for k in range(8)]
    assert np.diff(asked[:8]) == pytest.approx(np.full(7, packet_ms / 1000))
    decoder = av.CodecContext.create("libopus", "r")
    sound = np.concatenate([f.to_ndarray().reshape(-1) for p in sent for f in decoder.decode(p)])
    full = 1 << 15 if sound.dtype == np.int16 else 1
    assert np.abs(sound[len(sound) // 2 :]).max() / full > 0.1


def test_what_is_said_before_it_may_be_is_left_out(tmp_path: Path) -> None:
    left_out = [False] * 10 + [True] * 100

    async def first() -> Any:
        microphone = FileMicrophone(tone(tmp_path / "a.wav", 0.4), Clock())
        track = VoiceTrack(
            microphone, lambda _: {}, VoiceConfig(), may_speak=lambda: left_out.pop(0)
        )
        return await track.recv()

    assert asyncio.run(first()).pts == 0
    assert len(left_out) == 97


def test_settings_of_a_voice_beyond_reason_are_refused() -> None:
    for settings in ({"bitrate": 100}, {"bitrate": 10**6}, {"packet_ms": 30}):
        with pytest.raises(InputError, match="give"):
            VoiceConfig(**settings)

"""The studio's WebRTC parts one by one: newest pictures, frames on the marker, sound in step."""

import asyncio
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from aiortc.codecs import vpx
from aiortc.jitterbuffer import JitterBuffer
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from pechead_live.errors import InputError
from pechead_live.frame import Picture
from pechead_live.studio.rtc.bitrate import BitrateConfig, set_bitrates
from pechead_live.studio.rtc.incoming import BrowserCamera, receive
from pechead_live.studio.rtc.marker import emit_on_marker
from pechead_live.studio.rtc.outgoing import Broadcast, PictureTrack, video_frame
from pechead_live.studio.rtc.sound import DelayedSound


def picture(level: int, captured_at: float = 0.0) -> Picture:
    return Picture(pixels=np.full((32, 48, 3), level, np.uint8), captured_at=captured_at)


def level_of(frame: av.VideoFrame) -> int:
    return round(float(frame.to_ndarray(format="rgb24").mean()))


def packets(sizes: list[int], first: int = 65530) -> list[Any]:
    """RTP packets of frames of so many packets each; the number wraps around."""
    made: list[Any] = []
    for number, size in enumerate(sizes):
        for place in range(size):
            packet: Any = RtpPacket(
                payload_type=96,
                sequence_number=(first + len(made)) & 0xFFFF,
                timestamp=3000 * number,
                marker=int(place == size - 1),
            )
            packet._data = bytes([number, place])
            made.append(packet)
    return made


def whole(number: int, size: int) -> bytes:
    return b"".join(bytes([number, place]) for place in range(size))


def test_a_frame_is_given_with_its_last_packet() -> None:
    assert emit_on_marker()
    buffer = JitterBuffer(capacity=16, is_video=True)
    given_at: list[tuple[int, bytes]] = []
    for count, packet in enumerate(packets([3, 1, 2])):
        _, frame = buffer.add(packet)
        if frame is not None:
            given_at.append((count, frame.data))
    assert given_at == [(2, whole(0, 3)), (3, whole(1, 1)), (5, whole(2, 2))]


@given(st.lists(st.integers(1, 5), min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_frames_come_whole_and_in_order_whatever_order_their_packets_have(
    sizes: list[int], random: Any
) -> None:
    emit_on_marker()
    sent = packets(sizes)
    # the first packet tells where the stream begins; the others overtake each other by up to four
    order = [0, *sorted(range(1, len(sent)), key=lambda place: place + random.uniform(0, 4))]
    buffer = JitterBuffer(capacity=128, is_video=True)
    frames = [frame for place in order for _, frame in [buffer.add(sent[place])] if frame]
    wanted = [whole(number, size) for number, size in enumerate(sizes)]
    assert [frame.data for frame in frames] == wanted[: len(frames)]
    assert len(frames) >= len(sizes) - 2


def test_a_frame_with_a_lost_packet_is_not_given() -> None:
    emit_on_marker()
    buffer = JitterBuffer(capacity=16, is_video=True)
    sent = packets([2, 3, 1])
    frames = [frame for place in (0, 1, 2, 4, 5) for _, frame in [buffer.add(sent[place])] if frame]
    assert [frame.data for frame in frames] == [whole(0, 2)]


def test_a_packet_that_does_not_come_is_given_up_and_a_whole_picture_asked_for() -> None:
    emit_on_marker()
    buffer = JitterBuffer(capacity=128, is_video=True)
    sizes = [2] * 12  # 33 ms each
    sent = packets(sizes)
    given_at: dict[int, bytes] = {}
    asked_at: list[int] = []
    for place, packet in enumerate(sent):
        if place == 3:  # the second frame's last
            continue
        asks, frame = buffer.add(packet)
        number = place // 2
        if asks:
            asked_at.append(number)
        if frame is not None:
            given_at[number] = frame.data
    assert asked_at == [8]  # 200 ms after the first frame that is not whole
    assert given_at[0] == whole(0, 2)
    assert [given_at[number] for number in (9, 10, 11)] == [whole(n, 2) for n in (9, 10, 11)]
    assert whole(1, 2) not in given_at.values()


def test_a_piece_of_sound_comes_with_the_next_one_and_in_order() -> None:
    emit_on_marker()
    buffer = JitterBuffer(capacity=16, prefetch=4)
    sent = packets([1] * 6)
    for early, late in ((1, 2), (3, 4)):
        sent[early], sent[late] = sent[late], sent[early]
    given = [buffer.add(packet)[1] for packet in sent]
    times = [frame.timestamp for frame in given if frame is not None]
    assert given[0] is None and given[2] is not None
    assert times == sorted(times) and len(times) >= 4


def test_a_viewer_gets_the_newest_picture_only() -> None:
    async def look() -> None:
        track = PictureTrack()
        for level in (10, 20, 200):
            track.put(video_frame(picture(level, captured_at=level / 10)))
        frame = await track.recv()
        assert abs(level_of(frame) - 200) <= 2 and track.dropped == 2
        assert frame.pts * frame.time_base == pytest.approx(20.0, abs=1e-4)
        waiting = asyncio.ensure_future(track.recv())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        track.stop()
        with pytest.raises(MediaStreamError):
            await waiting

    asyncio.run(look())


def test_every_viewer_is_handed_the_pictures_and_none_is_made_for_nobody() -> None:
    async def look() -> None:
        broadcast = Broadcast(asyncio.get_running_loop())
        broadcast.write(picture(1))
        one, other = broadcast.add(), broadcast.add()
        await asyncio.to_thread(broadcast.write, picture(100))
        assert [abs(level_of(await track.recv()) - 100) <= 2 for track in (one, other)] == [
            True
        ] * 2
        broadcast.remove(one)
        broadcast.remove(one)
        assert broadcast.viewers == 1 and one.readyState == "ended"

    asyncio.run(look())


def test_times_grow_even_if_an_idle_picture_came_between() -> None:
    async def look() -> None:
        broadcast = Broadcast(asyncio.get_running_loop())
        track = broadcast.add()
        times: list[int] = []
        for captured_at in (1.0, 1.2, 1.15, 1.2, 1.3):
            await asyncio.to_thread(broadcast.write, picture(100, captured_at))
            times.append((await track.recv()).pts)
        assert times == sorted(set(times)) and times[-1] == 117_000

    asyncio.run(look())


def test_the_tracker_sees_the_newest_frame_of_a_browser() -> None:
    now = [5.0]
    camera = BrowserCamera(clock=lambda: now[0])
    camera.put(av.VideoFrame.from_ndarray(picture(10).pixels))
    now[0] = 6.0
    camera.put(av.VideoFrame.from_ndarray(picture(90).pixels))
    frame = camera.read()
    assert frame is not None and frame.captured_at == 6.0
    assert frame.pixels.shape == (32, 48, 3) and abs(int(frame.pixels.mean()) - 90) <= 2
    camera.close()
    assert camera.read() is None


def test_a_huge_frame_is_made_smaller() -> None:
    camera = BrowserCamera()
    camera.put(av.VideoFrame.from_ndarray(np.zeros((2160, 3840, 3), np.uint8)))
    frame = camera.read()
    assert frame is not None and frame.pixels.shape == (720, 1280, 3)


def test_a_track_that_ends_ends_the_receiving() -> None:
    async def look() -> None:
        track = PictureTrack()
        camera = BrowserCamera()
        receiving = asyncio.ensure_future(receive(track, camera))
        track.put(video_frame(picture(50)))
        await asyncio.sleep(0.05)
        frame = await asyncio.to_thread(camera.read)
        assert frame is not None
        track.stop()
        await asyncio.wait_for(receiving, 1)

    asyncio.run(look())


def tone(number: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(
        np.full((1, 2 * 960), number, np.int16), format="s16", layout="stereo"
    )
    frame.sample_rate, frame.pts, frame.time_base = 48000, 960 * number, Fraction(1, 48000)
    return frame


def test_sound_comes_as_much_later_as_it_should() -> None:
    async def hear() -> None:
        loop = asyncio.get_running_loop()
        sound = DelayedSound(lambda: 0.15, clock=loop.time)
        began = loop.time()
        for number in range(5):
            sound.put(tone(number))
        for number in range(5):
            frame = await sound.recv()
            assert frame.to_ndarray()[0, 0] == number and frame.pts == 960 * number
            assert loop.time() - began >= 0.149
        assert loop.time() - began < 0.5
        assert sound.delay_s == 0.15
        waiting = asyncio.ensure_future(sound.recv())
        await asyncio.sleep(0.01)
        sound.stop()
        with pytest.raises(MediaStreamError):
            await waiting

    asyncio.run(hear())


def test_small_changes_of_the_delay_are_left_out_and_nothing_piles_up() -> None:
    async def hear() -> None:
        now, wanted = [0.0], [0.050]
        sound = DelayedSound(lambda: wanted[0], clock=lambda: now[0])
        sound.put(tone(0))
        now[0] = 0.1
        await sound.recv()
        wanted[0] = 0.060
        sound.put(tone(1))
        now[0] = 0.2
        await sound.recv()
        assert sound.delay_s == 0.050
        for number in range(200):  # four seconds while nobody takes any
            now[0] += 0.02
            sound.put(tone(number))
        frame = await sound.recv()
        assert frame.to_ndarray()[0, 0] >= 98

    asyncio.run(hear())


def test_bitrates_bound_the_encoder() -> None:
    before = BitrateConfig(least=vpx.MIN_BITRATE, first=vpx.DEFAULT_BITRATE, most=vpx.MAX_BITRATE)
    set_bitrates(BitrateConfig(least=100_000, first=400_000, most=600_000))
    try:
        encoder = vpx.Vp8Encoder()
        assert encoder.target_bitrate == 400_000
        encoder.target_bitrate = 5_000_000
        assert encoder.target_bitrate == 600_000
        encoder.target_bitrate = 1
        assert encoder.target_bitrate == 100_000
    finally:
        set_bitrates(before)
    with pytest.raises(InputError, match="must grow"):
        BitrateConfig(least=500_000, first=400_000, most=600_000)

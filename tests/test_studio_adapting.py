"""What the studio does when the machine or the network cannot keep up."""

import asyncio

import numpy as np
import pytest

from pechead_live.frame import Picture
from pechead_live.studio.adapting import (
    RELAXED_TICKS,
    SCALES,
    STRAINED_TICKS,
    Effort,
    after_a_second,
    halves,
    scaled,
)
from pechead_live.studio.rtc.outgoing import PictureTrack, video_frame


def after(shares: list[float | None], effort: Effort | None = None) -> Effort:
    effort = effort or Effort()
    for share in shares:
        effort = after_a_second(effort, share)
    return effort


def test_a_machine_that_is_too_slow_for_long_draws_smaller() -> None:
    assert after([1.2] * (STRAINED_TICKS - 1)).step == 0
    assert after([1.2] * STRAINED_TICKS).step == 1
    assert after([1.2] * 100).step == len(SCALES) - 1


def test_a_short_hitch_changes_nothing() -> None:
    assert after([1.2, 1.2, 0.5] * 20).step == 0
    assert after([1.2, None] * 20).step == 0


def test_a_machine_at_ease_draws_larger_again_but_only_slowly() -> None:
    small = Effort(1)
    assert after([0.1] * (RELAXED_TICKS - 1), small).step == 1
    assert after([0.1] * RELAXED_TICKS, small).step == 0
    assert after([0.5] * 200, small).step == 1
    assert after([0.1] * 200).step == 0


@pytest.mark.parametrize("size", [(256, 256), (512, 512), (640, 480), (1280, 720)])
@pytest.mark.parametrize("scale", SCALES)
def test_sizes_stay_even_and_keep_their_shape(size: tuple[int, int], scale: float) -> None:
    width, height = scaled(size, scale)
    assert width % 2 == height % 2 == 0
    assert width / height == pytest.approx(size[0] / size[1], rel=0.02)


def test_a_thin_line_gets_half_the_side_until_it_is_clearly_wider() -> None:
    pixels = 512 * 512
    assert not halves(None, pixels, halved=False)
    assert not halves(pixels, pixels, halved=False)
    assert halves(pixels // 2, pixels, halved=False)
    assert halves(pixels, pixels, halved=True)
    assert not halves(2 * pixels, pixels, halved=True)


def test_a_viewer_on_a_thin_line_is_sent_half_the_side() -> None:
    async def look() -> None:
        track = PictureTrack()
        picture = Picture(pixels=np.full((96, 128, 3), 90, np.uint8), captured_at=2.0)
        sizes: list[tuple[int, int]] = []
        for bitrate in (None, 100_000, 5_000, 5_000, 100_000):
            track.put(video_frame(picture))
            frame = await track.recv()
            sizes.append((frame.width, frame.height))
            assert frame.pts == 180_000
            track.fit(bitrate)
        assert sizes == [(128, 96), (128, 96), (128, 96), (64, 48), (64, 48)]

    asyncio.run(look())

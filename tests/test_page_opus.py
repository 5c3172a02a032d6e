"""What a page reads in packets of Opus."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from calling_page import opened_calling_page

from pechead_live.calling.microphone import RATE

pytestmark = pytest.mark.browser

LENGTHS = """async (packets) => {
  const { secondsOf } = await import("/page/calling/opus_padding.js");
  const bytes = (text) => Uint8Array.from(text.match(/../g), (two) => parseInt(two, 16));
  return packets.map((packet) => secondsOf(bytes(packet)));
}"""


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Any]:
    with opened_calling_page(chromium) as opened:
        yield opened


@pytest.mark.parametrize("milliseconds", ["2.5", "5", "10", "20", "40", "60", "120"])
@pytest.mark.parametrize("application", ["lowdelay", "voip"])
def test_a_page_knows_how_long_a_packet_s_sound_is(
    page: Any, milliseconds: str, application: str
) -> None:
    codec = av.CodecContext.create("libopus", "w")
    codec.format, codec.layout, codec.sample_rate = "s16", "mono", RATE
    codec.bit_rate, codec.time_base = 12_000, Fraction(1, RATE)
    codec.options = {"application": application, "frame_duration": milliseconds}
    samples = np.random.default_rng(1).integers(-9000, 9000, (1, RATE // 2)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate, frame.pts = RATE, 0
    packets = [bytes(packet).hex() for packet in codec.encode(frame)]
    told = page.evaluate(LENGTHS, packets)
    assert told == pytest.approx([float(milliseconds) / 1000] * len(packets))

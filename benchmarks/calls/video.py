"""A film through H.264, VP9 or AV1 as a call would send it: no frame waits for a later one, one key
frame, one thread."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import av
import cv2
import numpy as np

from benchmarks.calls.motions import FPS
from pechead_live.frame import Pixels

Codec = Literal["H.264", "VP9", "AV1"]

ENCODERS: dict[Codec, str] = {"H.264": "libx264", "VP9": "libvpx-vp9", "AV1": "libsvtav1"}
DECODERS: dict[Codec, str] = {"H.264": "h264", "VP9": "vp9", "AV1": "libdav1d"}

OPTIONS: dict[Codec, dict[str, str]] = {
    "H.264": {"preset": "slow", "tune": "zerolatency", "flags": "+global_header"},
    "VP9": {"deadline": "realtime", "cpu-used": "5", "lag-in-frames": "0", "auto-alt-ref": "0"},
    "AV1": {"preset": "6", "svtav1-params": "pred-struct=1:lookahead=0:scd=0:keyint=-1"},
}
"""Of FFmpeg's wrappers, chosen on a training clip: x264 and SVT-AV1 are slower and better than in a
call on a laptop (`medium`, 8 and `rtc=1` cost more bits for the same picture), VP9 as there (2
would save a fifth of the bits and take ten times as long)."""

FINE_KEY = "use-fixed-qindex-offsets=1:key-frame-qindex-offset=-64:qindex-offsets=[0,0,0,0,0,0]"
"""SVT-AV1: the key frame as fine as it goes, what follows as `crf` says."""

NO_KEY = 1_000_000
"""Frames from key frame to key frame."""


class Setting(NamedTuple):
    """One way to send a film."""

    codec: Codec
    side: int = 256
    """Of the picture that is sent, pixels; it is shown at 256."""
    crf: int | None = None
    """Constant quality, or ..."""
    kbit_per_s: int | None = None
    """... a target rate."""
    every: int = 1
    """Only every such frame is sent; it stands until the next."""
    fine_key: bool = False

    @property
    def name(self) -> str:
        """What is compared with ours: fewer pictures a second are another thing."""
        return self.codec + (f" {FPS / self.every:g}/s" if self.every > 1 else "")

    @property
    def series(self) -> str:
        """What belongs together on a curve."""
        words = [self.name, f"{self.side}"]
        words += ["by rate"] if self.kbit_per_s is not None else []
        words += ["fine key"] if self.fine_key else []
        return " ".join(words)

    @property
    def step(self) -> str:
        """Its place on the curve."""
        return f"crf {self.crf}" if self.crf is not None else f"{self.kbit_per_s} kbit/s"


SETTINGS: Sequence[Setting] = (
    *(Setting("H.264", crf=crf) for crf in (33, 39, 45, 51)),
    *(Setting("H.264", kbit_per_s=rate) for rate in (10, 20)),
    *(Setting("H.264", 128, crf) for crf in (37, 44, 51)),
    *(Setting("H.264", 64, crf) for crf in (33, 42, 51)),
    *(Setting("VP9", crf=crf) for crf in (40, 50, 57, 63)),
    *(Setting("VP9", kbit_per_s=rate) for rate in (10, 20)),
    *(Setting("VP9", 128, crf) for crf in (45, 55, 63)),
    *(Setting("VP9", 64, crf) for crf in (40, 52, 63)),
    *(Setting("AV1", crf=crf) for crf in (40, 50, 57, 60, 63, 70)),
    *(Setting("AV1", kbit_per_s=rate) for rate in (10, 20)),
    *(Setting("AV1", 128, crf) for crf in (45, 55, 63)),
    *(Setting("AV1", 64, crf) for crf in (40, 52, 63)),
    *(Setting("AV1", crf=crf, every=2) for crf in (45, 52, 58, 63)),
    *(Setting("AV1", crf=crf, fine_key=True) for crf in (46, 55, 63)),
)
"""Down to the coarsest quantiser of each codec: 51, 63, and SVT-AV1's 70."""


class Coded(NamedTuple):
    """A film that was sent."""

    sizes: list[int]
    """Bytes of each frame that was sent, as RTP carries it; the key frame first."""
    film: list[Pixels]
    """(256, 256, 3) for every frame of the camera."""


def keep_ordinary_priority() -> None:
    """Takes back what SVT-AV1 gives itself and its caller where it may, as root: real-time
    scheduling (SCHED_FIFO, 99), which every process begun afterwards inherits. Two cores full of it
    stopped a whole machine."""
    if not sys.platform.startswith("linux"):
        return
    for thread in os.listdir("/proc/self/task"):
        with suppress(OSError):  # it has ended
            if os.sched_getscheduler(int(thread)) == os.SCHED_FIFO:
                os.sched_setscheduler(int(thread), os.SCHED_OTHER, os.sched_param(0))


def code(film: Sequence[Pixels], setting: Setting) -> Coded:
    """Encodes and decodes; `RuntimeError` if the encoder holds a frame back or adds a key frame."""
    encoder, decoder = _encoder(setting), av.CodecContext.create(DECODERS[setting.codec], "r")
    decoder.thread_count = 1
    full = film[0].shape[0]
    sizes: list[int] = []
    shown: list[Pixels] = []
    opened = False
    for i, pixels in enumerate(film):
        if i % setting.every:
            continue
        small = _scaled(pixels, setting.side, cv2.INTER_AREA)
        frame = av.VideoFrame.from_ndarray(small, format="rgb24").reformat(format="yuv420p")
        frame.pts = i // setting.every
        keep_ordinary_priority()
        packets = encoder.encode(frame)
        if len(packets) != 1 or (packets[0].is_keyframe and sizes):
            raise RuntimeError(f"{setting.series} {setting.step}: not one frame out for one in")
        if not opened and encoder.extradata and setting.codec == "H.264":
            decoder.extradata, opened = encoder.extradata, True
        sizes.append(rtp_bytes(setting.codec, bytes(packets[0])))
        shown += [decoded.to_ndarray(format="rgb24") for decoded in decoder.decode(packets[0])]
    encoder.encode(None)
    shown += [decoded.to_ndarray(format="rgb24") for decoded in decoder.decode(None)]
    if len(shown) != len(sizes):
        raise RuntimeError(f"{setting.series} {setting.step}: {len(shown)} of {len(sizes)} shown")
    wide = [_scaled(pixels, full, cv2.INTER_CUBIC) for pixels in shown]
    keep_ordinary_priority()
    return Coded(sizes, [wide[i // setting.every] for i in range(len(film))])


def rtp_bytes(codec: Codec, data: bytes) -> int:
    """Bytes of a coded frame without what RTP does not carry: start codes, temporal delimiters."""
    if codec == "H.264":
        long = data.count(b"\0\0\0\1")
        return len(data) - 4 * long - 3 * (data.count(b"\0\0\1") - long)
    return len(data) - 2 * (codec == "AV1" and data[:2] == b"\x12\x00")


def _encoder(setting: Setting) -> Any:
    encoder: Any = av.CodecContext.create(ENCODERS[setting.codec], "w")
    rate = Fraction(FPS, setting.every)
    encoder.width = encoder.height = setting.side
    encoder.pix_fmt, encoder.framerate, encoder.time_base = "yuv420p", rate, 1 / rate
    encoder.thread_count, encoder.gop_size, encoder.max_b_frames = 1, NO_KEY, 0
    options = dict(OPTIONS[setting.codec])
    if setting.kbit_per_s is not None:
        encoder.bit_rate = 1000 * setting.kbit_per_s
        if setting.codec == "AV1":
            options["svtav1-params"] += ":rc=2"  # constant rate
        if setting.codec == "H.264":
            options |= {"maxrate": f"{setting.kbit_per_s}k", "bufsize": f"{setting.kbit_per_s}k"}
    elif setting.codec == "AV1":
        options["svtav1-params"] += f":crf={setting.crf}"  # the wrapper's own ends at 63
        if setting.fine_key:
            options["svtav1-params"] += f":{FINE_KEY}"
    else:
        options["crf"] = f"{setting.crf}"
        if setting.codec == "VP9":
            options["b"] = "0"
    encoder.options = options
    return encoder


def _scaled(pixels: Pixels, side: int, how: int) -> Pixels:
    if pixels.shape[0] == side:
        return pixels
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=how), np.uint8)

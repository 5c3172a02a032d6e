"""The sound of a clip, taken over into another file and kept in step with its pictures."""

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error

logger = logging.getLogger(__name__)

COPIED = frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"})
"""Codecs that every container of ours takes as they are; others become AAC."""


class AudioTrack:
    """The first audio track of ``source``, packet by packet into ``output``, beside its pictures.

    A clip without sound gives none. Sound that cannot be read is left out with a warning: the
    pictures are worth more.
    """

    def __init__(self, source: Path, output: Any) -> None:
        """Adds a stream to ``output``, a PyAV container that is open for writing."""
        self._output = output
        self._waiting: Any = None
        self._packets: Iterator[Any] = iter(())
        try:
            self._input: Any = av.open(str(source), metadata_errors="ignore")
        except (av.error.FFmpegError, OSError) as error:
            logger.warning("the sound of %s cannot be read (%s) and is left out", source, error)
            return
        if not self._input.streams.audio:
            return
        stream = self._input.streams.audio[0]
        if stream.codec_context.codec.canonical_name in COPIED:
            self._stream = output.add_stream_from_template(stream)
            self._packets = self._copied(stream)
        else:
            rate = stream.codec_context.sample_rate
            self._stream = output.add_stream("aac", rate=rate)
            self._stream.layout = "stereo" if stream.codec_context.channels > 1 else "mono"
            self._packets = self._converted(stream)

    def copy_until(self, end: float, *, start: float) -> None:
        """Writes what is heard before ``end``; ``start`` becomes the zero. Seconds of the clip."""
        while True:
            packet = self._waiting or next(self._packets, None)
            self._waiting = None
            if packet is None:
                return
            heard_at = float(packet.pts * packet.time_base)
            if heard_at >= end:
                self._waiting = packet
                return
            if heard_at + float((packet.duration or 0) * packet.time_base) <= start:
                continue
            shift = round(Fraction(start) / packet.time_base)
            packet.pts -= shift
            packet.dts = packet.pts
            packet.stream = self._stream
            self._output.mux(packet)

    def finish(self, end: float, *, start: float) -> None:
        """Writes the last of it."""
        self.copy_until(end, start=start)

    def _copied(self, stream: Any) -> Iterator[Any]:
        try:
            for packet in self._input.demux(stream):
                if packet.pts is not None and packet.size:
                    yield packet
        except (av.error.FFmpegError, OSError) as error:
            logger.warning("the sound breaks off (%s)", error)

    def _converted(self, stream: Any) -> Iterator[Any]:
        context = self._stream.codec_context
        resampler = av.AudioResampler(
            format="fltp",
            layout=context.layout,
            rate=context.sample_rate,
            frame_size=context.frame_size or 1024,
        )
        try:
            for frame in self._input.decode(stream):
                for piece in resampler.resample(frame):
                    yield from self._encoded(piece)
            for piece in resampler.resample(None):
                yield from self._encoded(piece)
            yield from self._encoded(None)
        except (av.error.FFmpegError, OSError) as error:
            logger.warning("the sound breaks off (%s)", error)

    def _encoded(self, piece: Any) -> Iterator[Any]:
        for packet in self._stream.encode(piece):
            if packet.pts is not None:
                yield packet

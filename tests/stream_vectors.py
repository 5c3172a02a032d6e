"""Test vectors of the coefficient stream: ``python tests/stream_vectors.py`` writes them anew.

Only decoding is prescribed: two encoders may choose differently, two decoders must read the same.
"""

import json
import random
from array import array
from pathlib import Path
from typing import Any, NamedTuple

from pechead_live.avatar.file import open_avatar
from pechead_live.calls import Decoder, Encoder, EncoderConfig, StreamHeader, header_for
from pechead_live.calls.moment import first_moment
from pechead_live.calls.packet import MOST_BYTES, PacketStart, check_of, write_packet
from pechead_live.calls.priors import prior_contexts
from pechead_live.calls.range_coder import CodingError, RangeEncoder
from pechead_live.calls.syntax import NO_FRAME, code_frame
from pechead_live.coefficients import Coefficients
from pechead_live.facemodel.model import load_face_model
from pechead_live.motion import MotionConfig
from pechead_live.recording.files import read_recording
from pechead_live.samples import sample
from pechead_live.steps import motion_of

FILE = Path(__file__).parent.parent / "docs" / "coefficient-stream-vectors.json"

REST = open_avatar(sample("astronaut.avatar")).rest


class Line(NamedTuple):
    """A stream and what becomes of its packets."""

    name: str
    config: EncoderConfig
    frames: int = 40
    lost: tuple[int, ...] = ()
    """Packets, counted from 0, that do not arrive."""
    doubled: tuple[int, ...] = ()
    damaged: tuple[int, ...] = ()
    late: tuple[int, ...] = ()
    """Packets that arrive after the one behind them."""
    without_face: range = range(0)
    way: int = 3
    """Frames until feedback arrives."""


LINES = (
    Line("every frame refers to the one before", EncoderConfig()),
    Line("three frames a packet", EncoderConfig(frames_per_packet=3), 42),
    Line(
        "acknowledged references, losses, one late, one twice",
        EncoderConfig(reference="acknowledged"),
        60,
        lost=(20, 21, 30),
        doubled=(25,),
        late=(40,),
    ),
    Line(
        "a loss and a damaged packet, mended by feedback",
        EncoderConfig(),
        60,
        lost=(22,),
        damaged=(40,),
    ),
    Line(
        "a reference farther than 14 frames",
        EncoderConfig(reference="acknowledged"),
        60,
        way=18,
    ),
    Line("a face that is lost and comes back", EncoderConfig(), 40, without_face=range(15, 25)),
)


def talking() -> list[Coefficients]:
    """The bundled motion as the avatar makes it, from where it begins to move."""
    driver = read_recording(sample("talking.npz")).coefficients
    return motion_of(driver, REST, MotionConfig())[30:]


def arrivals(line: Line, header: StreamHeader) -> list[bytes]:
    """The packets of ``line`` in the order in which they arrive."""
    encoder, decoder = Encoder(header, line.config), Decoder(header, REST.identity)
    told: list[tuple[int, bytes]] = []
    arrived: list[bytes] = []
    held: list[bytes] = []
    count = 0
    for k, coefficients in enumerate(talking()[: line.frames]):
        seen = None if k in line.without_face else coefficients
        packet = encoder.encode(seen, coefficients.captured_at)
        while told and told[0][0] <= k:
            encoder.hear(told.pop(0)[1])
        if packet is None:
            continue
        number, count = count, count + 1
        if number in line.lost:
            continue
        if number in line.damaged:
            packet = packet[:-2] + bytes([packet[-2] ^ 0x55, packet[-1]])
        if number in line.late:
            held.append(packet)
            continue
        for each in [packet] * (2 if number in line.doubled else 1) + held:
            arrived.append(each)
            decoder.decode(each)
        held.clear()
        told.append((k + line.way, decoder.feedback()))
    return arrived


def decoded(packets: list[bytes], header: StreamHeader) -> list[dict[str, Any]]:
    """What is made of each packet, and the feedback after it."""
    decoder = Decoder(header, REST.identity)
    rows: list[dict[str, Any]] = []
    for packet in packets:
        before = decoder.dropped.copy()
        frames = decoder.decode(packet)
        why = [name for name in decoder.dropped if decoder.dropped[name] > before[name]]
        rows.append(
            {
                "packet": packet.hex(),
                "dropped": why[0] if why else None,
                "frames": [
                    {
                        "number": frame.number,
                        "seconds": frame.coefficients.captured_at,
                        "lost": frame.lost,
                        "holds": frame.holds,
                        "levels": list(frame.levels),
                    }
                    for frame in frames
                ],
                "feedback": decoder.feedback().hex(),
            }
        )
    return rows


class Dice:
    """A coder that writes whatever it throws: packets with a right check that no encoder sends."""

    def __init__(self, contexts: "array[int]", rnd: random.Random, ones: float) -> None:
        self._coder, self._random, self._ones = RangeEncoder(contexts), rnd, ones

    def code(self, context: int, bit: int) -> int:
        """Ignores ``bit``."""
        return self._coder.code(context, int(self._random.random() < self._ones))

    def code_even(self, bit: int) -> int:
        """Ignores ``bit``."""
        return self._coder.code_even(int(self._random.random() < self._ones))

    def finish(self) -> bytes:
        """The bytes."""
        return self._coder.finish()


def thrown(rnd: random.Random, count: int) -> list[bytes]:
    """Packets that refer to each other, up to the bounds of every number and beyond them."""
    memory = {-1: first_moment(prior_contexts())}
    packets: list[bytes] = []
    while len(packets) < count:
        known = rnd.choice(list(memory))
        reference = memory[known]
        distance = 0 if known < 0 or rnd.random() < 0.1 else rnd.choice([1, 1, 2, 20])
        if distance == 0:
            reference = memory[-1]
        contexts = array("H", reference.contexts)
        dice = Dice(contexts, rnd, rnd.choice([0.1, 0.5, 0.9, 0.97]))
        try:
            moment = code_frame(dice, reference, distance, NO_FRAME)
        except CodingError:
            continue
        moment = moment._replace(contexts=array("H", contexts))
        start = PacketStart(1, distance, moment.number & 255, check_of([moment]))
        packet = write_packet(start, dice.finish())
        if len(packet) <= MOST_BYTES:
            packets.append(packet)
            memory[moment.number] = moment
    return packets


def main() -> None:
    """Writes the file."""
    header = header_for(REST, load_face_model(), quality_px=0.3)
    streams = [
        {"name": line.name, "arrivals": decoded(arrivals(line, header), header)} for line in LINES
    ]
    told = {"version": 1, "header": header.to_bytes().hex(), "streams": streams}
    FILE.write_text(json.dumps(told, separators=(",", ":")).replace('{"packet"', '\n{"packet"'))
    print(FILE, FILE.stat().st_size, "bytes")


if __name__ == "__main__":
    main()

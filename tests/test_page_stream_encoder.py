"""A page sends the stream as Python does: the same bytes for the same motion, losses and words."""

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from stream_motion import HEADER, MOTION, NEVER_SILENT, REST
from stream_page import as_page, opened_page

from pechead_live.calls import Decoder, Encoder, EncoderConfig
from pechead_live.calls.memory import KEPT
from pechead_live.calls.parameters import PARAMETERS, from_parameters, to_parameters
from pechead_live.expressions import EXPRESSION_NAMES

pytestmark = pytest.mark.browser

LOAD = """async ({ header, motion }) => {
  const { readHeader } = await import("/page/header.js");
  const { StreamEncoder } = await import("/page/stream_encoder.js");
  const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));
  const hex = (data) =>
    data && [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const priors = new Uint8Array(await (await fetch("/priors.bin")).arrayBuffer());
  const faces = { none: null, broken: { ...motion[0], scale: NaN }, ...motion };
  const verbs = {
    encode: (encoder, face, at, confidence) =>
      hex(encoder.encode(faces[face] && { ...faces[face], confidence }, at)),
    hear: (encoder, data) => encoder.hear(bytes(data)),
    flush: (encoder) => hex(encoder.flush()),
    waiting: (encoder) => encoder.waiting,
    kept: (encoder) => [encoder.sent.size, encoder.had.size],
  };
  window.played = (settings, steps) => {
    const encoder = new StreamEncoder(readHeader(bytes(header)), priors, settings);
    return steps.map(([verb, ...given]) => verbs[verb](encoder, ...given));
  };
}"""

NAMES = {
    "reference": "reference",
    "calm_s": "calm",
    "frames_per_packet": "framesPerPacket",
    "thrift": "thrift",
    "still_frames": "stillFrames",
    "keep_alive_s": "keepAlive",
}
"""Settings, as Python and as the page have them."""


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Any]:
    with opened_page(chromium) as opened:
        motion = [as_page(coefficients) for coefficients in MOTION]
        opened.evaluate(LOAD, {"header": HEADER.to_bytes().hex(), "motion": motion})
        yield opened


class Recorded:
    """Python's encoder, what it is asked, and what it answers: a page is asked the same."""

    def __init__(self, config: EncoderConfig) -> None:
        self._encoder = Encoder(HEADER, config)
        self.settings = {theirs: getattr(config, ours) for ours, theirs in NAMES.items()}
        self.steps: list[list[Any]] = []
        self.answers: list[Any] = []

    def encode(self, face: int | str, at: float, confidence: float = 1.0) -> bytes | None:
        """``face``: a place in `MOTION`, "none" or "broken"."""
        known = replace(MOTION[0 if isinstance(face, str) else face], confidence=confidence)
        seen = replace(known, scale=math.nan) if face == "broken" else known
        packet = self._encoder.encode(None if face == "none" else seen, at)
        self._add(["encode", face, at, confidence], packet and packet.hex())
        return packet

    def hear(self, data: bytes) -> bool:
        taken = self._encoder.hear(data)
        self._add(["hear", data.hex()], taken)
        return taken

    def flush(self) -> None:
        packet = self._encoder.flush()
        self._add(["flush"], packet and packet.hex())

    def _add(self, step: list[Any], answer: Any) -> None:
        self.steps.append(step)
        self.answers.append(answer)


def answers_of(page: Any, asked: Recorded) -> list[Any]:
    """The page's."""
    return page.evaluate(
        "([settings, steps]) => played(settings, steps)", [asked.settings, asked.steps]
    )


class Line(NamedTuple):
    """A motion and what becomes of its packets."""

    name: str
    config: EncoderConfig
    frames: int = 100
    lost: float = 0.0
    """Share of the packets."""
    late: float = 0.0
    """Share of the packets that come after the one behind them."""
    way: int = 4
    """Frames until feedback arrives; 0: it never does."""
    pause_s: float = 0.0
    """Before the fiftieth frame."""
    without_face: float = 0.0
    """Share of the frames."""
    still: int = 1
    """So often each frame comes."""
    nonsense: float = 0.0
    """Share of the frames after which bytes that nobody wrote come as feedback."""

    def time_of(self, frame: int) -> float:
        """Of its capture, seconds: not quite in step."""
        return 10.0 + frame / 25 + 0.003 * (frame % 3) + (self.pause_s if frame >= 50 else 0.0)


LINES = (
    Line("as usual", EncoderConfig()),
    Line("a loss, measured", EncoderConfig(calm_s=1.0), lost=0.05),
    Line("a loss, previous", EncoderConfig(reference="previous"), lost=0.05),
    Line("acknowledged", EncoderConfig(reference="acknowledged"), lost=0.2, late=0.2),
    Line("two a packet", EncoderConfig(frames_per_packet=2, reference="acknowledged"), lost=0.1),
    Line("three a packet", EncoderConfig(frames_per_packet=3), lost=0.1, late=0.1),
    Line("silences", EncoderConfig(), still=12, lost=0.1),
    Line("silences, bundled", EncoderConfig(frames_per_packet=3, keep_alive_s=0.2), still=12),
    Line("a minute's pause", EncoderConfig(), pause_s=60.0),
    Line("a pause of hours", EncoderConfig(reference="acknowledged"), pause_s=7200.0),
    Line("a pause in a packet", EncoderConfig(frames_per_packet=3), pause_s=7200.0),
    Line("a face that comes and goes", EncoderConfig(), without_face=0.3, lost=0.05),
    Line("no word", EncoderConfig(reference="acknowledged", still_frames=NEVER_SILENT), 60, way=0),
    Line("a word too late", EncoderConfig(reference="acknowledged"), 170, lost=0.05, way=150),
    Line("nonsense for feedback", EncoderConfig(), lost=0.05, nonsense=0.3),
)


def sent(line: Line) -> Recorded:
    """What the encoder is asked on this line, where Python's decoder hears it."""
    rnd = random.Random(line.name)
    encoder, decoder = Recorded(line.config), Decoder(HEADER, REST.identity)
    told: list[tuple[int, bytes]] = []
    held: list[bytes] = []
    for k in range(line.frames):
        gone = rnd.random() < line.without_face
        face = rnd.choice(["none", "broken"]) if gone else k // line.still
        packet = encoder.encode(face, line.time_of(k), rnd.choice([1.0, 0.95, 0.6]))
        while told and told[0][0] <= k:
            assert encoder.hear(told.pop(0)[1])
        if rnd.random() < line.nonsense:
            length = rnd.choice([0, 9, 10, 10, 10, 11])
            encoder.hear(bytes([rnd.choice([0x40, 0x41, 0x80]), *rnd.randbytes(10)])[:length])
        if packet is None or rnd.random() < line.lost:
            continue
        held.append(packet)
        if rnd.random() >= line.late:
            for each in reversed(held):
                decoder.decode(each)
            held.clear()
            told += [(k + line.way, decoder.feedback())] if line.way else []
    encoder.flush()
    assert not decoder.dropped["damaged"]
    return encoder


@pytest.mark.parametrize("line", LINES, ids=[line.name for line in LINES])
def test_the_page_writes_what_python_writes(page: Any, line: Line) -> None:
    asked = sent(line)
    answers = answers_of(page, asked)
    assert answers == asked.answers
    assert (False in answers) == (line.nonsense > 0)  # feedback that is none


def test_the_page_s_memory_is_bounded(page: Any) -> None:
    config = EncoderConfig(still_frames=NEVER_SILENT)
    asked = sent(Line("bounded", config, 2 * KEPT, way=1))
    asked.steps.append(["kept"])
    *answers, (kept, had) = answers_of(page, asked)
    assert answers == asked.answers
    assert kept == KEPT
    assert had <= KEPT


def test_the_page_says_how_many_frames_wait_for_their_packet(page: Any) -> None:
    asked = Recorded(EncoderConfig(frames_per_packet=3, still_frames=NEVER_SILENT))
    for k in range(4):
        asked.encode(k, k / 25)
        asked.steps.append(["waiting"])
    assert answers_of(page, asked)[1::2] == [1, 2, 0, 1]


def test_without_thrift_the_sizes_hardly_differ(page: Any) -> None:
    """Moving on and staying then err by the same squares, but for their last bit, which libraries
    round differently: now and then one encoder takes what the other leaves."""
    asked = sent(Line("without thrift", EncoderConfig(thrift=0.0), lost=0.05))
    sizes = [
        sum(len(answer) for answer in answers if isinstance(answer, str))
        for answers in (answers_of(page, asked), asked.answers)
    ]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.01)


@pytest.mark.parametrize("line", LINES[:4], ids=[line.name for line in LINES[:4]])
def test_python_reads_the_motion_that_the_page_sent(page: Any, line: Line) -> None:
    decoder = Decoder(HEADER, REST.identity)
    packets = [answer for answer in answers_of(page, sent(line)) if isinstance(answer, str)]
    received = [frame for packet in packets for frame in decoder.decode(bytes.fromhex(packet))]
    assert len(received) > 0.9 * line.frames
    times = np.array([line.time_of(k) for k in range(line.frames)]) - line.time_of(0)
    for frame in received:
        k = int(np.abs(times - frame.coefficients.captured_at).argmin())
        assert frame.coefficients.captured_at == pytest.approx(times[k], abs=0.002 + 1e-9)
        apart = np.array(HEADER.in_steps(MOTION[k])) - frame.levels
        assert np.abs(apart).max() < 3  # steps: thrift takes what is nearer to what is expected


HEADERS = """async ({ steps, origin }) => {
  const { newHeader, readHeader, writeHeader } = await import("/page/header.js");
  const bytes = writeHeader(newHeader(steps, origin));
  const back = readHeader(bytes);
  const wrong = [[steps.slice(1), origin], [[-1, ...steps.slice(1)], origin],
    [steps, [NaN, ...origin.slice(1)]], [steps, [1e7, ...origin.slice(1)]]];
  return {
    bytes: [...bytes],
    steps: [...back.steps],
    refused: wrong.map((each) => { try { newHeader(...each); } catch (e) { return e.message; } }),
  };
}"""


def test_the_page_s_header_is_python_s(page: Any) -> None:
    given = {"steps": HEADER.steps.tolist(), "origin": HEADER.origin.tolist()}
    told = page.evaluate(HEADERS, given)
    assert bytes(told["bytes"]) == HEADER.to_bytes()
    assert told["steps"] == given["steps"]
    assert all("usable" in message for message in told["refused"])


CONVERTED = """async ({ motion, values }) => {
  const { EXPRESSION_NAMES } = await import("/page/expressions.js");
  const p = await import("/page/parameters.js");
  return {
    names: [EXPRESSION_NAMES, p.PARAMETER_NAMES],
    to: motion.map((coefficients) => [...p.toParameters(coefficients)]),
    refused: [{ expression: [0] }, { rotation: [1] }, { translation: [0] }].map((part) => {
      try { p.toParameters({ ...motion[0], ...part }); } catch (error) { return error.message; }
    }),
    from: values.map((each) => p.fromParameters(each, 0.5)).map((c) =>
      [...c.expression, ...c.rotation, ...c.translation, c.scale, c.confidence]),
  };
}"""


def test_parameters_are_python_s(page: Any) -> None:
    motion = MOTION[::20]
    rnd = np.random.default_rng(3)
    values = [to_parameters(c) + rnd.normal(0, 0.5, 52) for c in motion]
    values.append(np.array([130.0, -95, 400, 5, -5, 20, *[7] * 23, *[-7] * 23]))
    given = {"motion": list(map(as_page, motion)), "values": [each.tolist() for each in values]}
    told = page.evaluate(CONVERTED, given)
    assert all("give 52, 9 and 2" in message for message in told["refused"])
    assert told["names"] == [list(EXPRESSION_NAMES), list(PARAMETERS)]
    np.testing.assert_allclose(told["to"], [to_parameters(c) for c in motion], atol=1e-9)
    back = [
        from_parameters(each, identity=REST.identity, confidence=0.5, captured_at=0.0)
        for each in values
    ]
    wanted = [
        [*c.expression, *c.rotation.ravel(), *c.translation, c.scale, c.confidence] for c in back
    ]
    np.testing.assert_allclose(told["from"], np.array(wanted, np.float64), atol=1e-6)


REFUSED = """([settings, at]) => {
  try { return played(settings, [["encode", 0, at, 1]]); } catch (error) { return error.message; }
}"""


@pytest.mark.parametrize(
    ("settings", "at", "named"),
    [
        ({"reference": "next"}, 0.0, "reference"),
        ({"framesPerPacket": 4}, 0.0, "framesPerPacket"),
        ({"thrift": -1}, 0.0, "thrift"),
        ({"stillFrames": 0}, 0.0, "stillFrames"),
        ({"calm": 0}, 0.0, "calm"),
        ({"keepAlive": float("inf")}, 0.0, "keepAlive"),
        ({"colour": 1}, 0.0, "colour"),
        ({}, float("nan"), "NaN"),
    ],
)
def test_a_setting_or_a_time_that_is_none_is_refused(
    page: Any, settings: dict[str, object], at: float, named: str
) -> None:
    assert named in page.evaluate(REFUSED, [settings, at])

"""A page shows what Python would: the same numbers at every moment, whatever the line does."""

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
from pechead_live.calls.playout import PlayoutConfig, arrived, initial_playout, shown
from pechead_live.coefficients import Coefficients, rotation_from_euler
from pechead_live.live.idle import IdleConfig, blink_at
from pechead_live.live.presence import PresenceConfig, appear, initial_presence_state

pytestmark = pytest.mark.browser

SCREEN = 40
"""Pictures a second."""

LOAD = """async (header) => {
  const { StreamDecoder, readHeader } = await import("/page/stream_decoder.js");
  const { arrived, initialPlayout, playoutConfig, shown } = await import("/page/playout.js");
  const presence = await import("/page/presence.js");
  const { blinkAt, idleConfig } = await import("/page/idle.js");
  const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));
  const priors = new Uint8Array(await (await fetch("/priors.bin")).arrayBuffer());
  const flat = (c) => [...c.expression, ...c.rotation, ...c.translation, c.scale, c.confidence];
  const asFace = (c) => c && { ...c, expression: Float32Array.from(c.expression) };
  window.playout = ({ settings, events }) => {
    const config = playoutConfig(settings);
    const decoder = new StreamDecoder(readHeader(bytes(header)), priors);
    let state = Object.freeze(initialPlayout());
    const told = [];
    for (const { at, packet } of events) {
      if (packet === null) {
        const [seen, after] = shown(state, at, config);
        state = Object.freeze(after);
        told.push(seen && [...flat(seen.coefficients), seen.seconds, seen.delay,
          Number(seen.bridged), Number(seen.face)]);
        continue;
      }
      for (const frame of decoder.decode(bytes(packet))) {
        state = Object.freeze(arrived(state, frame, at, config));
      }
    }
    return [told, state.samples.length];
  };
  window.presence = ({ settings, rest, faces, events }) => {
    const config = presence.presenceConfig(settings);
    let state = Object.freeze(presence.initialPresence(asFace(rest), events[0][0]));
    return events.map(([now, face]) => {
      const measured = face === null ? null : asFace(faces[face]);
      const [seen, after] = presence.appear(measured, asFace(rest), now, state, config);
      state = Object.freeze(after);
      return flat(seen);
    });
  };
  window.blinks = (times) => times.map((time) => blinkAt(time, idleConfig()));
  window.refusal = ([which, settings]) => {
    const configs = { playout: playoutConfig, presence: presence.presenceConfig };
    try { configs[which](settings); return null; } catch (error) { return error.message; }
  };
}"""


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Any]:
    with opened_page(chromium) as opened:
        opened.evaluate(LOAD, HEADER.to_bytes().hex())
        yield opened


def flat(c: Coefficients) -> list[float]:
    """Its numbers but identity and time."""
    arrays = (c.expression, c.rotation.ravel(), c.translation)
    return [*np.concatenate(arrays).tolist(), c.scale, c.confidence]


class Line(NamedTuple):
    """What a line does to frames, 25 a second."""

    name: str
    lost: float = 0.0
    jitter_s: float = 0.0
    """Ways are longer by up to this."""
    gap: range = range(0)
    """Frames that never come."""
    without_face: range = range(0)
    still: range = range(0)
    """Frames in which nothing moves."""
    drift: float = 0.0
    """Seconds by which the sender's clock is slow in a second."""
    quicker: int | None = None
    """From this frame on, ways are 0.6 s shorter."""
    twice: float = 0.0
    """Share of the packets that come twice."""
    config: PlayoutConfig = PlayoutConfig()


LINES = (
    Line("a good line"),
    Line("loss", lost=0.1),
    Line("jitter, frames in another order", jitter_s=0.15),
    Line("loss and jitter", lost=0.1, jitter_s=0.1, twice=0.1),
    Line("a gap", gap=range(40, 60), jitter_s=0.02),
    Line("a long gap", gap=range(30, 70)),
    Line("a line that dies", gap=range(60, 1000)),
    Line("a face that goes and comes", without_face=range(30, 65), lost=0.05),
    Line("a silence", still=range(30, 70), jitter_s=0.05),
    Line("clocks that differ", drift=0.01, jitter_s=0.03),
    Line("a line that becomes quicker", quicker=50),
    Line(
        "other settings",
        lost=0.2,
        jitter_s=0.2,
        config=PlayoutConfig(longest_wait_s=0.12, bridged_s=0.3, recovery_s=0.2, lost_s=0.2),
    ),
)


def packets_on(line: Line) -> list[tuple[float, bytes]]:
    """When they come, on the receiver's clock, and what."""
    rnd = random.Random(line.name)
    still_frames = 3 if line.still else NEVER_SILENT
    encoder = Encoder(HEADER, EncoderConfig(reference="acknowledged", still_frames=still_frames))
    known = Decoder(HEADER, REST.identity)
    coming: list[tuple[float, bytes]] = []
    for k in range(100):
        face = (
            None if k in line.without_face else MOTION[line.still.start if k in line.still else k]
        )
        packet = encoder.encode(face, k / 25)
        if packet is None:
            continue
        longer = 0.6 if line.quicker is not None and k < line.quicker else 0.0
        at = 5.0 + k / 25 * (1 - line.drift) + 0.05 + longer + rnd.random() * line.jitter_s
        if k in line.gap or rnd.random() < line.lost:
            continue
        known.decode(packet)  # what the encoder hears does not matter here: all can be read
        encoder.hear(known.feedback())
        coming.append((at, packet))
        if rnd.random() < line.twice:
            coming.append((at + 0.03, packet))
    return sorted(coming, key=lambda each: each[0])


def events_on(line: Line) -> list[dict[str, Any]]:
    """Packets, and the moments at which a picture is drawn, in their order."""
    packets = [{"at": at, "packet": packet.hex()} for at, packet in packets_on(line)]
    moments = [{"at": 5.0 + k / SCREEN, "packet": None} for k in range(6 * SCREEN)]
    return sorted(packets + moments, key=lambda each: each["at"])


def played(line: Line, events: list[dict[str, Any]]) -> list[list[float] | None]:
    """What Python shows."""
    decoder = Decoder(HEADER, REST.identity)
    state = initial_playout()
    told: list[list[float] | None] = []
    for event in events:
        at, packet = event["at"], event["packet"]
        if packet is not None:
            for frame in decoder.decode(bytes.fromhex(packet)):
                state = arrived(state, frame, at, line.config)
            continue
        seen, state = shown(state, at, line.config, identity=REST.identity)
        told.append(
            seen
            and [
                *flat(seen.coefficients),
                seen.coefficients.captured_at,
                seen.delay_s,
                seen.bridged,
                seen.face,
            ]
        )
    return told


@pytest.mark.parametrize("line", LINES, ids=[line.name for line in LINES])
def test_the_page_shows_what_python_shows(page: Any, line: Line) -> None:
    events = events_on(line)
    c = line.config
    settings = {
        "longestWait": c.longest_wait_s,
        "bridged": c.bridged_s,
        "recovery": c.recovery_s,
        "lost": c.lost_s,
    }
    ours = played(line, events)
    theirs, kept = page.evaluate(
        "(given) => playout(given)", {"settings": settings, "events": events}
    )
    assert kept <= 64
    assert [seen is None for seen in theirs] == [seen is None for seen in ours]
    numbers = [np.array([seen for seen in each if seen], np.float64) for each in (theirs, ours)]
    assert len(numbers[0]) > 5 * SCREEN
    np.testing.assert_allclose(*numbers, rtol=0, atol=1e-4)
    flags = numbers[1][:, -2:]  # every line ends: bridged, without a face
    assert flags.min(axis=0).tolist() == [0, 0]
    assert flags.max(axis=0).tolist() == [1, 1]


class Visit(NamedTuple):
    """When a face is there, seconds, 30 measurements a second."""

    name: str
    there: tuple[tuple[float, float], ...]
    seconds: float = 8.0
    config: PresenceConfig = PresenceConfig()


VISITS = (
    Visit("nobody", (), 15.0),
    Visit("somebody comes and goes", ((1.0, 3.0), (5.0, 6.0))),
    Visit("a tracker that misses frames", ((0.0, 1.0), (1.05, 2.0), (2.25, 3.0), (3.6, 8.0))),
    Visit(
        "other settings",
        ((0.5, 2.0), (2.3, 4.0)),
        config=PresenceConfig(
            hold_s=0.0,
            ease_s=1.5,
            relock_s=1.0,
            soft_after_s=0.0,
            lids_s=0.5,
            idle=IdleConfig(sway=2.0, blink_period_s=1.0, blink_s=0.3, settle_s=0.5),
        ),
    ),
)


def settings_of(config: PresenceConfig) -> dict[str, Any]:
    """As the page has them."""
    idle = config.idle
    return {
        "hold": config.hold_s,
        "ease": config.ease_s,
        "relock": config.relock_s,
        "softAfter": config.soft_after_s,
        "lids": config.lids_s,
        "idle": {
            "sway": idle.sway,
            "blinkPeriod": idle.blink_period_s,
            "blink": idle.blink_s,
            "settle": idle.settle_s,
        },
    }


def faces() -> list[Coefficients]:
    """A motion, and faces that look where no motion leads: to the back, and with closed eyes."""
    back = replace(MOTION[0], rotation=rotation_from_euler(179.9, 10, 0))
    closed = MOTION[0].with_expressions({"eyeBlinkLeft": 1.0, "eyeBlinkRight": 0.9})
    half_turn = replace(REST, rotation=(np.diag([-1.0, 1.0, -1.0]) @ REST.rotation).astype("f4"))
    return [*MOTION[:90], back, closed, half_turn]


@pytest.mark.parametrize("visit", VISITS, ids=[visit.name for visit in VISITS])
def test_the_page_s_avatar_comes_and_goes_as_python_s(page: Any, visit: Visit) -> None:
    known = faces()
    times = [100.0 + k / 30 for k in range(round(30 * visit.seconds))]
    events = [
        (now, k % len(known) if any(a <= now - 100 < b for a, b in visit.there) else None)
        for k, now in enumerate(times)
    ]
    state = initial_presence_state(REST, times[0])
    ours: list[list[float]] = []
    for now, face in events:
        measured = None if face is None else known[face]
        seen, state = appear(measured, REST, now, state, visit.config)
        ours.append(flat(seen))
    given = {
        "settings": settings_of(visit.config),
        "rest": as_page(REST),
        "faces": [as_page(c) for c in known],
        "events": events,
    }
    theirs = page.evaluate("(given) => presence(given)", given)
    np.testing.assert_allclose(theirs, np.array(ours, np.float64), rtol=0, atol=1e-4)


def test_the_page_blinks_when_python_does(page: Any) -> None:
    times = [k / 50 for k in range(3000)]
    wanted = [blink_at(time, IdleConfig()) for time in times]
    assert max(wanted) > 0.9
    np.testing.assert_allclose(page.evaluate("(times) => blinks(times)", times), wanted, atol=1e-6)


@pytest.mark.parametrize(
    ("which", "settings", "named"),
    [
        ("playout", {"longestWait": 0}, "longestWait"),
        ("playout", {"lost": math.nan}, "lost"),
        ("playout", {"colour": 1}, "colour"),
        ("presence", {"hold": -1}, "hold"),
        ("presence", {"ease": 0}, "ease"),
        ("presence", {"idle": {"sway": -1}}, "sway"),
        ("presence", {"idle": {"blink": 3}}, "blink"),
    ],
)
def test_a_setting_that_is_none_is_refused(
    page: Any, which: str, settings: dict[str, Any], named: str
) -> None:
    assert named in page.evaluate("(given) => refusal(given)", [which, settings])
    assert page.evaluate("(given) => refusal(given)", [which, {}]) is None

"""A film as a call of ours sends it: a still once, then coefficients, drawn by the receiver."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.calls.motions import FPS
from pechead_live.avatar.received_still import open_still
from pechead_live.avatar.still import Edition, still_of
from pechead_live.calls import Decoder, Encoder, EncoderConfig, header_for
from pechead_live.calls.playout import PlayoutConfig, arrived, initial_playout, shown
from pechead_live.coefficients import Coefficients
from pechead_live.detector.landmarker import Landmarker
from pechead_live.evaluation.method import Factory
from pechead_live.evaluation.subject import Subject, subject_of_frame
from pechead_live.facemodel.model import load_face_model
from pechead_live.footage.square import SIDE
from pechead_live.frame import Frame, Pixels
from pechead_live.motion import MotionConfig, Overrides
from pechead_live.steps import motion_step, smoothing_step
from pechead_live.tracker.mediapipe import open_mediapipe_tracker

EDITION = Edition(height=256, most_bytes=12_000)
"""Of the portrait, as a call sends it; everything is drawn from what comes of it."""

WAY_S = 0.08
"""Seconds from end to end; nothing is lost."""

SCREEN = 50
"""Moments a second at which the receiver asks what to show."""


class Sending(NamedTuple):
    """One way to send a film."""

    renderer: str
    quality_px: float
    frames_per_packet: int = 1
    every: int = 1
    """Only every such frame is sent; the receiver moves from one to the next."""

    @property
    def series(self) -> str:
        """What belongs together on a curve."""
        words = [f"ours {self.renderer}"]
        if self.frames_per_packet > 1:
            words.append(f"{self.frames_per_packet} a packet")
        if self.every > 1:
            words.append(f"{FPS / self.every:g}/s")
        return ", ".join(words)

    @property
    def step(self) -> str:
        """Its place on the curve."""
        return f"{self.quality_px:g} px"


SENDINGS: Sequence[Sending] = (
    *(Sending("analytic", quality) for quality in (0.1, 0.15, 0.25, 0.4)),
    *(Sending("analytic", quality, 2) for quality in (0.15, 0.4)),
    Sending("lite-s", 0.15),
    Sending("analytic", 0.15, every=2),
)


class Still(NamedTuple):
    """The portrait as it travels."""

    size: int
    """Bytes."""
    subject: Subject
    """As the receiver has it."""


class Stream(NamedTuple):
    """A film that was sent."""

    sizes: list[int]
    """Bytes of each packet, the first one too."""
    header: int
    """Bytes, once."""
    shown: list[Coefficients]
    """For every frame of the camera: what the receiver shows of that moment."""


def send_still(pixels: Pixels, name: str, landmarker: Path | None) -> Still:
    """A film's first frame as the portrait."""
    with Landmarker(landmarker, still=True) as finder:
        subject = subject_of_frame(pixels, name, finder)
    still = still_of(subject.avatar, EDITION)
    return Still(len(still.content), subject._replace(avatar=open_still(still.content)))


def live_motion(
    film: Sequence[Frame], rest: Coefficients, landmarker: Path | None
) -> list[Coefficients | None]:
    """The avatar's motion frame by frame, tracked, smoothed and retargeted (absolutely, as where
    a portrait is compared with itself) as in a live call."""
    tracker = open_mediapipe_tracker(landmarker)
    smooth, move = smoothing_step(), motion_step(rest, MotionConfig(mode="absolute"), Overrides())
    smoothing, moving = smooth.initial(), move.initial()
    found: list[Coefficients | None] = []
    try:
        for frame in film:
            seen = tracker.track(frame)
            if seen is not None:
                seen, smoothing = smooth.apply(seen, smoothing)
            if seen is not None:
                seen, moving = move.apply(seen, moving)
            found.append(seen)
    finally:
        tracker.close()
    return found


def send(motion: Sequence[Coefficients | None], rest: Coefficients, sending: Sending) -> Stream:
    """Through encoder, decoder and playout."""
    header = header_for(rest, load_face_model(), quality_px=sending.quality_px)
    encoder = Encoder(header, EncoderConfig(frames_per_packet=sending.frames_per_packet))
    decoder = Decoder(header, rest.identity)
    playout, state = _playout(sending), initial_playout()
    sizes: list[int] = []
    nearest: dict[int, tuple[float, Coefficients]] = {}
    told: list[tuple[float, bytes]] = []
    for i in range(len(motion) + FPS // 2):
        at = i / FPS
        while told and told[0][0] <= at:
            encoder.hear(told.pop(0)[1])
        packet = None
        if i >= len(motion):
            packet = encoder.flush()
        elif i % sending.every == 0:
            packet = encoder.encode(motion[i], at)
        if packet is not None:
            sizes.append(len(packet))
            for frame in decoder.decode(packet):
                state = arrived(state, frame, at + WAY_S, playout)
            told.append((at + 2 * WAY_S, decoder.feedback()))
        for after in range(SCREEN // FPS):
            seen, state = shown(state, at + WAY_S + after / SCREEN, playout, identity=rest.identity)
            if seen is not None:
                _keep(nearest, seen.coefficients)
    assert nearest
    first = min(nearest)
    whole: list[Coefficients] = []
    for i in range(len(motion)):
        whole.append(nearest[i][1] if i in nearest else whole[-1] if whole else nearest[first][1])
    return Stream(sizes, len(header.to_bytes()), whole)


def _playout(sending: Sending) -> PlayoutConfig:
    """As it is; only fewer frames a second than it is made for need a longer wait for the next."""
    return PlayoutConfig() if sending.every == 1 else PlayoutConfig(longest_wait_s=0.1)


def _keep(nearest: dict[int, tuple[float, Coefficients]], shown_now: Coefficients) -> None:
    """Of each frame's moment what was shown nearest to it."""
    place = round(shown_now.captured_at * FPS)
    apart = abs(shown_now.captured_at * FPS - place)
    if place not in nearest or apart < nearest[place][0]:
        nearest[place] = (apart, shown_now)


def draw(subject: Subject, factory: Factory, motion: Sequence[Coefficients]) -> list[Pixels]:
    """(256, 256, 3) a frame."""
    renderer: Any = factory(subject.avatar, SIDE, SIDE)
    state = renderer.initial_state()
    film: list[Pixels] = []
    for coefficients in motion:
        picture, state = renderer.render(coefficients, state)
        film.append(picture.pixels)
    return film

"""The drawing thread: coefficients to pictures, without a gap."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from pechead_live.clock import Clock
from pechead_live.coefficients import Coefficients
from pechead_live.frame import Picture
from pechead_live.live.config import LoopConfig
from pechead_live.live.measurements import Measurements
from pechead_live.live.pace import Pace
from pechead_live.live.presence import PresenceState, appear, follow_on, initial_presence_state
from pechead_live.live.scene import Scene, Scenes
from pechead_live.live.slot import Slot
from pechead_live.live.tracking import Tracked

logger = logging.getLogger(__name__)


class Drawn(NamedTuple):
    """A picture on its way to a sink."""

    picture: Picture
    live: bool
    """True if it answers a frame; an idle picture says nothing about latency."""


class DrawingState(NamedTuple):
    """The renderer's memory and what guards it."""

    renderer: Any
    last_good: Picture | None
    failures: int
    """Failures in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What it takes to make one picture."""

    scene: Scene
    config: LoopConfig
    measurements: Measurements
    clock: Clock

    def initial_state(self) -> DrawingState:
        """Nothing drawn yet."""
        return DrawingState(self.scene.renderer.initial_state(), None, 0)

    def draw(
        self, coefficients: Coefficients, state: DrawingState
    ) -> tuple[Picture | None, DrawingState]:
        """The picture, or the last good one when drawing fails, or None if there never was one."""
        began = self.clock()
        try:
            if not coefficients.is_finite():
                raise FloatingPointError("the coefficients to draw are not finite")
            picture, renderer_state = self.scene.renderer.render(coefficients, state.renderer)
            rendered = self.clock()
            # a memory that was handed in may be used up: from here on there is only the new one
            state = state._replace(renderer=renderer_state)
            picture = self.scene.output(replace(picture, captured_at=coefficients.captured_at))
        except Exception as error:  # noqa: BLE001 - fail closed: a good picture stays, whatever breaks
            return self._fall_back(coefficients, state, error)
        self.measurements.add("render", rendered - began)
        self.measurements.add("output", self.clock() - rendered)
        if state.failures:
            logger.info("the renderer works again after %d failures", state.failures)
        return picture, DrawingState(renderer_state, picture, 0)

    def _fall_back(
        self, coefficients: Coefficients, state: DrawingState, error: Exception
    ) -> tuple[Picture | None, DrawingState]:
        self.measurements.count("render failures")
        failures = state.failures + 1
        if failures == 1:
            logger.error("drawing failed; the last good picture stays", exc_info=error)
        memory = state.renderer
        if failures % self.config.renderer_restart == 0:
            memory = self.scene.renderer.initial_state()
        picture = state.last_good
        if picture is not None:
            picture = replace(picture, captured_at=coefficients.captured_at)
        return picture, DrawingState(memory, state.last_good, failures)


def keep_drawing(
    tracked: Slot[Tracked],
    pictures: Mapping[str, Slot[Drawn]],
    scenes: Scenes,
    *,
    pace: Pace,
    config: LoopConfig,
    measurements: Measurements,
    clock: Clock,
) -> None:
    """Draws until ``tracked`` is closed and empty: a picture for every frame that was tracked, and
    at the nominal rate while none comes."""
    drawing = Drawing(scene=scenes(), config=config, measurements=measurements, clock=clock)
    state = drawing.initial_state()
    presence = initial_presence_state(drawing.scene.rest, clock())
    due = clock() + config.silence_s
    while not tracked.finished:
        arrived = tracked.take(timeout_s=max(0.0, due - clock()))
        now = clock()
        if arrived is None:
            if tracked.finished:
                break
            if now < due:
                continue
            measurements.count("idle pictures")
            due = max(due + 1 / config.fps, now)
        else:
            due = now + config.silence_s
        pace.drawing()
        drawing, state, presence = _turned_to(scenes(), drawing, state, presence, now)
        shown, presence = _pose(arrived, drawing, presence, now)
        picture, state = drawing.draw(shown, state)
        pace.drawn()
        if picture is not None:
            for slot in pictures.values():
                slot.put(Drawn(picture, live=arrived is not None))


def _turned_to(
    scene: Scene, drawing: Drawing, state: DrawingState, presence: PresenceState, now: float
) -> tuple[Drawing, DrawingState, PresenceState]:
    """The drawing of ``scene``: a renderer that is new starts afresh, a frozen pose thaws."""
    before = drawing.scene
    if scene is before:
        return drawing, state, presence
    drawing = replace(drawing, scene=scene)
    if scene.renderer is not before.renderer:
        state = drawing.initial_state()
    if before.attention == "freeze" != scene.attention:
        presence = follow_on(presence, now)
    return drawing, state, presence


def _pose(
    arrived: Tracked | None, drawing: Drawing, presence: PresenceState, now: float
) -> tuple[Coefficients, PresenceState]:
    """What to draw at ``now``."""
    captured_at = now if arrived is None else arrived.captured_at
    scene = drawing.scene
    if scene.attention == "freeze":
        shown = presence.shown
    else:
        follows = arrived is not None and scene.attention == "follow"
        measured = arrived.coefficients if arrived is not None and follows else None
        shown, presence = appear(measured, scene.rest, now, presence, drawing.config.presence)
    return replace(shown, captured_at=captured_at), presence

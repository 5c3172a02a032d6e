"""`Session`: one driver, one avatar, one live loop; and what is asked of it while it runs."""

import logging
import math
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any, NamedTuple

from pechead_live.avatar.avatar import Avatar
from pechead_live.clock import monotonic
from pechead_live.coefficients import Coefficients
from pechead_live.errors import PecheadError
from pechead_live.frame import Pixels
from pechead_live.live.config import LoopConfig
from pechead_live.live.loop import run_loop
from pechead_live.live.measurements import Measurements, Timed
from pechead_live.live.outlets import Outlets
from pechead_live.live.scene import Scene
from pechead_live.live.step import Step
from pechead_live.motion import (
    MotionConfig,
    MotionState,
    Offsets,
    apply_offsets,
    initial_motion_state,
    request_calibration,
    retarget,
)
from pechead_live.protocols import Camera, Renderer, Sink, Tracker
from pechead_live.steps import smoothing_step
from pechead_live.studio.adapting import SCALES, Effort, after_a_second, scaled
from pechead_live.studio.controls import Controls, size_of
from pechead_live.studio.notices import Notice, face_notices, slow_notices
from pechead_live.studio.observed import ObservedTracker
from pechead_live.studio.prepared import (
    Factory,
    Look,
    Prepared,
    back_to,
    finished,
    is_restarting,
    let_go,
    look_of,
    prepare,
)
from pechead_live.studio.status import LATENCY_S, RECENT_S, Counts, figures, median_latency

logger = logging.getLogger(__name__)

PAGE = "page"
"""The sink of the viewers."""

OTHERS = "outlets"
"""The sink of all others, which come and go."""


class Parts(NamedTuple):
    """What a session is joined from."""

    open_avatar: Callable[[str], Avatar]
    """Of the gallery, by id; raises `InputError`."""
    factory_of: Callable[[str, str | None, Pixels | None], Factory]
    """Of model, engine and background."""
    drawn_by: Callable[[str, Renderer[Any]], str]
    """Of model and renderer: what really draws."""
    open_tracker: Callable[[], Tracker]


class _Motion(NamedTuple):
    rest: Coefficients
    config: MotionConfig
    offsets: Offsets


class Session:
    """Runs from `start` to `close`; every method may be called from any thread."""

    def __init__(
        self, controls: Controls, parts: Parts, open_camera: Callable[[], Camera], page: Sink
    ) -> None:
        """Opens avatar, model and tracker; raises what they raise. ``page``: the viewers' sink."""
        self._parts, self._open_camera, self._page = parts, open_camera, page
        self._lock = threading.Lock()
        self._measurements = Measurements()
        self.outlets = Outlets(self._measurements)
        self._effort, self._came = Effort(), 0
        self._prepared = self._prepare(look_of(controls, SCALES[0]))
        self._former: list[Renderer[Any]] = []
        try:
            self._tracker = ObservedTracker(parts.open_tracker())
        except BaseException:
            let_go(self._prepared.renderer)
            raise
        self._requests: SimpleQueue[Callable[[Any], Any]] = SimpleQueue()
        self._stop = threading.Event()
        self._calibrated = False
        self._counts: deque[Counts] = deque()
        self._refused: Notice | None = None
        self._preparing: Look | None = None
        self._began = monotonic()
        self._latency = Timed(-math.inf, 0.0)
        self._show(controls)
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)

    def start(self) -> None:
        """Starts the loop."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the loop goes on."""
        return self._thread.is_alive()

    @property
    def controls(self) -> Controls:
        """As they were asked for last."""
        return self._controls

    @property
    def latency_s(self) -> float:
        """p50 of the last seconds, 0 before there is one."""
        now = monotonic()
        if now - self._latency.at > LATENCY_S:  # asked for with every piece of sound
            self._latency = Timed(now, median_latency(self._measurements, now))
        return self._latency.seconds

    def change(self, edit: Callable[[Controls], Controls]) -> Controls:
        """Takes over what ``edit`` makes of the controls; what needs another renderer follows as
        soon as that is ready. Raises what ``edit`` raises."""
        with self._lock:
            controls = edit(self._controls)
            if controls.size != self._controls.size:
                self._effort = Effort()
            self._show(controls)
            self._begin_to_prepare()
        return controls

    def adapt(self) -> None:
        """Called once a second: draws smaller while drawing takes too long, and larger again."""
        drawn = [t.seconds for t in self._measurements.since(monotonic() - 1.0).get("render", [])]
        came = self._measurements.counted("frames")
        frames, self._came = came - self._came, came
        share = sum(drawn) / len(drawn) * frames if drawn and frames else None
        with self._lock:
            self._effort = after_a_second(self._effort, share)
            self._begin_to_prepare()

    def calibrate(self) -> None:
        """The neutral face is taken anew from now on."""
        self._calibrated = True
        self._requests.put(request_calibration)

    def status(self) -> dict[str, Any]:
        """STATUS of the API but for what only the server knows."""
        now = monotonic()
        found = figures(self._measurements, now)
        waiting = self._measurements.counted("frames") == 0
        seen = self._tracker.last
        notices = [
            *face_notices(seen, waiting=waiting),
            *slow_notices(*self._recent_frames(now), model=self._controls.model),
            *([] if self._refused is None else [self._refused]),
        ]
        if not self._calibrated and seen.face and self._controls.motion.mode == "calibrated":
            text = "Look at the camera with a neutral face and press Calibrate."
            notices.append(Notice("uncalibrated", text))
        look = self._prepared.look
        state = "waiting" if waiting else "live" if seen.face else "no_face"
        if is_restarting(self._prepared.renderer):
            state = "restarting"
        return found | {
            "seconds": round(now - self._began, 1),
            "state": state,
            "preparing": self._preparing is not None,
            "face": seen.face,
            "confidence": round(seen.confidence, 3),
            "drawn_by": self._prepared.drawn_by,
            "drawn_size": list(scaled(size_of(look.size), look.scale)),
            "warnings": [notice._asdict() for notice in notices],
        }

    def close(self) -> None:
        """Ends the loop, its sinks, the tracker and the renderer."""
        self._stop.set()
        if self._thread.ident is None:  # it never started
            self._tracker.close()
        elif self._thread.is_alive():
            self._thread.join(timeout=15)
        with self._lock:
            left = [*self._former, self._prepared.renderer]
            self._former = []
        for renderer in left:
            let_go(renderer)

    def _run(self) -> None:
        try:
            run_loop(
                open_camera=self._open_camera,
                tracker=self._tracker,
                scenes=self._present,
                sinks={PAGE: self._page, OTHERS: self.outlets},
                smoothing=smoothing_step(),
                motion=Step(initial_motion_state, self._move),
                config=LoopConfig(),
                requests=self._requests,
                stop=self._stop,
                measurements=self._measurements,
            )
        except PecheadError as error:
            logger.error("a session has ended: %s", error)
        finally:
            self._tracker.close()

    def _recent_frames(self, now: float) -> tuple[int, int]:
        """Frames that came in the last seconds, and how many of them were never drawn."""
        frames = self._measurements.counted("frames")
        drops = self._measurements.dropped()
        dropped = drops.get("frames", 0) + drops.get("coefficients", 0)
        with self._lock:
            self._counts.append(Counts(now, frames, dropped))
            while self._counts[0].at < now - RECENT_S and len(self._counts) > 1:
                self._counts.popleft()
            first = self._counts[0]
        return frames - first.frames, dropped - first.dropped

    def _move(
        self, driver: Coefficients, state: MotionState
    ) -> tuple[Coefficients | None, MotionState]:
        motion = self._motion
        moved, state = retarget(driver, motion.rest, state, motion.config)
        return apply_offsets(moved, motion.offsets), state

    def _show(self, controls: Controls) -> None:
        """What needs no other renderer takes effect with the next picture."""
        self._controls = controls
        rest, offsets = self._prepared.avatar.rest, controls.all_offsets
        self._motion = _Motion(rest, controls.motion, offsets)
        self._scene = Scene(
            renderer=self._prepared.renderer,
            rest=apply_offsets(rest, offsets),
            output=partial(finished, mirror=controls.mirror, label=controls.label),
            attention=controls.presence,
        )

    def _present(self) -> Scene:
        """What is drawn next: asked when the picture before it is done, so whatever drew that and
        is not asked again can go."""
        with self._lock:
            scene = self._scene
            former, self._former = self._former, []
        for renderer in former:
            let_go(renderer)
        return scene

    def _prepare(self, look: Look) -> Prepared:
        return prepare(
            look,
            open_avatar=self._parts.open_avatar,
            factory_of=self._parts.factory_of,
            drawn_by=self._parts.drawn_by,
        )

    def _wanted(self) -> Look:
        return look_of(self._controls, SCALES[self._effort.step])

    def _begin_to_prepare(self) -> None:
        """In a thread, if there is another look to come and no thread is at it; under the lock."""
        look = self._wanted()
        if look != self._prepared.look and self._preparing is None:
            self._preparing = look
            threading.Thread(target=self._prepare_all, name="prepare", daemon=True).start()

    def _prepare_all(self) -> None:
        """Until the picture is the one that was asked for last; leaves it as it is if it cannot."""
        while True:
            with self._lock:
                look = self._wanted()
                self._preparing = None if look == self._prepared.look else look
                if self._preparing is None:
                    return
            try:
                prepared, refused = self._prepare(look), None
            except Exception as error:
                logger.exception("a change was not taken over")
                prepared, refused = self._prepared, Notice("not_prepared", str(error))
            with self._lock:
                if self._stop.is_set() and refused is None:
                    let_go(prepared.renderer)
                    return
                if prepared is not self._prepared:
                    self._former.append(self._prepared.renderer)
                self._prepared, self._refused = prepared, refused
                controls = self._controls
                if refused is not None and self._wanted() == look:
                    controls = back_to(controls, prepared.look)
                    self._effort = Effort(SCALES.index(prepared.look.scale))
                self._show(controls)

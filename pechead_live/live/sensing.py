"""The live loop's first half: camera to coefficients, for who draws elsewhere."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from pechead_live.clock import Clock, monotonic
from pechead_live.frame import Frame
from pechead_live.live.capture import capture
from pechead_live.live.config import LoopConfig
from pechead_live.live.measurements import Measurements
from pechead_live.live.pace import Pace
from pechead_live.live.slot import Slot
from pechead_live.live.stage import Stage
from pechead_live.live.step import IDENTITY, Step
from pechead_live.live.tracking import MotionRequests, Tracked, follow
from pechead_live.protocols import Camera, Tracker


class Sensing:
    """Runs from `start` until the camera's stream ends or ``stop`` is set, then `finish`.

    What fails in camera or tracker is dealt with as in `run_loop`.
    """

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        tracker: Tracker,
        tell: Callable[[Tracked], Any],
        *,
        requests: MotionRequests,
        smoothing: Step = IDENTITY,
        motion: Step = IDENTITY,
        config: LoopConfig,
        measurements: Measurements,
        stop: threading.Event,
        on_error: Callable[[Exception], None],
        clock: Clock = monotonic,
    ) -> None:
        """``tell`` gets what became of each frame, in a thread of this object's own."""
        self._config, self._tell = config, tell
        self._pace = Pace(clock, config.silence_s)
        self._frames: Slot[Frame] = Slot()
        self._tracked: Slot[Tracked] = Slot()
        capturing = partial(
            capture,
            open_camera,
            self._frames,
            config=config,
            measurements=measurements,
            stop=stop,
        )
        tracking = partial(
            follow,
            self._frames,
            self._tracked,
            tracker=tracker,
            smoothing=smoothing,
            motion=motion,
            requests=requests,
            pace=self._pace,
            config=config,
            measurements=measurements,
            clock=clock,
        )
        self._stages = [
            Stage("tracker", tracking, following=[self._tracked], on_error=on_error),
            Stage("coefficients", self._hand_on, on_error=on_error),
            Stage("camera", capturing, following=[self._frames], on_error=on_error),
        ]

    @property
    def running(self) -> bool:
        """False once the camera's stream has ended."""
        return self._stages[-1].running

    @property
    def dropped(self) -> int:
        """Frames that came while the one before was still being tracked."""
        return self._frames.dropped

    def start(self) -> None:
        """Opens the camera and begins."""
        for stage in self._stages:
            stage.start()

    def finish(self) -> None:
        """Waits for the end, which the caller's ``stop`` has asked for."""
        self._frames.close()
        self._pace.close()
        for stage in self._stages:
            stage.finish(self._config.finish_s)

    def _hand_on(self) -> None:
        while not self._tracked.finished:
            tracked = self._tracked.take()
            if tracked is not None:
                self._pace.drawing()
                self._tell(tracked)
                self._pace.drawn()

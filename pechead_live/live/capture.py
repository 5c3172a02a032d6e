"""The capture thread: camera to slot, opening the camera again when it fails."""

import logging
import threading
from collections.abc import Callable

from pechead_live.errors import DeviceError
from pechead_live.frame import Frame
from pechead_live.live.config import LoopConfig
from pechead_live.live.measurements import Measurements
from pechead_live.live.slot import Slot
from pechead_live.protocols import Camera

logger = logging.getLogger(__name__)


def capture(
    open_camera: Callable[[], Camera],
    frames: Slot[Frame],
    *,
    config: LoopConfig,
    measurements: Measurements,
    stop: threading.Event,
) -> None:
    """Reads until the stream ends or ``stop`` is set.

    A `DeviceError` closes the camera and opens it again, later each time it fails; it is logged
    once per outage. Any other error is the caller's.
    """
    pause = config.reopen_first_s
    failing = False
    while not stop.is_set():
        camera: Camera | None = None
        try:
            camera = open_camera()
            while not stop.is_set():
                frame = camera.read()
                if frame is None:
                    return
                if failing:
                    logger.info("the camera is back")
                    failing, pause = False, config.reopen_first_s
                measurements.count("frames")
                frames.put(frame)
        except DeviceError as error:
            measurements.count("camera failures")
            if not failing:
                logger.error("%s. The avatar idles while the camera is opened again", error)
            failing = True
        finally:
            if camera is not None:
                camera.close()
        stop.wait(pause)
        pause = min(2 * pause, config.reopen_longest_s)

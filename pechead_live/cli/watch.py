"""What the main thread does beside a live run: the Enter key, the window, the timer."""

import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from pechead_live.clock import monotonic
from pechead_live.protocols import Sink


def listen_for_enter(calibrate: Callable[[], None]) -> None:
    """Calls ``calibrate`` whenever Enter is pressed, where there is a keyboard."""
    if sys.stdin is None or not sys.stdin.isatty():
        return
    print("press Enter with a neutral face to calibrate", flush=True)

    def listen() -> None:
        for _ in sys.stdin:
            calibrate()

    threading.Thread(target=listen, name="Enter key", daemon=True).start()


def watch_of(
    sinks: Mapping[str, Sink],
    stop: threading.Event,
    calibrate: Callable[[], None],
    calibrate_after: float | None,
) -> Callable[[], None]:
    """What is to be called some sixty times a second: shows the window and hears its keys, and
    calls ``calibrate`` once after so many seconds."""
    preview: Any = sinks.get("preview")
    waiting = [] if calibrate_after is None else [monotonic() + calibrate_after]

    def watch() -> None:
        if waiting and monotonic() >= waiting[0]:
            waiting.clear()
            calibrate()
        if preview is not None:
            if preview.pump() == "enter":
                calibrate()
            if preview.closed:
                stop.set()

    return watch

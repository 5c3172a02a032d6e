"""Ctrl-C and SIGTERM as a request to stop, so that files are finished and devices freed."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: what was done is kept, the end was not reached."""


@contextmanager
def stop_on_signals(stop: threading.Event) -> Generator[None]:
    """The first SIGINT or SIGTERM sets ``stop``; the second does what it does by default.

    Only the main thread may set signal handlers; in another this changes nothing. A handler
    interrupts the main thread anywhere, also where that holds the lock of ``stop``: setting it
    there would wait for ever, so a thread of its own does.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: SimpleQueue[bool] = SimpleQueue()  # which may be put to in a handler

    def pass_on() -> None:
        if asked.get():
            stop.set()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, frame: FrameType | None) -> None:
        del frame
        asked.put(True)
        signal.signal(number, before[signal.Signals(number)])

    threading.Thread(target=pass_on, name="signals", daemon=True).start()
    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        asked.put(False)

"""One thread of the live loop."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from pechead_live.live.slot import Slot

logger = logging.getLogger(__name__)


class Stage:
    """Runs ``work`` in a thread; when it ends, closes the slots after it: the end travels on."""

    def __init__(
        self,
        name: str,
        work: Callable[[], None],
        *,
        following: Sequence[Slot[Any]] = (),
        on_error: Callable[[Exception], None],
    ) -> None:
        """``on_error`` gets what ``work`` raises, in that thread."""
        self._work = work
        self._following = following
        self._on_error = on_error
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def running(self) -> bool:
        """True until ``work`` has returned or raised."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def finish(self, timeout_s: float) -> None:
        """Waits for the end. One that hangs (a driver) is left behind, and those after it go on."""
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            logger.warning("%s did not end within %g s and is left", self._thread.name, timeout_s)
        self._close_following()

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - handed to the calling thread, which raises it
            self._on_error(error)
        finally:
            self._close_following()

    def _close_following(self) -> None:
        for slot in self._following:
            slot.close()

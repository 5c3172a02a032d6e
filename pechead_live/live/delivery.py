"""The thread of one sink."""

import logging
from collections.abc import Callable

from pechead_live.clock import Clock
from pechead_live.live.drawing import Drawn
from pechead_live.live.measurements import Measurements
from pechead_live.live.slot import Slot
from pechead_live.protocols import Sink

logger = logging.getLogger(__name__)


def deliver(
    name: str,
    sink: Sink,
    pictures: Slot[Drawn],
    *,
    measurements: Measurements,
    clock: Clock,
    on_failure: Callable[[str, Exception], None],
) -> None:
    """Writes until ``pictures`` is closed and empty, or the sink fails; closes it either way."""
    error: Exception | None = None
    try:
        while not pictures.finished:
            drawn = pictures.take()
            if drawn is None:
                continue
            began = clock()
            sink.write(drawn.picture)
            now = clock()
            measurements.add(f"write {name}", now - began)
            measurements.written(name, now)
            if drawn.live:
                measurements.add("latency", now - drawn.picture.captured_at)
    except Exception as failure:  # noqa: BLE001 - one sink must not take the others with it
        error = failure
        pictures.close()
    try:
        sink.close()
    except Exception as failure:  # noqa: BLE001 - as above; the first reason is the one that counts
        error = error or failure
    if error is not None:
        on_failure(name, error)

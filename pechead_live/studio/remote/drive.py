"""A remote run: this machine's camera, the server's avatar, this machine's sinks."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any

from pechead_live.clock import monotonic
from pechead_live.errors import OutputError
from pechead_live.live.config import LoopConfig
from pechead_live.live.measurements import Measurements
from pechead_live.live.outlets import Outlets
from pechead_live.live.stage import Stage
from pechead_live.protocols import Camera, Sink
from pechead_live.studio.remote.config import RemoteConfig
from pechead_live.studio.remote.downlink import Downlink
from pechead_live.studio.remote.link import Link
from pechead_live.studio.remote.uplink import Uplink
from pechead_live.studio.remote.visits import Ends, keep_visiting
from pechead_live.studio.rtc.bitrate import BitrateConfig, set_bitrates
from pechead_live.studio.rtc.consent import wait_for_consent
from pechead_live.studio.rtc.marker import emit_on_marker

WATCH_S = 1 / 60
"""How often the calling thread looks around; also the rate of a preview window."""


def drive_remote(
    link: Link,
    controls: Mapping[str, Any],
    ice_servers: list[dict[str, Any]],
    *,
    open_camera: Callable[[], Camera],
    sinks: Mapping[str, Sink],
    size: tuple[int, int],
    stop: threading.Event,
    calibrate: threading.Event,
    config: RemoteConfig,
    watch: Callable[[], None] | None = None,
) -> Measurements:
    """Runs until the camera's stream ends, ``stop`` is set or ``config.seconds`` are over.

    ``controls``: CONTROLS of the API, with which a session begins. ``ice_servers``: as the API
    tells them. ``size``: of the pictures that ``sinks`` take, (width, height) in pixels. ``watch``:
    called in this thread some sixty times a second. Every sink is closed at the end; one that fails
    is dropped, and an error once none is left.
    """
    errors: list[Exception] = []
    measurements = Measurements()

    def break_off(error: Exception) -> None:
        errors.append(error)
        stop.set()

    outlets = Outlets(measurements, finish_s=config.finish_s)
    downlink = Downlink(outlets.write, size, measurements=measurements, on_error=break_off)
    uplink = Uplink(
        open_camera,
        config=LoopConfig(finish_s=config.finish_s),
        measurements=measurements,
        stop=stop,
        on_error=break_off,
    )

    def visiting() -> None:
        ends = Ends(uplink, downlink, stop, calibrate)
        asyncio.run(
            keep_visiting(
                link, controls, ice_servers, ends, config=config, measurements=measurements
            )
        )

    network = Stage("network", visiting, on_error=break_off)
    set_bitrates(BitrateConfig())
    emit_on_marker()
    wait_for_consent()
    for name, sink in sinks.items():
        outlets.add(name, sink)

    def looking() -> None:
        measurements.drops("frames", uplink.dropped)
        measurements.drops("pictures", downlink.dropped)
        if not outlets.sinks:
            told = "; ".join(f"{name}: {text}" for name, text in outlets.failures.items())
            break_off(OutputError(f"no sink is left ({told}): choose another with --sink"))
        elif watch is not None:
            watch()

    try:
        downlink.start()
        uplink.start()
        network.start()
        _watch(looking, uplink, network, stop, config)
    finally:
        stop.set()
        network.finish(config.finish_s)
        uplink.finish()
        downlink.finish(config.finish_s)
        outlets.close()
        measurements.stop()
    if errors:
        raise errors[0]
    return measurements


def _watch(
    looking: Callable[[], None],
    uplink: Uplink,
    network: Stage,
    stop: threading.Event,
    config: RemoteConfig,
) -> None:
    """Returns when it is over, for whatever reason."""
    began = monotonic()
    ended: float | None = None
    while network.running and not stop.wait(WATCH_S):
        now = monotonic()
        if not uplink.running:
            ended = now if ended is None else ended
            if now - ended >= config.linger_s:
                return
        if config.seconds is not None and now - began >= config.seconds:
            return
        looking()

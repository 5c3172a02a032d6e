"""One connection with a session after the other, for as long as somebody wants the pictures."""

import asyncio
import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack

from pechead_live.clock import monotonic
from pechead_live.errors import DeviceError
from pechead_live.live.measurements import Measurements
from pechead_live.studio.remote.client import RefusedError, StudioClient, UnreachableError
from pechead_live.studio.remote.config import RemoteConfig
from pechead_live.studio.remote.downlink import Downlink
from pechead_live.studio.remote.link import Link
from pechead_live.studio.remote.round_trip import keep_measuring
from pechead_live.studio.remote.uplink import Uplink
from pechead_live.studio.rtc.peer import open_peer

logger = logging.getLogger(__name__)

TICK_S = 0.05
"""How often a connection is looked after."""

OPEN_S = 60.0
"""A server may read a network's weights before it answers an offer."""

GOODBYE_S = 3.0
"""How long leaving may take where nobody answers."""


class Ends(NamedTuple):
    """What a connection lies between on this machine, and who may end it."""

    uplink: Uplink
    downlink: Downlink
    stop: threading.Event
    calibrate: threading.Event
    """Set when the neutral face shall be taken anew."""


class _LostError(DeviceError):
    """A connection brings no more pictures."""


async def keep_visiting(
    link: Link,
    controls: Mapping[str, Any],
    ice_servers: list[dict[str, Any]],
    ends: Ends,
    *,
    config: RemoteConfig,
    measurements: Measurements,
) -> None:
    """Until ``ends.stop`` is set; the session is then ended.

    What goes wrong before the first picture is raised, and so is a refusal for good. Afterwards it
    is tried again, later each time, in the same session if the server still has it.
    """
    pause = config.pause_first_s
    place: str | None = None
    async with StudioClient(link) as client:
        try:
            while not ends.stop.is_set():
                began = monotonic()
                peer = open_peer(ice_servers)
                receiving: set[asyncio.Task[None]] = set()
                _take_pictures(peer, ends.downlink, receiving)
                try:
                    place = await _join(client, peer, place, controls, ends.uplink)
                    await _stay(client, peer, place, ends, config, measurements)
                except (RefusedError, UnreachableError, _LostError) as error:
                    if isinstance(error, RefusedError) and error.code == "unknown_session":
                        place = None
                    elif ends.downlink.last_at is None or not _may_pass(error):
                        raise
                    last_at = ends.downlink.last_at or 0.0
                    if last_at > began:  # it had worked
                        pause = config.pause_first_s
                        measurements.count("connections lost")
                        logger.warning(
                            "%s. The last picture stays while the connection is made again", error
                        )
                    else:
                        logger.info("not yet: %s", error)
                finally:
                    ends.uplink.detach()
                    await _close(peer)
                    for task in receiving:  # one that never connected does not end by itself
                        task.cancel()
                await _wait(ends.stop, pause)
                pause = min(2 * pause, config.pause_longest_s)
        finally:
            if place is not None:
                with suppress(RefusedError, UnreachableError):
                    await client.ask("DELETE", place, seconds=GOODBYE_S)


def _may_pass(error: Exception) -> bool:
    return error.passing if isinstance(error, RefusedError) else True


def _take_pictures(
    peer: RTCPeerConnection, downlink: Downlink, receiving: set[asyncio.Task[None]]
) -> None:
    def take(track: MediaStreamTrack) -> None:
        if track.kind == "video":
            receiving.add(asyncio.ensure_future(downlink.receive(track)))

    peer.on("track", take)


async def _join(
    client: StudioClient,
    peer: RTCPeerConnection,
    place: str | None,
    controls: Mapping[str, Any],
    uplink: Uplink,
) -> str:
    """Offers the camera to the session at ``place``, or to a new one; the session's path."""
    peer.addTrack(uplink.attach())
    await peer.setLocalDescription(await peer.createOffer())
    offer = {"type": "offer", "sdp": peer.localDescription.sdp}
    if place is None:
        body = {"camera": "browser", "offer": offer, "controls": dict(controls)}
        told = await client.ask("POST", "/sessions", body, seconds=OPEN_S)
        place = f"/sessions/{told['id']}"
    else:
        told = await client.ask("POST", f"{place}/offer", {"offer": offer})
    await peer.setRemoteDescription(RTCSessionDescription(**told["answer"]))
    return place


async def _stay(
    client: StudioClient,
    peer: RTCPeerConnection,
    place: str,
    ends: Ends,
    config: RemoteConfig,
    measurements: Measurements,
) -> None:
    """Until ``ends.stop`` is set. Raises `_LostError`."""
    began = monotonic()
    measuring = asyncio.ensure_future(
        keep_measuring(client, place, peer, ends.downlink, measurements, config.measure_s)
    )
    try:
        while not ends.stop.is_set():
            await asyncio.sleep(TICK_S)
            if ends.calibrate.is_set():
                ends.calibrate.clear()
                try:
                    await client.ask("POST", f"{place}/calibrate", {})
                except (RefusedError, UnreachableError) as error:
                    logger.warning("not calibrated: %s", error)
            _check(peer, began, ends.downlink.last_at, config)
    finally:
        measuring.cancel()
        with suppress(asyncio.CancelledError):
            await measuring


def _check(
    peer: RTCPeerConnection, began: float, last_at: float | None, config: RemoteConfig
) -> None:
    if peer.connectionState in ("failed", "closed"):
        raise _LostError("the connection with the server has ended")
    if last_at is not None and last_at > began:
        if monotonic() - last_at > config.silence_s:
            raise _LostError(f"the server sent no picture for {config.silence_s:g} s")
    elif monotonic() - began > config.first_picture_s:
        raise _LostError(
            f"the server answered, but no picture came within {config.first_picture_s:g} s: UDP "
            "does not pass between the two, start the server with --ice-server turn:..."
        )


async def _wait(stop: threading.Event, seconds: float) -> None:
    end = monotonic() + seconds
    while not stop.is_set() and monotonic() < end:
        await asyncio.sleep(min(TICK_S, seconds))


async def _close(peer: RTCPeerConnection) -> None:
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(GOODBYE_S):
            await peer.close()

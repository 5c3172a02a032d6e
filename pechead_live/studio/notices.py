"""What a user should be told, in plain words: the warnings of the API."""

from typing import NamedTuple

from pechead_live.studio.observed import Observation

EDGE = 0.8
"""Picture coordinates: a face whose middle, and half of its height on, lies beyond is cut off."""

SMALL = 0.1
"""A `scale` below this leaves few pixels to the tracker."""

DARK = 40.0
"""Mean brightness of 255 below which lids and lips can hardly be told."""

FEWEST = 30
"""Frames that have to have come before a share of them says anything."""

SLOW_SHARE = 0.2
"""Share of frames that may be dropped before it is worth a word."""


class Notice(NamedTuple):
    """One message."""

    code: str
    """For programs."""
    message: str
    """For people."""


def face_notices(seen: Observation, *, waiting: bool) -> list[Notice]:
    """About the driver's picture; nothing while no frame has come."""
    found: list[Notice] = []
    if waiting:
        return found
    if seen.brightness < DARK:
        found.append(Notice("dark", "Your picture is dark: turn on a light in front of you."))
    if not seen.face:
        text = "No face is seen: the avatar rests until you are back."
        return [*found, Notice("face_lost", text)]
    x, y = seen.place
    reach = 1.2 * seen.scale
    wide, high = max(seen.aspect, 1.0), max(1 / seen.aspect, 1.0)
    if abs(x) + reach > wide * EDGE + 0.2 * wide or abs(y) + reach > high * EDGE + 0.2 * high:
        text = "Your face is partly outside the picture: move to its middle."
        found.append(Notice("face_outside", text))
    elif seen.scale < SMALL:
        found.append(Notice("face_small", "Your face is small: come nearer to the camera."))
    return found


def slow_notices(frames: int, dropped: int, *, model: str) -> list[Notice]:
    """About frames that came and were never drawn by ``model``, of the last seconds."""
    if frames < FEWEST or dropped < SLOW_SHARE * frames:
        return []
    share = round(100 * dropped / frames)
    other = "" if model == "analytic" else " or the model 'analytic'"
    text = (
        f"This machine is too slow for the settings: {share} % of the frames are left out. Choose "
        f"a smaller size{other}, or end other programs."
    )
    return [Notice("slow", text)]

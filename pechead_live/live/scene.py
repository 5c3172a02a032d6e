"""What a running loop draws: another scene takes over between two pictures, without a gap."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from pechead_live.coefficients import Coefficients
from pechead_live.frame import Picture
from pechead_live.protocols import Renderer

Attention = Literal["follow", "freeze", "idle"]
"""``follow``: the driver; ``freeze``: the pose that was shown last stays; ``idle``: the avatar
comes to rest and breathes, whether there is a face or not."""


def as_it_is(picture: Picture) -> Picture:
    """``picture``."""
    return picture


class Scene(NamedTuple):
    """Everything about a picture but the driver."""

    renderer: Renderer[Any]
    """Another one starts with a memory of its own."""

    rest: Coefficients
    """The avatar's rest pose in its own coordinates, shown while there is no face."""

    output: Callable[[Picture], Picture] = as_it_is
    """Last step before the sinks: the label."""

    attention: Attention = "follow"
    """Whom the avatar minds."""


Scenes = Callable[[], Scene]
"""The present scene; asked before every picture, by the drawing thread."""

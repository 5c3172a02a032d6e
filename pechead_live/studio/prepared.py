"""A renderer that is made ready beside the running picture."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.frame import Picture, Pixels
from pechead_live.protocols import Renderer
from pechead_live.steps import labelled
from pechead_live.studio.adapting import scaled
from pechead_live.studio.controls import Controls, size_of

Factory = Callable[[Avatar, int, int], Renderer[Any]]
"""Avatar, width and height in pixels to what draws it."""


class Look(NamedTuple):
    """What a change of needs another renderer."""

    avatar: str
    model: str
    engine: str | None
    size: str
    background: tuple[int, int, int] | None
    scale: float
    """Of the size, where the machine cannot keep up with the whole."""


class Prepared(NamedTuple):
    """A renderer that has drawn its first picture."""

    look: Look
    avatar: Avatar
    renderer: Renderer[Any]
    drawn_by: str


def look_of(controls: Controls, scale: float) -> Look:
    """The part of ``controls`` that a renderer is made of, its size times ``scale``."""
    return Look(
        avatar=controls.avatar,
        model=controls.model,
        engine=controls.engine,
        size=controls.size,
        background=controls.background,
        scale=scale,
    )


def back_to(controls: Controls, look: Look) -> Controls:
    """``controls`` with what ``look`` holds of them."""
    return replace(
        controls,
        avatar=look.avatar,
        model=look.model,
        engine=look.engine,
        size=look.size,
        background=look.background,
    )


def prepare(
    look: Look,
    *,
    open_avatar: Callable[[str], Avatar],
    factory_of: Callable[[str, str | None, Pixels | None], Factory],
    drawn_by: Callable[[str, Renderer[Any]], str],
) -> Prepared:
    """Opens avatar and model and draws once: the first picture is the slowest.

    Raises `InputError` and whatever else keeps a model from running.
    """
    colour = look.background
    background = None if colour is None else np.full((8, 8, 3), colour, np.uint8)
    avatar = open_avatar(look.avatar)
    size = scaled(size_of(look.size), look.scale)
    renderer = factory_of(look.model, look.engine, background)(avatar, *size)
    try:
        renderer.render(avatar.rest, renderer.initial_state())
    except BaseException:
        let_go(renderer)
        raise
    return Prepared(look, avatar, renderer, drawn_by(look.model, renderer))


def let_go(renderer: Renderer[Any]) -> None:
    """Frees what ``renderer`` holds elsewhere, if it does; calling it twice does no harm."""
    close = getattr(renderer, "close", None)
    if close is not None:
        close()


def is_restarting(renderer: Renderer[Any]) -> bool:
    """Whether ``renderer`` cannot draw now, but will."""
    return getattr(renderer, "restarting", False)


def finished(picture: Picture, *, mirror: bool, label: bool) -> Picture:
    """``picture`` as it leaves: mirrored first, so that the label can be read."""
    if mirror:
        picture = replace(picture, pixels=np.ascontiguousarray(picture.pixels[:, ::-1]))
    return labelled(picture) if label else picture

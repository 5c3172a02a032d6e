"""`RendererActor`: one session's renderer and its memory, in a process of Ray's.

Only plain values come in and go out: bytes, numbers, arrays. The one exception is the function that
makes renderers, which is sent by its name.
"""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from pechead_live.avatar.file import decode_avatar
from pechead_live.errors import InputError
from pechead_live.frame import Pixels
from pechead_live.protocols import Renderer
from pechead_live.studio.cluster.wire import unpacked
from pechead_live.studio.prepared import Factory

FactoryOf = Callable[[str, str | None, Pixels | None], Factory]
"""Model, engine and background to what makes their renderer."""

PROGRAM = version("pechead-live")


class RendererActor:
    """Draws for one session; Ray calls one method at a time."""

    def __init__(self, factory_of: FactoryOf) -> None:
        self._factory_of = factory_of

    def build(
        self,
        program: str,
        model: str,
        engine: str | None,
        background: Pixels | None,
        avatar: bytes,
        width: int,
        height: int,
    ) -> str | None:
        """Opens avatar and model and draws once; what runs the model, None for no network.

        ``program``: version of the caller's. ``avatar``: an avatar file's content. Raises
        `PecheadError`, and whatever else keeps a model from running.
        """
        if program != PROGRAM:
            raise InputError(
                f"a node has pechead-live {PROGRAM} and this server {program}: install the same"
            )
        opened = decode_avatar(avatar, "the session's avatar")
        self._renderer: Renderer[Any] = self._factory_of(model, engine, background)(
            opened, width, height
        )
        self._renderer.render(opened.rest, self._renderer.initial_state())
        self._state, self._generation = self._renderer.initial_state(), -1
        return getattr(self._renderer, "provider", None)

    def render(self, coefficients: bytes, generation: int) -> Pixels:
        """The picture for packed ``coefficients``, after those of the same ``generation``.

        Another generation than the one before begins with an empty memory.
        """
        if generation != self._generation:
            self._state, self._generation = self._renderer.initial_state(), generation
        picture, self._state = self._renderer.render(unpacked(coefficients), self._state)
        return picture.pixels

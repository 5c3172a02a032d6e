"""The `pechead` renderer: the paper's generator draws the picture, geometry guides it.

The network draws the picture's middle square at its own size (256). Beside the square of a wide
picture the analytic picture stands.
"""

import logging
from typing import Any, NamedTuple, Protocol

import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.facemodel.condition import condition_of
from pechead_live.facemodel.topology import NETWORK_LANDMARKS
from pechead_live.frame import Picture, Pixels
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.renderer.square import resized

logger = logging.getLogger(__name__)


class PecheadNetwork(Protocol):
    """A PECHead on some runtime. What depends on the portrait alone, and the memory, are its own:
    nobody else looks into them."""

    @property
    def size(self) -> int:
        """S, side of its pictures, pixels."""
        ...

    @property
    def provider(self) -> str:
        """What really computes, in its runtime's words."""
        ...

    def source(self, portrait: Pixels, condition: FloatArray, landmarks: FloatArray) -> Any:
        """``portrait`` (S, S, 3) RGB; the ``condition`` (61,) and ``landmarks`` (70, 2)
        it was measured with."""
        ...

    def initial_state(self, source: Any) -> Any:
        """The memory before the first frame: zeros."""
        ...

    def step(
        self,
        source: Any,
        condition: FloatArray,
        landmarks: FloatArray,
        prior_flow: FloatArray,
        state: Any,
    ) -> tuple[Pixels, Any]:
        """The next frame, (S, S, 3) RGB, and the memory after it; ``condition`` (61,), l^d
        (70, 2) and the guide's flow (64, 64, 2).

        Raises `FloatingPointError` if the memory is no longer finite.
        """
        ...


class PecheadState(NamedTuple):
    """The network's memory."""

    memory: Any


class PecheadRenderer:
    """Draws one avatar at one size with one network."""

    def __init__(self, avatar: Avatar, width: int, height: int, network: PecheadNetwork) -> None:
        """Sizes as `AnalyticRenderer` has them."""
        self._analytic = AnalyticRenderer(avatar, width, height)
        self._network = network
        self._side = min(width, height)
        self._left, self._top = (width - self._side) // 2, (height - self._side) // 2
        portrait = resized(self._square(self._analytic.portrait()), network.size)
        self._source = network.source(
            portrait,
            condition_of(avatar.rest),
            np.ascontiguousarray(avatar.points[list(NETWORK_LANDMARKS)]),
        )

    @property
    def provider(self) -> str:
        """What really runs the network."""
        return self._network.provider

    def initial_state(self) -> PecheadState:
        """The empty memory."""
        return PecheadState(self._network.initial_state(self._source))

    def render(
        self, coefficients: Coefficients, state: PecheadState
    ) -> tuple[Picture, PecheadState]:
        """Draws the avatar with the pose and expression of ``coefficients``.

        Where the network's memory is lost, the analytic picture is given, and the memory begins
        anew. Raises `InputError` if a number of ``coefficients`` is not finite.
        """
        guide = self._analytic.guide(coefficients)
        condition = condition_of(coefficients)
        try:
            drawn, memory = self._network.step(
                self._source, condition, guide.landmarks, guide.flow, state.memory
            )
        except FloatingPointError as error:
            logger.warning("the network failed, its guide picture is shown: %s", error)
            state = self.initial_state()
        else:
            self._square(guide.picture)[:] = resized(drawn, self._side)
            state = PecheadState(memory)
        return Picture(pixels=guide.picture, captured_at=coefficients.captured_at), state

    def _square(self, picture: Pixels) -> Pixels:
        """The middle square, a view."""
        return picture[self._top : self._top + self._side, self._left : self._left + self._side]

"""The `lite` renderer: the analytic picture, corrected by a small network.

The network works on the picture's middle square at its own size (256). What it finds comes back to
the picture's size: the analytic picture is moved and painted over there, so that it keeps all its
detail where the network lets it stand.
"""

import logging
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.personal import Personal
from pechead_live.coefficients import Coefficients
from pechead_live.facemodel.condition import condition_of
from pechead_live.frame import Picture, Pixels
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.renderer.compose import compose
from pechead_live.renderer.kept import keep
from pechead_live.renderer.lite_network import LiteDrawing, LiteNetwork
from pechead_live.renderer.square import resized

logger = logging.getLogger(__name__)

LARGEST_MEAN_RESIDUAL = 0.2
"""Picture coordinates. A network that moves the whole picture that far is lost."""

SMALLEST_MEAN_ALPHA = 0.15
"""A network that paints nearly everything anew is lost, too."""


class LiteState(NamedTuple):
    """The network's memory."""

    memory: Any


class LiteRenderer:
    """Draws one avatar at one size with one network."""

    def __init__(
        self,
        avatar: Avatar,
        width: int,
        height: int,
        network: LiteNetwork,
        background: Pixels | None = None,
    ) -> None:
        """Sizes and ``background`` as `AnalyticRenderer` has them."""
        self._analytic = AnalyticRenderer(avatar, width, height, background=background)
        self._network = network
        self._side = min(width, height)
        self._left, self._top = (width - self._side) // 2, (height - self._side) // 2
        portrait = resized(self._square(self._analytic.portrait()), network.size)
        personal = _personal_for(network, avatar)
        self._source = network.source(portrait, condition_of(avatar.rest), personal)
        self._failed = False
        """Whether a failure was logged."""

    @property
    def provider(self) -> str:
        """What really runs the network."""
        return self._network.provider

    def initial_state(self) -> LiteState:
        """The empty memory."""
        return LiteState(self._network.initial_state(self._source))

    def render(self, coefficients: Coefficients, state: LiteState) -> tuple[Picture, LiteState]:
        """Draws the avatar with the pose and expression of ``coefficients``.

        Where the network's result cannot be used, the analytic picture is given, and the memory
        begins anew. Raises `InputError` if a number of ``coefficients`` is not finite.
        """
        guide = self._analytic.guide(coefficients)
        expression = np.clip(coefficients.expression, 0, 1)
        condition = condition_of(replace(coefficients, expression=expression))
        square = self._square(guide.picture)
        seen = resized(square, self._network.size)
        try:
            drawing, memory = self._network.step(
                self._source, condition, seen, guide.flow, guide.share, state.memory
            )
            _check(drawing)
        except FloatingPointError as error:
            self._log(error)
            state = self.initial_state()
        else:
            drawing = keep(drawing, guide.landmarks)
            compose(guide.picture, drawing, self._left, self._top, self._side)
            state = LiteState(memory)
        return Picture(pixels=guide.picture, captured_at=coefficients.captured_at), state

    def _square(self, picture: Pixels) -> Pixels:
        """The middle square, a view."""
        return picture[self._top : self._top + self._side, self._left : self._left + self._side]

    def _log(self, error: FloatingPointError) -> None:
        if not self._failed:
            logger.warning("the lite network failed, its guide picture is shown: %s", error)
        self._failed = True


def _personal_for(network: LiteNetwork, avatar: Avatar) -> Personal | None:
    """What the avatar holds for these very weights; a warning if it is for others."""
    personal = avatar.personal
    if personal is None or personal.weights == network.weights:
        return personal
    logger.warning(
        "%s was personalised for other weights (%s) and is drawn without: give "
        "'pechead-live avatar personalise' again, with this network",
        avatar.name,
        personal.model,
    )
    return None


def _check(drawing: LiteDrawing) -> None:
    """`FloatingPointError` unless a network's result can be shown."""
    for name in ("residual", "alpha"):
        if not np.isfinite(getattr(drawing, name)).all():
            raise FloatingPointError(f"{name} is not finite")
    residual, alpha = float(np.abs(drawing.residual).mean()), float(drawing.alpha.mean())
    if residual > LARGEST_MEAN_RESIDUAL:
        raise FloatingPointError(f"mean residual {residual:.2f}, at most {LARGEST_MEAN_RESIDUAL}")
    if alpha < SMALLEST_MEAN_ALPHA:
        raise FloatingPointError(f"mean alpha {alpha:.2f}, at least {SMALLEST_MEAN_ALPHA}")

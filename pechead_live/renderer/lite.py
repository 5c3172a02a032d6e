"""The `lite` renderer: the analytic picture, corrected by a small network.

The network works on the picture's middle square at its own size (256). What it finds comes back to
the picture's size: the analytic picture is moved and painted over there, so that it keeps all its
detail where the network lets it stand.
"""

import logging
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.facemodel.condition import condition_of
from pechead_live.frame import Picture, Pixels
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.renderer.guide import Guide
from pechead_live.renderer.lattice import finer, sampled
from pechead_live.renderer.lite_network import LiteMotion, LiteNetwork, LitePainting

logger = logging.getLogger(__name__)

LARGEST_MEAN_RESIDUAL = 0.2
"""Picture coordinates. A network that moves the whole picture that far is lost."""

SMALLEST_MEAN_ALPHA = 0.15
"""A network that paints nearly everything anew is lost, too."""


class LiteState(NamedTuple):
    """The network's memory."""

    hidden: FloatArray
    """(h / 2, h / 2, C); zeros before the first picture."""


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
        portrait = self._reduced(self._analytic.portrait())
        self._source = network.encode(portrait, condition_of(avatar.rest))
        self._failed = False
        """Whether a failure was logged."""

    def initial_state(self) -> LiteState:
        """Zeros."""
        return LiteState(np.zeros(self._network.hidden_shape, np.float32))

    def render(self, coefficients: Coefficients, state: LiteState) -> tuple[Picture, LiteState]:
        """Draws the avatar with the pose and expression of ``coefficients``.

        Where the network's result cannot be used, the analytic picture is given, and the memory
        begins anew. Raises `InputError` if a number of ``coefficients`` is not finite.
        """
        guide = self._analytic.guide(coefficients)
        expression = np.clip(coefficients.expression, 0, 1)
        condition = condition_of(replace(coefficients, expression=expression))
        motion = self._network.motion(self._source, condition, guide.flow, guide.share)
        painting = self._painting(motion, condition, guide, state)
        fault = _fault(motion, painting)
        if fault:
            self._log(fault)
            state = self.initial_state()
        else:
            self._correct(guide.picture, motion.residual, painting)
            state = LiteState(painting.hidden)
        return Picture(pixels=guide.picture, captured_at=coefficients.captured_at), state

    def _painting(
        self, motion: LiteMotion, condition: FloatArray, guide: Guide, state: LiteState
    ) -> LitePainting:
        source = self._source
        side_64, side_128 = source.features_64.shape[0], source.features_128.shape[0]
        return self._network.decode(
            sampled(source.features_64, *finer(motion.flow, side_64)),
            sampled(source.features_128, *finer(motion.flow, side_128)),
            motion.occlusion,
            condition,
            self._reduced(guide.picture),
            state.hidden,
        )

    def _reduced(self, picture: Pixels) -> FloatArray:
        """(S, S, 3) in [0, 1]: the middle square of ``picture`` at the network's size."""
        size = self._network.size
        square = picture[self._top : self._top + self._side, self._left : self._left + self._side]
        if self._side != size:
            way = cv2.INTER_AREA if self._side > size else cv2.INTER_LINEAR
            square = cv2.resize(square, (size, size), interpolation=way)
        return np.asarray(square, np.float32) / np.float32(255)

    def _correct(self, picture: Pixels, residual: FloatArray, painting: LitePainting) -> None:
        """Moves and paints over the middle square of ``picture``, in place."""
        side, left, top = self._side, self._left, self._top
        x, y = finer(residual, side)
        half, place = np.float32((side - 1) / 2), np.arange(side, dtype=np.float32)
        across, down = x * half + (place + left)[None, :], y * half + (place + top)[:, None]
        moved = cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        colours = np.round(np.clip(painting.painted, 0, 1) * 255).astype(np.uint8)
        alpha = np.clip(painting.alpha[..., 0], 0, 1)
        if side != self._network.size:
            colours = cv2.resize(colours, (side, side), interpolation=cv2.INTER_CUBIC)
            alpha = cv2.resize(alpha, (side, side), interpolation=cv2.INTER_LINEAR)
        alpha = np.asarray(alpha, np.float32)
        blend = cv2.blendLinear(moved, np.ascontiguousarray(colours), alpha, 1 - alpha)
        picture[top : top + side, left : left + side] = blend

    def _log(self, fault: str) -> None:
        if not self._failed:
            logger.warning("the lite network failed, its guide picture is shown: %s", fault)
        self._failed = True


def _fault(motion: LiteMotion, painting: LitePainting) -> str | None:
    """What is wrong with a network's result; None when it can be shown."""
    for name, value in (*motion._asdict().items(), *painting._asdict().items()):
        if not np.isfinite(value).all():
            return f"{name} is not finite"
    residual, alpha = float(np.abs(motion.residual).mean()), float(painting.alpha.mean())
    if residual > LARGEST_MEAN_RESIDUAL:
        return f"mean residual {residual:.2f}, at most {LARGEST_MEAN_RESIDUAL}"
    if alpha < SMALLEST_MEAN_ALPHA:
        return f"mean alpha {alpha:.2f}, at least {SMALLEST_MEAN_ALPHA}"
    return None

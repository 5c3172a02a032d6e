"""`LiteNetwork`: what the lite renderer asks of a network, whatever runs it.

S is the side of a picture (256), h = S / 4 of the flow.
"""

from typing import Any, NamedTuple, Protocol

from pechead_live.avatar.personal import Personal
from pechead_live.coefficients import FloatArray
from pechead_live.frame import Pixels


class LiteDrawing(NamedTuple):
    """What a network adds to one guide picture."""

    residual: FloatArray
    """(h, h, 2) displacement, picture coordinates, of the guide picture; 0 at the edge."""

    painted: Pixels
    """(S, S, 3) RGB, what is drawn over the moved guide picture."""

    alpha: FloatArray
    """(S, S) in [0, 1]: the guide picture's share; 1 at the edge."""


class LiteNetwork(Protocol):
    """A lite network on some runtime. What depends on the portrait alone, and the memory, are its
    own: nobody else looks into them."""

    @property
    def size(self) -> int:
        """S."""
        ...

    @property
    def provider(self) -> str:
        """What really computes, in its runtime's words."""
        ...

    @property
    def weights(self) -> str:
        """SHA-256 of the checkpoint that it comes from, hexadecimal; "" if that is not known."""
        ...

    def source(
        self, portrait: Pixels, condition: FloatArray, personal: Personal | None = None
    ) -> Any:
        """``portrait`` (S, S, 3) RGB; the ``condition`` (61,) that it was measured with.

        ``personal``: of this portrait and these `weights`, is added to what the network sees.
        Raises `InputError` if it has other shapes than the network's features.
        """
        ...

    def initial_state(self, source: Any) -> Any:
        """The memory before the first frame: zeros."""
        ...

    def step(
        self,
        source: Any,
        condition: FloatArray,
        guide_picture: Pixels,
        guide_flow: FloatArray,
        guide_share: FloatArray,
        state: Any,
    ) -> tuple[LiteDrawing, Any]:
        """The next frame and the memory after it: ``condition`` (61,) and the guide's picture
        (S, S, 3), flow (64, 64, 2) and share (64, 64).

        Raises `FloatingPointError` if the memory is no longer finite.
        """
        ...

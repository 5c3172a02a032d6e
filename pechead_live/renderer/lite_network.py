"""`LiteNetwork`: what the lite renderer asks of a network, whatever runs it.

Three pure functions of arrays, cut where features are warped: the runtimes that a CPU has warp
slowly, `cv2.remap` does not. All arrays are float32, channels last (rows, columns, channels) as
`cv2` has them. S is the side of a picture (256), h = S / 4 of the flow.
"""

from typing import NamedTuple, Protocol

from pechead_live.coefficients import FloatArray


class LiteSource(NamedTuple):
    """What depends on the portrait alone."""

    features_64: FloatArray
    """(h, h, C) for the decoder."""

    features_128: FloatArray
    """(2 h, 2 h, C) for the decoder."""

    motion_features: FloatArray
    """(h, h, C) for the motion network."""

    keypoints: FloatArray
    """(10, 2) picture coordinates."""


class LiteMotion(NamedTuple):
    """How one frame is moved."""

    flow: FloatArray
    """(h, h, 2) backward, absolute picture coordinates: where the features come from."""

    residual: FloatArray
    """(h, h, 2) displacement, picture coordinates, of the guide picture; 0 at the edge."""

    occlusion: FloatArray
    """(h, h, 1) in [0, 1]; 1 where the portrait shows the place."""


class LitePainting(NamedTuple):
    """What is drawn over the moved guide picture."""

    painted: FloatArray
    """(S, S, 3) RGB in [0, 1]."""

    alpha: FloatArray
    """(S, S, 1) in [0, 1]: the guide picture's share; 1 at the edge."""

    hidden: FloatArray
    """(h / 2, h / 2, C) for the next frame."""


class LiteNetwork(Protocol):
    """A lite network on some runtime."""

    @property
    def size(self) -> int:
        """S."""
        ...

    @property
    def hidden_shape(self) -> tuple[int, int, int]:
        """Of the recurrent state, which is zeros before the first frame."""
        ...

    def encode(self, portrait: FloatArray, condition: FloatArray) -> LiteSource:
        """``portrait`` (S, S, 3) RGB in [0, 1]; ``condition`` (61,) that it was measured with."""
        ...

    def motion(
        self,
        source: LiteSource,
        condition: FloatArray,
        guide_flow: FloatArray,
        guide_share: FloatArray,
    ) -> LiteMotion:
        """``condition`` (61,) of the frame; the guide's flow (64, 64, 2) and share (64, 64)."""
        ...

    def decode(
        self,
        features_64: FloatArray,
        features_128: FloatArray,
        occlusion: FloatArray,
        condition: FloatArray,
        guide_picture: FloatArray,
        hidden: FloatArray,
    ) -> LitePainting:
        """The source's features after the flow moved them; ``guide_picture`` (S, S, 3) in [0, 1];
        the rest as in the tuples."""
        ...

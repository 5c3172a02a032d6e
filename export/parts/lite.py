"""The parts of a lite network: cut at its warps for CPUs, whole for everything else.

A CPU's runtime warps slowly, so there `encode`, `motion` and `decode` run with the warps between
them outside (`cv2.remap`), and the features that are warped are channels last. `step` is motion,
warps and decode in one graph; it takes the source as `encode` gives it.
"""

import torch
from torch import Tensor, nn

from export.parts.part import Part
from export.parts.pixels import given, picture_port, taken
from pechead_live.facemodel.condition import CONDITION_SIZE
from pechead_live.model.lite.keypoints import KEYPOINTS
from pechead_live.model.lite.network import Lite, LiteSource, LiteState

GUIDE_GRID = 64
"""Side of the guide's flow and share, whatever the network's own."""


def lite_parts(network: Lite, pixels: str) -> list[Part]:
    """`encode`, `motion`, `decode` and `step` of ``network``, with pictures as ``pixels``.

    Every normalisation is folded into a convolution, every branch into one.
    """
    fused = network.fused().cpu()
    d = fused.dimensions
    portrait, condition = picture_port(d.size, pixels), torch.zeros(CONDITION_SIZE)
    fine, coarse = 2 * d.grid, d.grid // 2
    source = {
        "source_features_64": torch.zeros(d.grid, d.grid, d.features_64),
        "source_features_128": torch.zeros(fine, fine, d.features_128),
        "source_motion_features": torch.zeros(1, d.motion_features + KEYPOINTS, d.grid, d.grid),
        "source_keypoints": torch.zeros(1, KEYPOINTS, 2),
    }
    guide = {
        "guide_flow": torch.zeros(GUIDE_GRID, GUIDE_GRID, 2),
        "guide_share": torch.zeros(GUIDE_GRID, GUIDE_GRID),
    }
    moved = {"source_motion_features", "source_keypoints"}
    seen = {"condition": condition, "guide_picture": portrait}
    state = {"state_hidden": torch.zeros(1, d.hidden, coarse, coarse)}
    warped = {
        "features_64": source["source_features_64"],
        "features_128": source["source_features_128"],
        "occlusion": torch.zeros(1, 1, d.grid, d.grid),
    }
    painting = ("painted", "alpha", "next_state_hidden")
    return [
        Part(
            "encode",
            _Encode(fused).eval(),
            {"portrait": portrait, "condition": condition},
            tuple(source),
        ),
        Part(
            "motion",
            _Motion(fused).eval(),
            {
                **{name: port for name, port in source.items() if name in moved},
                "condition": condition,
                **guide,
            },
            ("flow", "residual", "occlusion"),
        ),
        Part(
            "decode",
            _Decode(fused, pixels).eval(),
            {**warped, **seen, "guide_share": guide["guide_share"], **state},
            painting,
        ),
        Part(
            "step",
            _Step(fused, pixels).eval(),
            {**source, **seen, **guide, **state},
            ("residual", *painting),
        ),
    ]


class _Encode(nn.Module):
    def __init__(self, network: Lite) -> None:
        super().__init__()
        self.network = network

    def forward(self, portrait: Tensor, condition: Tensor) -> tuple[Tensor, ...]:
        source = self.network.encode(taken(portrait), condition[None])
        return (
            _channels_last(source.features_64),
            _channels_last(source.features_128),
            source.motion_features,
            source.keypoints,
        )


class _Motion(nn.Module):
    def __init__(self, network: Lite) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        motion_features: Tensor,
        keypoints: Tensor,
        condition: Tensor,
        guide_flow: Tensor,
        guide_share: Tensor,
    ) -> tuple[Tensor, ...]:
        unused = motion_features[:, :0]
        source = LiteSource(unused, unused, motion_features, keypoints)
        flow, residual, occlusion = self.network.motion(
            source, condition[None], guide_flow[None], guide_share[None]
        )
        return flow[0], residual[0], occlusion


class _Decode(nn.Module):
    def __init__(self, network: Lite, pixels: str) -> None:
        super().__init__()
        self.network = network
        self.pixels = pixels

    def forward(
        self,
        features_64: Tensor,
        features_128: Tensor,
        occlusion: Tensor,
        condition: Tensor,
        guide_picture: Tensor,
        guide_share: Tensor,
        hidden: Tensor,
    ) -> tuple[Tensor, ...]:
        decoded = self.network.decode(
            _channels_first(features_64),
            _channels_first(features_128),
            occlusion,
            condition[None],
            taken(guide_picture),
            guide_share[None],
            hidden,
        )
        return given(decoded.painted, self.pixels), decoded.alpha[0, 0], decoded.hidden


class _Step(nn.Module):
    def __init__(self, network: Lite, pixels: str) -> None:
        super().__init__()
        self.network = network
        self.pixels = pixels

    def forward(
        self,
        features_64: Tensor,
        features_128: Tensor,
        motion_features: Tensor,
        keypoints: Tensor,
        condition: Tensor,
        guide_picture: Tensor,
        guide_flow: Tensor,
        guide_share: Tensor,
        hidden: Tensor,
    ) -> tuple[Tensor, ...]:
        source = LiteSource(
            _channels_first(features_64), _channels_first(features_128), motion_features, keypoints
        )
        # the output's own picture, which warps the guide, is made outside: nothing asks for it here
        output, state = self.network.step(
            source,
            condition[None],
            taken(guide_picture),
            guide_flow[None],
            guide_share[None],
            LiteState(hidden),
        )
        painted = given(output.painted, self.pixels)
        return output.residual[0], painted, output.alpha[0, 0], state.hidden


def _channels_last(features: Tensor) -> Tensor:
    """(1, C, h, w) to (h, w, C)."""
    return features[0].permute(1, 2, 0)


def _channels_first(features: Tensor) -> Tensor:
    """(h, w, C) to (1, C, h, w)."""
    return features.permute(2, 0, 1)[None]

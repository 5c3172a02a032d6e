"""Small lite networks and inputs for tests."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pechead_live.model.lite.dimensions import LITE_PRESETS
from pechead_live.model.lite.network import Lite, LiteOutput, LiteSource, LiteState
from pechead_live.model.warp import identity_grid


class Clip(NamedTuple):
    """T frames of one portrait, T first, and the portrait."""

    portrait: Tensor
    rest: Tensor
    conditions: Tensor
    pictures: Tensor
    flows: Tensor
    shares: Tensor


def untrained(preset: str = "toy", seed: int = 0) -> Lite:
    """As it is before training."""
    torch.manual_seed(seed)
    return Lite(LITE_PRESETS[preset]).eval()


def shaken(preset: str = "toy", seed: int = 0) -> Lite:
    """As if trained: no weight is zero, no statistic is what it began with."""
    network = untrained(preset, seed)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                assert module.running_mean is not None and module.running_var is not None
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.1)
        assert network.motion_network.head.bias is not None
        network.motion_network.head.weight.normal_(0, 0.05)
        network.motion_network.head.bias.normal_(0, 1)
        network.decoder.film.second.weight.normal_(0, 0.05)
        network.decoder.out.weight.normal_(0, 0.2)
        network.decoder.out.bias.normal_(0, 1)
        network.keypoints.offset.weight.normal_(0, 0.02)
    return network


def clip_of(network: Lite, frames: int = 3, seed: int = 1) -> Clip:
    """Smooth noise that moves a little."""
    random = torch.Generator().manual_seed(seed)
    side = network.dimensions.size

    def noise(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=random)

    def picture(count: int) -> Tensor:
        coarse = noise(count, 3, 8, 8)
        return nn.functional.interpolate(coarse, size=(side, side), mode="bilinear")

    rest = network.condition_mean + 0.1 * (noise(1, 61) - 0.5)
    still = identity_grid(64, 64, rest)
    return Clip(
        portrait=picture(1),
        rest=rest,
        conditions=rest + 0.2 * (noise(frames, 61) - 0.5),
        pictures=picture(frames),
        flows=still + 0.1 * (noise(frames, 1, 1, 2) - 0.5),
        shares=noise(frames, 64, 64),
    )


def draw(
    network: Lite,
    clip: Clip,
    first: int = 0,
    source: LiteSource | None = None,
    state: LiteState | None = None,
) -> tuple[list[LiteOutput], LiteState]:
    """The clip's frames from ``first`` on, without gradients."""
    with torch.no_grad():
        source = source or network.encode(clip.portrait, clip.rest)
        state = state or network.initial_state(1)
        outputs: list[LiteOutput] = []
        for t in range(first, len(clip.pictures)):
            one = slice(t, t + 1)
            output, state = network.step(
                source,
                clip.conditions[one],
                clip.pictures[one],
                clip.flows[one],
                clip.shares[one],
                state,
            )
            outputs.append(output)
    return outputs, state

"""Small PECHeads with weights that do something, and clips to drive them."""

import dataclasses

import torch
from torch import Tensor

from pechead_live.model.dimensions import PRESETS, Dimensions
from pechead_live.model.pechead import Driving, Output, PECHead, Source, State
from pechead_live.model.warp import identity_grid

TOY = PRESETS["toy"]

PLAIN = dataclasses.replace(
    TOY,
    preactivation=True,
    prior_flow=False,
    pose_jacobian=False,
    align_state=False,
    landmarks=68,
    fuse_kernel=3,
)
"""`toy` with the switches of `paper`."""


def network(dimensions: Dimensions = TOY, seed: int = 0) -> PECHead:
    """In eval mode; no layer is zero any more, so nothing is hidden by how weights start."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = PECHead(dimensions)
        with torch.no_grad():
            for parameter in made.parameters():
                parameter += 0.05 * torch.randn_like(parameter)
            for buffer in made.buffers():
                if buffer.is_floating_point() and (buffer == 1).all():
                    buffer += 0.2 * torch.rand_like(buffer)
    return made.eval()


def conditions(count: int, seed: int) -> Tensor:
    """(count, 61): a head that shakes, and expressions."""
    generator = torch.Generator().manual_seed(seed)
    angle = 0.3 * torch.rand(count, generator=generator)
    zero = torch.zeros(count)
    first = torch.stack([angle.cos(), zero, -angle.sin()], dim=1)
    second = torch.tensor([0.0, 1.0, 0.0]).expand(count, 3)
    place = 0.1 * torch.randn(count, 2, generator=generator)
    scale = -1 + 0.1 * torch.randn(count, 1, generator=generator)
    expression = torch.rand(count, 52, generator=generator)
    return torch.cat([first, second, place, scale, expression], dim=1)


def landmarks(count: int, seed: int) -> Tensor:
    """(count, 70, 2): one face, moved a little from frame to frame."""
    generator = torch.Generator().manual_seed(seed)
    face = 1.2 * torch.rand(1, 70, 2, generator=torch.Generator().manual_seed(5)) - 0.6
    return face + 0.05 * torch.randn(count, 70, 2, generator=generator)


def portrait(seed: int = 1, batch: int = 1, size: int = TOY.size) -> Tensor:
    """(batch, 3, size, size) in [0, 1]."""
    return torch.rand(batch, 3, size, size, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def source_of(made: PECHead, seed: int = 1, batch: int = 1) -> Source:
    """Without gradients, as `play`."""
    return made.source(portrait(seed, batch), conditions(batch, seed), landmarks(batch, seed))


def drive(frames: int, seed: int = 2, batch: int = 1) -> list[Driving]:
    """A clip: ``frames`` of them, for ``batch`` portraits."""
    condition = conditions(frames * batch, seed).split(batch)
    points = landmarks(frames * batch, seed).split(batch)
    generator = torch.Generator().manual_seed(seed)
    still = identity_grid(64, 64, points[0])
    moves = 0.05 * torch.randn(frames, batch, 1, 1, 2, generator=generator)
    return [
        Driving(condition[t], points[t], (still + moves[t]).contiguous()) for t in range(frames)
    ]


@torch.no_grad()
def play(
    made: PECHead, source: Source, clip: list[Driving], state: State | None = None
) -> tuple[list[Output], State]:
    """Every frame's output and the state after the last one."""
    state = made.initial_state(source) if state is None else state
    outputs: list[Output] = []
    for driving in clip:
        output, state = made.step(source, driving, state)
        outputs.append(output)
    return outputs, state


def pictures(outputs: list[Output]) -> Tensor:
    """(T, B, 3, H, W)."""
    return torch.stack([output.picture for output in outputs])

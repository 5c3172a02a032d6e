"""The lite network: what it draws before training, its two forms, its memory."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lite_samples import Clip, clip_of, draw, shaken, untrained
from torch import Tensor, nn

from pechead_live.coefficients import Coefficients, rotation_from_euler
from pechead_live.errors import InputError
from pechead_live.facemodel.condition import condition_of
from pechead_live.facemodel.linear import project
from pechead_live.model.lite.dimensions import LITE_PRESETS, LiteDimensions
from pechead_live.model.lite.keypoints import HeadKeypoints, spread_points
from pechead_live.model.lite.motion import near_person
from pechead_live.model.lite.network import Lite
from pechead_live.model.lite.rep import ConvNorm, Rep3x3, fused
from pechead_live.model.lite.summary import lite_summary
from pechead_live.model.summary import total
from pechead_live.model.warp import identity_grid, resize_flow


def cut(clip: Clip, first: int, last: int) -> Clip:
    """The frames from ``first`` up to ``last``."""
    return Clip(clip.portrait, clip.rest, *(frames[first:last] for frames in clip[2:]))


def farthest(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


@pytest.mark.parametrize("preset", ["toy", "lite-s"])
def test_an_untrained_network_draws_the_guide_picture(preset: str) -> None:
    network = untrained(preset)
    clip = clip_of(network, frames=1)
    output = draw(network, clip)[0][0]
    assert farthest(output.picture, clip.pictures) < 2 / 255
    assert output.residual.abs().max() == 0
    wanted = resize_flow(clip.flows, network.dimensions.grid, network.dimensions.grid)
    largest = farthest(wanted, identity_grid(*wanted.shape[1:3], wanted))
    assert largest > 0.01
    assert farthest(output.flow, wanted) < 0.15 * largest


def test_a_black_and_a_white_guide_picture_stay_so_without_training() -> None:
    network = untrained()
    clip = clip_of(network, frames=2)
    clip.pictures[0], clip.pictures[1] = 0, 1
    black, white = (output.picture for output in draw(network, clip)[0])
    assert black.max() < 2 / 255
    assert white.min() > 253 / 255


def test_every_weight_matters_to_the_picture() -> None:
    network = shaken().train()
    clip = clip_of(network, frames=4)
    source = network.encode(clip.portrait.expand(4, -1, -1, -1), clip.rest.expand(4, -1))
    state = network.initial_state(4)
    pictures: list[Tensor] = []
    for turn in (0, 1):  # the memory's gates matter to the second frame
        output, state = network.step(
            source,
            clip.conditions.roll(turn, 0),
            clip.pictures.roll(turn, 0),
            clip.flows,
            clip.shares,
            state,
        )
        pictures.append(output.picture)
    (torch.stack(pictures) ** 2).sum().backward()
    idle = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert idle == []


@pytest.mark.parametrize(
    "block", [ConvNorm(6, 8, stride=2), ConvNorm(6, 6, 1, relu=False), Rep3x3(6)]
)
def test_a_block_is_one_convolution_once_its_statistics_stand_still(block: nn.Module) -> None:
    torch.manual_seed(3)
    block.train()
    for _ in range(3):
        block(torch.randn(4, 6, 8, 8) * 2 + 1)
    block.eval()
    assert isinstance(block, ConvNorm | Rep3x3)
    one, features = block.fuse(), torch.randn(2, 6, 8, 8)
    assert sum(isinstance(part, nn.Conv2d) for part in one.modules()) == 1
    assert not any(isinstance(part, nn.BatchNorm2d) for part in one.modules())
    with torch.no_grad():
        assert farthest(one(features), block(features)) < 1e-5


def test_the_fused_network_draws_the_same_and_has_no_normalisation_left() -> None:
    network = shaken()
    clip = clip_of(network)
    one = network.fused()
    assert not any(isinstance(part, nn.BatchNorm2d) for part in one.modules())
    assert any(isinstance(part, nn.BatchNorm2d) for part in network.modules())
    for whole, branched in zip(draw(one, clip)[0], draw(network, clip)[0], strict=True):
        for name in branched._fields:
            assert farthest(getattr(whole, name), getattr(branched, name)) < 1e-4, name
    assert fused(one) is not one


def test_a_kept_source_draws_what_a_fresh_one_does() -> None:
    network = shaken()
    clip = clip_of(network)
    with torch.no_grad():
        kept = network.encode(clip.portrait, clip.rest)
    cached = draw(network, clip, source=kept)[0]
    state = None
    for t, expected in enumerate(cached):
        outputs, state = draw(network, cut(clip, t, t + 1), state=state)  # encodes again
        assert farthest(outputs[0].picture, expected.picture) < 1e-6


@settings(max_examples=10, deadline=None)
@given(cut_at=st.integers(1, 4), seed=st.integers(0, 100))
def test_a_clip_cut_anywhere_gives_the_same_pictures(cut_at: int, seed: int) -> None:
    network = shaken(seed=seed)
    clip = clip_of(network, frames=5, seed=seed)
    whole, last = draw(network, clip)
    before, state = draw(network, cut(clip, 0, cut_at))
    after, end = draw(network, cut(clip, cut_at, 5), state=state)
    for part, expected in zip([*before, *after], whole, strict=True):
        assert torch.equal(part.picture, expected.picture)
    assert torch.equal(end.hidden, last.hidden)
    fresh = draw(network, cut(clip, cut_at, 5))[0]
    assert not torch.equal(fresh[0].picture, whole[cut_at].picture)  # the memory counts


@settings(max_examples=10, deadline=None)
@given(cut_at=st.integers(1, 4), seed=st.integers(0, 100))
def test_the_future_does_not_change_the_past(cut_at: int, seed: int) -> None:
    network = shaken(seed=seed)
    clip = clip_of(network, frames=5, seed=seed)
    other = Clip(*(part.clone() for part in clip))
    for part in other[2:]:
        part[cut_at:] = part[cut_at:].flip(-1)
    one, two = draw(network, clip)[0], draw(network, other)[0]
    assert all(torch.equal(a.picture, b.picture) for a, b in zip(one[:cut_at], two, strict=False))
    assert not torch.equal(one[cut_at].picture, two[cut_at].picture)


def loss_of(network: Lite, clip: Clip) -> Tensor:
    count = len(clip.pictures)
    source = network.encode(clip.portrait.expand(count, -1, -1, -1), clip.rest.expand(count, -1))
    guide = (clip.conditions, clip.pictures, clip.flows, clip.shares)
    output = network.step(source, *guide, network.initial_state(count))[0]
    return (output.picture - clip.pictures.flip(-1)).abs().mean()


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_step_of_adam_brings_the_picture_nearer_to_another(precision: str) -> None:
    network = untrained().train()
    clip = clip_of(network, frames=4)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    losses: list[float] = []
    for _ in range(2):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss = loss_of(network, clip)
        assert loss.dtype == torch.float32
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[1] < losses[0]


def test_bfloat16_leaves_the_flow_and_the_unmoved_guide_exact() -> None:
    network = untrained()
    clip = clip_of(network, frames=1)
    exact = draw(network, clip)[0][0]
    with torch.autocast("cpu", torch.bfloat16):
        coarse = draw(network, clip)[0][0]
    assert coarse.flow.dtype == coarse.residual.dtype == coarse.picture.dtype == torch.float32
    assert farthest(coarse.flow, exact.flow) < 1e-6
    assert farthest(coarse.picture, exact.picture) < 1e-3


def test_at_the_picture_s_edge_the_guide_stands_whatever_was_learned() -> None:
    network = shaken()
    clip = clip_of(network, frames=1)
    output = draw(network, clip)[0][0]
    assert farthest(output.picture, clip.pictures) > 0.1
    for edge in (0, -1):
        assert farthest(output.picture[..., edge], clip.pictures[..., edge]) < 1e-5
        assert farthest(output.picture[..., edge, :], clip.pictures[..., edge, :]) < 1e-5


def test_away_from_the_person_the_guide_stands_whatever_was_learned() -> None:
    network = shaken()
    clip = clip_of(network, frames=1)
    clip.shares[:] = 0
    clip.shares[:, 24:40, :16] = 1  # of 64: a person at the left edge, half way down
    output = draw(network, clip)[0][0]
    side = network.dimensions.size
    apart = (output.picture - clip.pictures).abs().amax(dim=1)[0]
    assert apart[:, side // 2 :].max() < 1e-5
    assert apart[: side // 8].max() < 1e-5
    assert apart[3 * side // 8 : 5 * side // 8, : side // 4].max() > 0.01


def test_the_person_s_neighbourhood_is_soft_and_a_little_wider_than_the_person() -> None:
    share = torch.zeros(1, 64, 64)
    share[:, 20:40, 20:40] = 1
    near = near_person(share)[0, 0]
    assert near[20:40, 20:40].min() == 1
    assert near[30, 18] > 0.5 and near[30, 16] == 0
    assert 0 < near[30, 40:43].min() <= near[30, 40:43].max() <= 1
    assert near_person(torch.zeros(1, 16, 16)).max() == 0


def test_the_keypoints_are_where_the_face_model_projects_them() -> None:
    c = Coefficients(
        rotation=rotation_from_euler(20, -10, 15),
        translation=np.array([0.1, -0.05], np.float32),
        scale=0.35,
    )
    wanted = project(spread_points(), c.rotation, c.translation, c.scale)
    with torch.no_grad():
        found = HeadKeypoints()(torch.from_numpy(condition_of(c))[None])[0].numpy()
    assert np.abs(found - wanted).max() < 1e-5
    distance = np.linalg.norm(wanted[:, None] - wanted[None], axis=-1) + np.eye(10)
    assert distance.min() > 0.05


@pytest.mark.parametrize(("preset", "giga"), [("lite-m", 1.33), ("lite-s", 0.86)])
def test_a_frame_costs_about_what_was_planned(preset: str, giga: float) -> None:
    row = total(lite_summary(LITE_PRESETS[preset]))
    assert row.frame_macs / 1e9 == pytest.approx(giga, rel=0.08)
    assert row.source_macs < 6e9


def test_sizes_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="multiple of 32"):
        LiteDimensions(size=100)
    with pytest.raises(InputError, match="hidden"):
        LiteDimensions(hidden=0)

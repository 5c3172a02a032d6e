"""Frame flow: where each place of a frame was one frame before."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pechead_live.errors import InputError, MissingDependencyError
from pechead_live.model.frame_flow import FrameFlow, frame_flow, identity_flow
from pechead_live.model.warp import warp

LARGE = 192
"""Pixels of the scene; the frames are windows of 128 into it."""


def scene(seed: int) -> np.ndarray:
    """(192, 192, 3) float32 in [0, 1], smooth blobs of every colour."""
    noise = np.random.default_rng(seed).random((LARGE, LARGE, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return (smooth - smooth.min()) / (smooth.max() - smooth.min())


def window(picture: np.ndarray, x: int, y: int) -> torch.Tensor:
    """(3, 128, 128) with its corner at (x, y)."""
    return torch.tensor(picture[y : y + 128, x : x + 128]).permute(2, 0, 1)


@pytest.fixture(scope="module")
def frames() -> tuple[torch.Tensor, torch.Tensor]:
    """Frame t and frame t-1, batch of 2: the content moved by (+6, -3) and by (-4, +5) px."""
    one, two = scene(0), scene(1)
    current = torch.stack([window(one, 20, 20), window(two, 20, 20)])
    previous = torch.stack([window(one, 26, 17), window(two, 16, 25)])
    return current, previous


def test_a_still_source_does_not_move(frames: tuple[torch.Tensor, torch.Tensor]):
    flow = frame_flow("identity")(*frames)
    assert flow.shape == (2, 32, 32, 2)
    assert flow[0, 0, 0].tolist() == [-1, -1]
    assert flow[1, 31, 0].tolist() == [-1, 1]
    small = torch.rand(2, 3, 32, 32)
    assert warp(small, flow) == pytest.approx(small, abs=1e-5)


def test_dis_says_where_each_place_was_before(frames: tuple[torch.Tensor, torch.Tensor]):
    current, previous = frames
    flow = frame_flow("dis")(current, previous)
    assert flow.shape == (2, 32, 32, 2)
    assert flow.dtype == torch.float32
    moved = (flow - identity_flow(current, previous))[:, 4:-4, 4:-4] * 127 / 2
    # frame t shows at z what frame t-1 showed at z + (20, 20) - its own corner
    expected = torch.tensor([[-6.0, 3.0], [4.0, -5.0]])
    assert moved.mean(dim=(1, 2)) == pytest.approx(expected, abs=0.3)


def test_the_frame_before_sampled_by_it_is_the_frame(
    frames: tuple[torch.Tensor, torch.Tensor],
):
    current, previous = frames
    flow = frame_flow("dis")(current, previous)
    coarse = torch.nn.functional.interpolate(current, (32, 32), mode="bilinear", align_corners=True)
    moved, still = warp(previous, flow), warp(previous, identity_flow(current, previous))
    inside = (slice(None), slice(None), slice(4, -4), slice(4, -4))
    error = (moved - coarse)[inside].abs().mean()
    assert error < 0.2 * (still - coarse)[inside].abs().mean()


def test_dis_takes_pictures_that_need_gradients(frames: tuple[torch.Tensor, torch.Tensor]):
    current, previous = (frame.clone().requires_grad_() for frame in frames)
    assert not frame_flow("dis")(current, previous).requires_grad


def test_an_unknown_flow_is_refused_with_those_there_are():
    with pytest.raises(InputError, match=r"'farneback'.*identity, dis, raft"):
        frame_flow("farneback")


def test_raft_without_weights_says_how_to_get_them():
    with pytest.raises(InputError, match=r"needs weights.*raft_large"):
        frame_flow("raft")


def test_raft_without_torchvision_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "torchvision.models.optical_flow", None)  # cannot be imported
    with pytest.raises(MissingDependencyError, match="pip install torchvision"):
        frame_flow("raft", tmp_path / "raft.safetensors")


@pytest.mark.gpu  # torchvision is where a GPU is, not in the development environment
def test_weights_of_another_network_are_refused(tmp_path: Path):
    path = tmp_path / "raft.safetensors"
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(InputError, match=r"raft\.safetensors holds no weights of RAFT"):
        frame_flow("raft", path)


@pytest.mark.gpu
def test_raft_reads_its_weights_and_draws_a_flow_on_the_feature_grid(
    tmp_path: Path, frames: tuple[torch.Tensor, torch.Tensor]
):
    from torchvision.models.optical_flow import raft_large

    network = raft_large(weights=None)
    with torch.no_grad():  # a head that answers a constant displacement after each iteration
        head = network.update_block.flow_head.conv2
        head.weight.zero_()
        head.bias.copy_(torch.tensor([0.5, -0.25]))
        network.mask_predictor.conv.weight.zero_()
        network.mask_predictor.conv.bias.zero_()
    path = tmp_path / "raft.safetensors"
    save_file(network.state_dict(), path)
    flow_of: FrameFlow = frame_flow("raft", path)
    flow = flow_of(*frames)
    moved = (flow - identity_flow(*frames))[:, 8:-8, 8:-8] * 127 / 2
    # 12 iterations at an eighth of the size: 12 * 8 * (0.5, -0.25) pixels
    assert moved.mean(dim=(1, 2)) == pytest.approx(torch.tensor([[48.0, -24.0]] * 2), abs=0.1)
    with pytest.raises(InputError, match="64x64"):
        flow_of(torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64))

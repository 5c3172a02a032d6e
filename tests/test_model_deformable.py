"""The deformable convolution: its definition, its gradients, and the ONNX operator."""

import io
import math

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from pechead_live.model.alignment import DeformableAlignment, FlowAlignment
from pechead_live.model.deformable import (
    DeformableConvolution,
    deform_conv2d,
    sampled_deform_conv2d,
)
from pechead_live.model.motion_estimator import Deformation
from pechead_live.model.warp import identity_grid

GROUPS = 2


def given(dtype: torch.dtype = torch.float32, size: int = 6, spread: float = 2.0) -> list[Tensor]:
    """Feature, weight, bias, offset and mask; some offsets lead out of the picture."""
    generator = torch.Generator().manual_seed(7)

    def numbers(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)

    taps = 9 * GROUPS
    return [
        numbers(2, 4, size, size + 1),
        numbers(3, 4, 3, 3),
        numbers(3),
        spread * numbers(2, 2 * taps, size, size + 1),
        numbers(2, taps, size, size + 1).sigmoid(),
    ]


def pixel(feature: Tensor, y: int, x: int) -> Tensor:
    inside = 0 <= y < feature.shape[-2] and 0 <= x < feature.shape[-1]
    return feature[..., y, x] if inside else torch.zeros_like(feature[..., 0, 0])


def looked_up(feature: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """A (C, H, W) feature between its pixels; zero outside."""
    top, left = math.floor(y.item()), math.floor(x.item())
    down, right = y - top, x - left
    return (
        (1 - down) * (1 - right) * pixel(feature, top, left)
        + (1 - down) * right * pixel(feature, top, left + 1)
        + down * (1 - right) * pixel(feature, top + 1, left)
        + down * right * pixel(feature, top + 1, left + 1)
    )


def by_the_book(
    feature: Tensor, weight: Tensor, bias: Tensor, offset: Tensor, mask: Tensor
) -> Tensor:
    """The definition (Zhu et al. 2019), a number at a time."""
    batch, channels, height, width = feature.shape
    share = channels // GROUPS
    rows: list[Tensor] = []
    for b in range(batch):
        for y in range(height):
            for x in range(width):
                total = bias
                for g in range(GROUPS):
                    part = slice(g * share, (g + 1) * share)
                    for tap in range(9):
                        dy, dx = offset[b, 2 * (9 * g + tap) : 2 * (9 * g + tap) + 2, y, x]
                        at = y + tap // 3 - 1 + dy, x + tap % 3 - 1 + dx
                        sampled = looked_up(feature[b, part], *at) * mask[b, 9 * g + tap, y, x]
                        total = total + weight[:, part, tap // 3, tap % 3] @ sampled
                rows.append(total)
    return torch.stack(rows).reshape(batch, height, width, -1).permute(0, 3, 1, 2)


def test_it_is_the_modulated_deformable_convolution_of_the_book():
    inputs = given(torch.float64)
    assert deform_conv2d(*inputs, GROUPS) == pytest.approx(by_the_book(*inputs), abs=1e-9)


def test_its_gradients_are_those_of_the_book_for_every_input():
    inputs = [each.requires_grad_() for each in given(torch.float64, size=4)]
    ours, book = deform_conv2d(*inputs, GROUPS), by_the_book(*inputs)
    along = torch.randn_like(ours)
    for one, other in zip(
        torch.autograd.grad(ours, inputs, along),
        torch.autograd.grad(book, inputs, along),
        strict=True,
    ):
        assert other.abs().max() > 0
        assert one == pytest.approx(other, abs=1e-9)


def test_without_offsets_it_is_a_convolution():
    feature, weight, bias, offset, mask = given()
    plain = functional.conv2d(feature, weight, bias, padding=1)
    ours = deform_conv2d(feature, weight, bias, 0 * offset, torch.ones_like(mask), GROUPS)
    assert ours == pytest.approx(plain, abs=1e-5)


class Exported(nn.Module):
    def forward(
        self, feature: Tensor, weight: Tensor, bias: Tensor, offset: Tensor, mask: Tensor
    ) -> Tensor:
        return deform_conv2d(feature, weight, bias, offset, mask, GROUPS)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("spread", [0.5, 10.0])
@pytest.mark.parametrize("exporter", ["traced", "dynamo"])
def test_onnx_runtime_s_operator_gives_the_same_numbers(spread: float, exporter: str):
    inputs = given(size=9, spread=spread)
    names = ["feature", "weight", "bias", "offset", "mask"]
    file = io.BytesIO()
    torch.onnx.export(
        Exported().eval(),
        tuple(inputs),
        file,
        opset_version=20,
        dynamo=exporter == "dynamo",
        input_names=names,
    )
    kinds = [node.op_type for node in onnx.load_from_string(file.getvalue()).graph.node]
    assert kinds == ["DeformConv"]
    session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    fed = {name: each.numpy() for name, each in zip(names, inputs, strict=True)}
    (drawn,) = session.run(None, fed)
    assert np.asarray(drawn) == pytest.approx(
        sampled_deform_conv2d(*inputs, GROUPS).numpy(), abs=1e-5
    )


class Convolution(nn.Module):
    """One with weights of its own."""

    def __init__(self, sampled: bool) -> None:
        super().__init__()
        self.convolution = DeformableConvolution(4, GROUPS)
        self.convolution.sampled = sampled

    def forward(self, feature: Tensor, offset: Tensor, mask: Tensor) -> Tensor:
        return self.convolution(feature, offset, mask)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("sampled", [False, True])
def test_it_is_exported_as_samples_and_a_product_where_it_is_asked_to_be(sampled: bool):
    feature, _, _, offset, mask = given(size=9)
    module = Convolution(sampled).eval()
    file = io.BytesIO()
    inputs = (feature, offset, mask)
    names = ["feature", "offset", "mask"]
    torch.onnx.export(module, inputs, file, opset_version=20, dynamo=True, input_names=names)
    kinds = {node.op_type for node in onnx.load_from_string(file.getvalue()).graph.node}
    assert ("DeformConv" in kinds) != sampled
    assert ("GridSample" in kinds) == sampled
    session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    (drawn,) = session.run(None, {n: each.numpy() for n, each in zip(names, inputs, strict=True)})
    expected = module(*inputs).detach().numpy()
    assert np.asarray(drawn) == pytest.approx(expected, abs=1e-5)
    assert np.abs(expected).max() > 0.5


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_operator_s_inputs_are_of_one_type_however_its_offsets_were_computed():
    feature, _, _, offset, mask = given(size=9)
    module = Convolution(sampled=False).eval().half()
    inputs = (feature.half(), offset, mask.half())
    file = io.BytesIO()
    torch.onnx.export(module, inputs, file, opset_version=20, dynamo=True)
    model = onnx.load_from_string(file.getvalue())
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node] == ["Cast", "DeformConv"]


@pytest.mark.gpu
def test_the_kernel_on_a_gpu_gives_the_numbers_and_gradients_of_the_cpu():
    here = [each.requires_grad_() for each in given(size=9)]
    there = [each.detach().cuda().requires_grad_() for each in here]
    ours, kernel = deform_conv2d(*here, GROUPS), deform_conv2d(*there, GROUPS)
    assert kernel.detach().cpu() == pytest.approx(ours.detach(), abs=1e-4)
    along = torch.randn_like(ours)
    for one, other in zip(
        torch.autograd.grad(ours, here, along),
        torch.autograd.grad(kernel, there, along.cuda()),
        strict=True,
    ):
        assert other.cpu() == pytest.approx(one, abs=1e-3)


def deformation(size: int, shift: tuple[float, float]) -> Deformation:
    """By ``shift`` pixels (x, y) everywhere; a random occlusion and a random f^m."""
    generator = torch.Generator().manual_seed(3)
    still = identity_grid(size, size, torch.zeros(1))
    flow = (still + torch.tensor(shift) * 2 / (size - 1))[None]
    occlusion = torch.rand(1, 1, size, size, generator=generator)
    return Deformation(flow, occlusion, torch.randn(1, 5, size, size, generator=generator))


@pytest.mark.parametrize("size", [16, 32])
def test_an_untrained_alignment_is_the_warp_by_the_flow(size: int):
    feature = torch.randn(1, 8, 16, 16)
    moved = deformation(size, (1.3 * (size - 1) / 15, -2.4 * (size - 1) / 15))
    learned = DeformableAlignment(8, 5, 6, groups=2)(feature, moved).detach()
    plain = FlowAlignment()(feature, moved)
    assert learned == pytest.approx(plain, abs=1e-4)  # at the edges too
    assert (plain - feature).abs().max() > 0.5


def test_every_weight_of_an_untrained_alignment_learns_within_two_steps():
    alignment = DeformableAlignment(8, 5, 6, groups=2)
    for _ in range(2):
        drawn = alignment(torch.randn(1, 8, 16, 16), deformation(16, (0.5, 0.5)))
        weights = dict(alignment.named_parameters())
        gradients = torch.autograd.grad(drawn.square().mean(), list(weights.values()))
        with torch.no_grad():
            for weight, gradient in zip(weights.values(), gradients, strict=True):
                weight -= 0.1 * gradient
    assert [name for name, each in zip(weights, gradients, strict=True) if not each.any()] == []

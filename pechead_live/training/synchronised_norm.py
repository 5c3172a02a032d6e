"""Batch normalisation over the batches of all processes: the statistics of the global batch.

torch's SyncBatchNorm runs on GPUs only; this one is the same on both, so that what the tests show
on two CPU processes holds on many GPUs.
"""

from typing import Any

import torch
from torch import Tensor, distributed, nn


class SynchronisedBatchNorm2d(nn.BatchNorm2d):
    """`nn.BatchNorm2d` whose mean and variance are those of all processes' batches together.

    (B, C, H, W) to the same; every process must have the same B, H and W.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (the name of the class above)
        """Normalises; evaluation mode asks nobody."""
        if not self.training:
            return super().forward(input)
        pictures = input.float()
        # mean first, then deviations from it: squares of large values would lose digits
        mean = _mean_of_all(pictures.mean((0, 2, 3)))
        away = pictures - mean[:, None, None]
        variance = _mean_of_all(away.square().mean((0, 2, 3)))
        self._remember(mean.detach(), variance.detach(), pictures)
        normal = away * torch.rsqrt(variance + self.eps)[:, None, None]
        if self.affine:
            normal = normal * self.weight[:, None, None] + self.bias[:, None, None]
        return normal.to(input.dtype)

    def _remember(self, mean: Tensor, variance: Tensor, pictures: Tensor) -> None:
        if self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        share = self.momentum
        if share is None:  # a plain mean over all batches
            share = 1.0 / float(self.num_batches_tracked)
        count = pictures.numel() // pictures.shape[1] * distributed.get_world_size()
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance * count / max(1, count - 1), share)


def synchronise_norms(network: nn.Module) -> nn.Module:
    """``network`` with every `nn.BatchNorm2d` below it replaced, its weights kept."""
    for name, child in network.named_children():
        if type(child) is nn.BatchNorm2d:
            setattr(network, name, _synchronised(child))
        else:
            synchronise_norms(child)
    return network


def _synchronised(norm: nn.BatchNorm2d) -> SynchronisedBatchNorm2d:
    new = SynchronisedBatchNorm2d(
        norm.num_features,
        eps=norm.eps,
        momentum=norm.momentum,
        affine=norm.affine,
        track_running_stats=norm.track_running_stats,
    )
    new.weight, new.bias = norm.weight, norm.bias
    for name, buffer in norm.named_buffers(recurse=False):
        new.register_buffer(name, buffer)
    return new.train(norm.training)


class _Sum(torch.autograd.Function):
    """The sum over all processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        del ctx
        total = value.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        del ctx
        total = gradients[0].clone()
        distributed.all_reduce(total)
        return total


def _mean_of_all(value: Tensor) -> Tensor:
    total: Tensor = _Sum.apply(value)  # pyright: ignore[reportAssignmentType]
    return total / distributed.get_world_size()

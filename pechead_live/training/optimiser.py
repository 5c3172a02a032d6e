"""Adam with FOMM's schedule: a warm-up, then a tenth at 60 % and at 90 % of the run."""

from typing import Any

import torch
from torch import Tensor, nn

from pechead_live.training.config import TrainConfig

SHARE = "share"
"""Key of a parameter group: its learning rate as a share of the run's; 1 where it is not given."""


def make_optimiser(groups: list[dict[str, Any]], config: TrainConfig) -> torch.optim.Adam:
    """Adam over ``groups``; parameters without a gradient are left out."""
    kept = [
        {
            **group,
            "params": [p for p in group["params"] if p.requires_grad],
            SHARE: float(group.get(SHARE, 1.0)),
        }
        for group in groups
    ]
    return torch.optim.Adam(
        [group for group in kept if group["params"]],
        lr=config.learning_rate,
        betas=config.betas,
        fused=True,
    )


def parameters_of(optimiser: torch.optim.Adam) -> list[nn.Parameter]:
    """All that it trains."""
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]


def learning_rate(step: int, config: TrainConfig) -> float:
    """Of step ``step``, counted from 0."""
    passed = sum(step >= share * config.steps for share in config.milestones)
    warm = min(1.0, (step + 1) / config.warm_up) if config.warm_up else 1.0
    return config.learning_rate * warm * config.decay**passed


def set_learning_rate(optimiser: torch.optim.Adam, rate: float) -> None:
    """``rate`` for every group, times the group's share."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group[SHARE]


def moments(optimiser: torch.optim.Adam, network: nn.Module) -> dict[str, Tensor]:
    """What Adam remembers: ``NAME.exp_avg``, ``NAME.exp_avg_sq`` and ``NAME.step``."""
    return {
        f"{name}.{key}": value
        for name, parameter in network.named_parameters()
        if parameter in optimiser.state
        for key, value in optimiser.state[parameter].items()
    }


def set_moments(
    optimiser: torch.optim.Adam, network: nn.Module, remembered: dict[str, Tensor]
) -> None:
    """Gives Adam back what `moments` has read; parameters it did not know start anew."""
    for name, parameter in network.named_parameters():
        found = {
            key: remembered[f"{name}.{key}"]
            for key in ("exp_avg", "exp_avg_sq", "step")
            if f"{name}.{key}" in remembered
        }
        if found:
            # fused Adam wants its count where the parameter is
            optimiser.state[parameter] = {
                key: value.to(parameter.device, torch.float32).clone()
                for key, value in found.items()
            }

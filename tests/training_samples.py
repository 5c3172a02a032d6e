"""A network of two layers, its recipe, and runs of it that take a second."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pechead_live.training.batches.batch import Batch
from pechead_live.training.batches.prefetch import BatchSource
from pechead_live.training.batches.synthetic import SyntheticBatches
from pechead_live.training.config import TrainConfig
from pechead_live.training.distributed import Processes
from pechead_live.training.loop import Report, train
from pechead_live.training.losses.weights import LossConfig

SIZE = 16
ALONE = Processes(0, 1, torch.device("cpu"))


@dataclass(frozen=True, kw_only=True)
class TinyDimensions:
    """Of `Tiny`."""

    width: int = 4


class Tiny(nn.Module):
    """(B, 3, H, W) to the same, with a batch normalisation in between."""

    def __init__(self, dimensions: TinyDimensions) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.first = nn.Conv2d(3, dimensions.width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(dimensions.width)
        self.last = nn.Conv2d(dimensions.width, 3, 3, padding=1)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.last(torch.relu(self.norm(self.first(pictures))))


class TinyRecipe:
    """The guide's picture to the truth; ``noise`` makes the loss random."""

    kind = "lite"
    weights = LossConfig()

    def __init__(self, *, width: int = 4, judged: bool = False, noise: float = 0.0) -> None:
        torch.manual_seed(0)
        self.network: nn.Module = Tiny(TinyDimensions(width=width))
        self.discriminator: nn.Module | None = None
        if judged:
            self.discriminator = nn.Conv2d(3, 1, 3, padding=1)
        self.noise = noise

    def losses(self, batch: Batch, step: int, steps: int) -> tuple[dict[str, Tensor], Tensor]:
        guide = batch.guide_picture[:, 0]
        pictures = self.network(guide + self.noise * torch.randn_like(guide))
        away = pictures.float() - batch.driving[:, 0]
        terms = {"pixel": 10 * away.abs().mean(), "square": away.square().mean()}
        if self.discriminator is not None:
            terms["adversarial"] = -self.discriminator(pictures).mean()
        return terms, pictures[:, None]

    def adversarial_weight(self, step: int, steps: int) -> float:
        return 0.0 if self.discriminator is None else 1.0

    def discriminator_loss(self, batch: Batch, pictures: Tensor) -> Tensor:
        assert self.discriminator is not None
        real, drawn = self.discriminator(batch.driving[:, 0]), self.discriminator(pictures[:, 0])
        return torch.relu(1 - real).mean() + torch.relu(1 + drawn).mean()

    def draw(self, network: nn.Module, batch: Batch) -> Tensor:
        return network.eval()(batch.guide_picture[:, 0])[:, None]

    def parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        assert isinstance(network, Tiny)
        first = [network.first.weight, *network.norm.parameters()]
        return [{"params": first, "share": 0.5}, {"params": list(network.last.parameters())}]


class Spoilt:
    """Batches with a NaN in those of some steps."""

    def __init__(self, source: BatchSource, bad: Callable[[int], bool]) -> None:
        self._source, self._bad = source, bad

    def batch(self, step: int, rank: int, world: int) -> Batch:
        batch = self._source.batch(step, rank, world)
        if self._bad(step):
            batch.guide_picture[0, 0, 0, 0, 0] = torch.nan
        return batch


def tiny_config(run: Path, **changes: Any) -> TrainConfig:
    settings: dict[str, Any] = {
        "preset": "toy",
        "stage": "3",
        "data": Path("nowhere"),
        "run": run,
        "steps": 8,
        "batch": 4,
        "learning_rate": 1e-2,
        "warm_up": 2,
        "log_every": 1,
        "validation_batches": 1,
        "device": "cpu",
    }
    return TrainConfig(**{**settings, **changes})


def tiny_source() -> SyntheticBatches:
    return SyntheticBatches(4, size=SIZE)


def tiny_run(
    config: TrainConfig,
    recipe: TinyRecipe | None = None,
    *,
    source: BatchSource | None = None,
    until: int | None = None,
    here: Processes = ALONE,
) -> list[Report]:
    """Trains; ``until``: as if the power failed after that many reports."""
    reports: list[Report] = []
    running = train(config, recipe or TinyRecipe(), source or tiny_source(), tiny_source(), here)
    for report in running:
        reports.append(report)
        if until is not None and len(reports) == until:
            running.close()
            break
    return reports

"""`Recipe`: what the training loop asks of a network's losses, whichever network it is."""

from typing import Any, Protocol

from torch import Tensor, nn

from pechead_live.training.batches.batch import Batch
from pechead_live.training.losses.weights import LossConfig, ReconstructionConfig

Terms = dict[str, Tensor]
"""Name of a loss term to its weighted value (); their sum is the loss."""


class Recipe(Protocol):
    """One network in one stage, with the losses that train it."""

    kind: str
    """Of its checkpoints: pechead, lite, reconstructor or baseline."""

    @property
    def network(self) -> nn.Module:
        """Trained, averaged and saved."""
        ...

    @property
    def weights(self) -> LossConfig | ReconstructionConfig:
        """λ of its losses."""
        ...

    discriminator: nn.Module | None
    """Trained against it; None in stages without one."""

    def losses(self, batch: Batch, step: int, steps: int) -> tuple[Terms, Tensor]:
        """Weighted terms of the network's loss and the pictures it drew, (B, T, 3, H, W)."""
        ...

    def adversarial_weight(self, step: int, steps: int) -> float:
        """λ_G at this step; the discriminator is trained only when it is above 0."""
        ...

    def discriminator_loss(self, batch: Batch, pictures: Tensor) -> Tensor:
        """() L_D for ``pictures`` as `losses` has just returned them."""
        ...

    def draw(self, network: nn.Module, batch: Batch) -> Tensor:
        """(B, T, 3, H, W) by ``network``, its average for example; no gradients, evaluation mode,
        which ``network`` is left in."""
        ...

    def parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """Adam's groups: ``params``, and ``share`` of the learning rate where it is not 1."""
        ...

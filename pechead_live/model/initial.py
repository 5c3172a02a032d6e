"""How layers start whose first answer must be none."""

from torch import nn


def start_at_zero(layer: nn.Module) -> None:
    """Weights and biases of ``layer`` become zero; it still learns, its inputs are not."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)

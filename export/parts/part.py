"""`Part`: one function of a network that becomes one file, with its ports."""

from typing import NamedTuple

from torch import Tensor, nn


class Part(NamedTuple):
    """A module whose arguments and results are named tensors."""

    name: str
    """File name without its ending: "encode", "motion", "decode", "step", "source", ..."""

    module: nn.Module
    """In evaluation mode; takes ``inputs`` by position and returns a tuple as long as ``outputs``.
    """

    inputs: dict[str, Tensor]
    """Port name to an example: its shape and type are the port's."""

    outputs: tuple[str, ...]
    """Port names."""

"""The parts of a PECHead: `source` once for a portrait, `step` for each frame, E on its own."""

import torch
from torch import Tensor, nn

from export.parts.folding import folded
from export.parts.part import Part
from export.parts.pixels import given, picture_port, taken
from pechead_live.facemodel.topology import NETWORK_LANDMARKS
from pechead_live.model.dimensions import Dimensions
from pechead_live.model.pechead import Driving, PECHead, Source, State

PRIOR_GRID = 64
"""Side of the prior flow F0, whatever the network's own grid."""


def pechead_parts(network: PECHead, pixels: str) -> list[Part]:
    """`source`, `step` and, in a setting with E, `estimator`, with pictures as ``pixels``.

    A setting without f_low, or without learned keypoints, has no ports for them.
    """
    network = folded(network)
    d = network.dimensions
    side = d.grid
    condition = torch.zeros(d.condition)
    driving = {"condition": condition, "landmarks": torch.zeros(len(NETWORK_LANDMARKS), 2)}
    source = _source_ports(d, network.mmfa.has_low, network.estimator is not None)
    state = {
        "state_feature": torch.zeros(1, d.channels, side, side),
        "state_hidden": torch.zeros(1, d.hidden, side, side),
        "state_landmarks": torch.zeros(1, d.landmarks, 2),
    }
    prior = {"prior_flow": torch.zeros(PRIOR_GRID, PRIOR_GRID, 2)}
    parts = [
        Part(
            "source",
            _SourceOnce(network, tuple(source)).eval(),
            {"portrait": picture_port(d.size, pixels), **driving},
            tuple(source),
        ),
        Part(
            "step",
            _Step(network, tuple(source), pixels).eval(),
            {**source, **driving, **prior, **state},
            ("picture", "memory_level", *(f"next_{name}" for name in state)),
        ),
    ]
    if network.estimator is not None:
        given_to_it = {"thumbnail": source["source_thumbnail"], "condition": condition}
        estimator = _Estimator(network.estimator).eval()
        parts.append(Part("estimator", estimator, given_to_it, ("keypoints",)))
    return parts


def _source_ports(d: Dimensions, has_low: bool, has_keypoints: bool) -> dict[str, Tensor]:
    """Of the fields of `Source`, those that a setting fills."""
    side = d.grid
    shapes: dict[str, tuple[int, ...]] = {
        "feature": (1, d.channels, side, side),
        "low": (1, d.low_channels, side // 2, side // 2),
        "thumbnail": (1, 3, side, side),
        "condition": (1, d.condition),
        "keypoints": (1, d.keypoints, 2),
        "landmarks": (1, d.landmarks, 2),
    }
    absent = {"low": not has_low, "keypoints": not has_keypoints}
    names = (name for name in Source._fields if not absent.get(name))
    return {f"source_{name}": torch.zeros(shapes[name]) for name in names}


class _SourceOnce(nn.Module):
    def __init__(self, network: PECHead, ports: tuple[str, ...]) -> None:
        super().__init__()
        self.network = network
        self.ports = ports

    def forward(self, portrait: Tensor, condition: Tensor, landmarks: Tensor) -> tuple[Tensor, ...]:
        source = self.network.source(taken(portrait), condition[None], landmarks[None])
        return tuple(getattr(source, name.removeprefix("source_")) for name in self.ports)


class _Step(nn.Module):
    def __init__(self, network: PECHead, ports: tuple[str, ...], pixels: str) -> None:
        """``ports``: of the source, in their order."""
        super().__init__()
        self.network = network
        self.ports = ports
        self.pixels = pixels

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        count = len(self.ports)
        known = dict(zip(self.ports, tensors[:count], strict=True))
        condition, landmarks, prior_flow, *kept = tensors[count:]
        feature, points = known["source_feature"], known["source_landmarks"]
        source = Source(
            feature,
            known.get("source_low", feature[:, :0]),
            known["source_thumbnail"],
            known["source_condition"],
            known.get("source_keypoints", points[:, :0]),
            points,
        )
        driving = Driving(condition[None], landmarks[None], prior_flow[None])
        output, state = self.network.step(source, driving, State(*kept))
        # bytes cannot say that a number was lost, and the memory would keep it for good; h is made
        # of f^c, so it is lost wherever that is
        level = state.hidden.abs().mean()
        return given(output.picture, self.pixels), level, *state


class _Estimator(nn.Module):
    def __init__(self, estimator: nn.Module) -> None:
        super().__init__()
        self.estimator = estimator

    def forward(self, thumbnail: Tensor, condition: Tensor) -> tuple[Tensor, ...]:
        return (self.estimator(thumbnail, condition[None]),)

"""The networks that some metrics need, as far as they are installed."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.errors import MissingAssetError, MissingDependencyError
from pechead_live.evaluation.config import EvaluationConfig
from pechead_live.evaluation.metrics.arcface import ArcFaceEmbedder
from pechead_live.evaluation.metrics.identity import FaceEmbedder
from pechead_live.frame import Pixels

Features = Callable[[Sequence[Pixels]], FloatArray]
"""n pictures to (n, D)."""

Difference = Callable[[Pixels, Pixels], float]
"""How different two pictures look."""


class Embedder(Protocol):
    """A face recognition network."""

    def embed(self, pixels: Pixels, points: FloatArray) -> FloatArray:
        """(D,) of the face at ``points`` (478, 2 or more), picture coordinates of ``pixels``."""
        ...


class Instruments(NamedTuple):
    """What there is; None leaves the metric's columns out."""

    embedder: Embedder | None
    """Of CSIM-dlib."""

    arcface: Embedder | None
    """Of CSIM-ArcFace."""

    features: Features | None
    """Of eFID and eFVD; a picture that comes several times is looked at once."""

    inception: Features | None
    """Of FID."""

    difference: Difference | None
    """ePD."""

    notes: tuple[str, ...]
    """Why something is left out, a sentence each."""


def open_instruments(config: EvaluationConfig) -> Instruments:
    """Opens what is installed and asked for, once a process."""
    return _open(config.identity_frames > 0, config.perceptual, config.arcface, config.inception)


@cache
def _open(
    identity: bool, perceptual: bool, arcface: Path | None, inception: Path | None
) -> Instruments:
    notes: list[str] = []
    embedder = None
    if identity:
        try:
            embedder = FaceEmbedder()
        except (MissingDependencyError, MissingAssetError) as error:
            notes.append(f"without CSIM-dlib: {error}")
    features: Features | None = None
    difference: Difference | None = None
    if perceptual:
        try:
            features, difference = _efficientnet()
        except (MissingDependencyError, MissingAssetError) as error:
            notes.append(f"without eFID, eFVD and ePD: {error}")
    return Instruments(
        embedder=embedder,
        arcface=None if arcface is None else ArcFaceEmbedder(arcface),
        features=features,
        inception=None if inception is None else _inception(inception),
        difference=difference,
        notes=tuple(notes),
    )


def _efficientnet() -> tuple[Features, Difference]:
    """The networks of pictures need torch, which is an extra: imported only here."""
    try:
        from pechead_live.evaluation.metrics.efficientnet_trunk import load_efficientnet
        from pechead_live.evaluation.metrics.features import features_of
        from pechead_live.evaluation.metrics.perceptual import epd
    except ModuleNotFoundError as error:
        raise _without(error) from error
    network = load_efficientnet()
    return partial(_each_once, partial(features_of, network)), partial(epd, network)


def _inception(path: Path) -> Features:
    try:
        from pechead_live.evaluation.metrics.features import features_of
        from pechead_live.evaluation.metrics.inception_trunk import load_inception
    except ModuleNotFoundError as error:
        raise _without(error) from error
    return partial(_each_once, partial(features_of, load_inception(path)))


def _without(error: ModuleNotFoundError) -> MissingDependencyError:
    return MissingDependencyError(
        f"there is no {error.name}: run pip install 'pechead-live[train]'"
    )


def _each_once(features: Features, pictures: Sequence[Pixels]) -> FloatArray:
    """A film that stands still is one object many times over."""
    unique = {id(picture): picture for picture in pictures}
    places = {key: i for i, key in enumerate(unique)}
    found = features(list(unique.values()))
    return np.asarray(found[[places[id(picture)] for picture in pictures]], np.float32)

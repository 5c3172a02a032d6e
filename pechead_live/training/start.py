"""How a run begins: anew, from another run's weights, or where it was left."""

import json
import logging
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from pechead_live.errors import InputError
from pechead_live.model.checkpoint import (
    dimensions_of,
    dimensions_text,
    load_checkpoint,
    load_into,
)
from pechead_live.model.efficientnet_start import imagenet_start
from pechead_live.model.lite.dimensions import LiteDimensions
from pechead_live.model.lite.network import Lite
from pechead_live.training.config import TrainConfig
from pechead_live.training.grow import grown
from pechead_live.training.learner import Learner
from pechead_live.training.recipes.recipe import Recipe
from pechead_live.training.run.folder import state_of
from pechead_live.training.run.state_file import Counts, below, is_state, read_state

logger = logging.getLogger(__name__)

IMAGENET = Path("imagenet")
"""Given in a checkpoint's place: the trunk alone starts from published weights."""


def begin(learner: Learner, recipe: Recipe, config: TrainConfig) -> Counts:
    """Loads what there is to load; how far the run is. Raises `InputError`."""
    state = state_of(config.run, config)
    own = dimensions_text(learner.average.dimensions)
    if state is not None:
        _check_dimensions(config.run, state.dimensions, own)
        learner.load(state.tensors)
        logger.info("%s goes on after step %d", config.run, state.counts.step)
        return state.counts
    if config.start == IMAGENET:
        learner.start_from(imagenet_start(learner.average))
        logger.info("the trunk starts from ImageNet's weights")
    elif config.start is not None and (small := _other_lite(config.start, learner.average)):
        assert isinstance(learner.average, Lite)
        learner.start_from(grown(small, learner.average))
        logger.info("starting from the weights of %s, grown", config.start)
    elif config.start is not None:
        weights, discriminator = weights_of(config.start, recipe.kind, config.preset, own)
        learner.start_from(weights)
        learner.load_discriminator(discriminator)
        logger.info("starting from the weights of %s", config.start)
    return Counts()


def weights_of(
    path: Path, kind: str, preset: str, dimensions: str
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Averaged weights of a checkpoint or of a run's state, and its discriminator's if it has one.

    `InputError` if it is of another kind, preset or ``dimensions`` (JSON), damaged, or a pickle.
    """
    if _is_checkpoint(path):
        checkpoint = load_checkpoint(path, kind, preset)
        _check_dimensions(path, checkpoint.dimensions, dimensions)
        return checkpoint.tensors, {}
    state = read_state(path, preset=preset)
    _check_dimensions(path, state.dimensions, dimensions)
    tensors = state.tensors
    return below("average.", tensors), below("discriminator.", tensors)


def _other_lite(path: Path, network: nn.Module) -> Lite | None:
    """The lite network of a checkpoint where ``network`` is one of other dimensions, else None."""
    if not isinstance(network, Lite) or not _is_checkpoint(path):
        return None
    checkpoint = load_checkpoint(path, "lite")
    dimensions = dimensions_of(checkpoint, LiteDimensions)
    if dimensions == network.dimensions:
        return None
    other = Lite(dimensions)
    load_into(other, checkpoint.tensors)
    return other


def _is_checkpoint(path: Path) -> bool:
    return path.name.endswith(".json") or not is_state(path)


def _check_dimensions(path: Path, found: str, own: str) -> None:
    """`InputError` names the first number or switch in which the weights of ``path`` differ."""
    try:
        theirs: dict[str, Any] = json.loads(found or own)
        differing = [name for name, value in json.loads(own).items() if theirs.get(name) != value]
    except (AttributeError, ValueError) as error:
        raise InputError(f"{path} has a damaged description ({error}): copy it again") from error
    if differing:
        name = differing[0]
        raise InputError(
            f"the network of {path} has {name} {theirs.get(name)}, the one to train "
            f"{json.loads(own)[name]}: give other weights, or the same --setting and preset"
        )

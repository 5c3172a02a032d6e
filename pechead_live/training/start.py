"""How a run begins: anew, from another run's weights, or where it was left."""

import logging
from pathlib import Path

from torch import Tensor

from pechead_live.model.checkpoint import load_checkpoint
from pechead_live.training.config import TrainConfig
from pechead_live.training.learner import Learner
from pechead_live.training.recipes.recipe import Recipe
from pechead_live.training.run.folder import state_of
from pechead_live.training.run.state_file import Counts, below, is_state, read_state

logger = logging.getLogger(__name__)


def begin(learner: Learner, recipe: Recipe, config: TrainConfig) -> Counts:
    """Loads what there is to load; how far the run is. Raises `InputError`."""
    state = state_of(config.run, config)
    if state is not None:
        learner.load(state.tensors)
        logger.info("%s goes on after step %d", config.run, state.counts.step)
        return state.counts
    if config.start is not None:
        weights, discriminator = weights_of(config.start, recipe.kind, config.preset)
        learner.start_from(weights)
        learner.load_discriminator(discriminator)
        logger.info("starting from the weights of %s", config.start)
    return Counts()


def weights_of(path: Path, kind: str, preset: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Averaged weights of a checkpoint or of a run's state, and its discriminator's if it has one.

    `InputError` if it is of another kind or preset, damaged, or a pickle.
    """
    if path.name.endswith(".json") or not is_state(path):
        return load_checkpoint(path, kind, preset).tensors, {}
    tensors = read_state(path, preset=preset).tensors
    return below("average.", tensors), below("discriminator.", tensors)

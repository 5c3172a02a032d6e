"""The renderers by name: what draws the portrait, and the weights that it needs.

Nothing heavy is loaded until one is made. Networks need torch.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pechead_live.avatar.avatar import Avatar
from pechead_live.errors import InputError, MissingDependencyError
from pechead_live.frame import Pixels
from pechead_live.protocols import Renderer
from pechead_live.reachable import is_file
from pechead_live.renderer.analytic import AnalyticRenderer

if TYPE_CHECKING:
    from pechead_live.evaluation.baseline import BaselineRenderer

AnyRenderer = Renderer[Any]

Factory = Callable[[Avatar, int, int], AnyRenderer]
"""Avatar, width and height in pixels to what draws it; can be sent to another process."""

ANALYTIC = "analytic"
LITE = ("lite-s", "lite-m", "lite-toy")
PECHEAD = ("base", "paper", "toy")
NETWORKS = (*LITE, *PECHEAD)
"""Models with weights."""

MODELS = (ANALYTIC, *NETWORKS)
"""What pose and expression drive."""

BASELINE = "baseline"
"""Driven by pictures: for comparisons only."""


def factory_of(model: str, checkpoint: Path | None, background: Pixels | None = None) -> Factory:
    """What makes the renderer of ``model``, one of `MODELS`; its weights are looked for now and
    read when it is made. ``background`` (any size) takes the place of the portrait's own."""
    if model == BASELINE:
        raise InputError(
            f"{BASELINE} is driven by pictures, not by pose and expression: it can only be "
            "compared, with 'pechead-live evaluate', use another model"
        )
    if model not in MODELS:
        raise InputError(f"there is no model {model!r}: use {', '.join(MODELS)}")
    if model == ANALYTIC:
        if checkpoint is not None:
            raise InputError(f"analytic has no weights: leave out {checkpoint}")
        return partial(_analytic, background=background)
    if checkpoint is None:
        raise InputError(f"{model} needs its weights: give the .safetensors file of a training run")
    _check_file(checkpoint)
    if model in LITE:
        return partial(_lite, model=model, checkpoint=checkpoint, background=background)
    if background is not None:
        raise InputError(
            f"{model} draws the background too: leave out --background, or use another model"
        )
    return partial(_pechead, model=model, checkpoint=checkpoint)


def baseline_factory(checkpoint: Path) -> "Callable[[Avatar, int, int], BaselineRenderer]":
    """What makes the baseline's renderer; as `factory_of`."""
    _check_file(checkpoint)
    return partial(_baseline, checkpoint=checkpoint)


def _analytic(avatar: Avatar, width: int, height: int, *, background: Pixels | None) -> AnyRenderer:
    return AnalyticRenderer(avatar, width, height, background=background)


def _lite(
    avatar: Avatar,
    width: int,
    height: int,
    *,
    model: str,
    checkpoint: Path,
    background: Pixels | None,
) -> AnyRenderer:
    try:
        from engines.torch_lite import open_torch_lite
        from pechead_live.renderer.lite import LiteRenderer
    except ModuleNotFoundError as error:
        raise _without(error, model) from error
    network = open_torch_lite(checkpoint, model)
    return LiteRenderer(avatar, width, height, network, background)


def _pechead(
    avatar: Avatar, width: int, height: int, *, model: str, checkpoint: Path
) -> AnyRenderer:
    try:
        from engines.torch_pechead import open_torch_pechead
        from pechead_live.renderer.pechead import PecheadRenderer
    except ModuleNotFoundError as error:
        raise _without(error, model) from error
    return PecheadRenderer(avatar, width, height, open_torch_pechead(checkpoint, model))


def _baseline(avatar: Avatar, width: int, height: int, *, checkpoint: Path) -> "BaselineRenderer":
    try:
        from engines.torch_baseline import open_torch_baseline
        from pechead_live.evaluation.baseline import BaselineRenderer
    except ModuleNotFoundError as error:
        raise _without(error, BASELINE) from error
    assert width == height
    return BaselineRenderer(avatar, width, open_torch_baseline(checkpoint))


def _check_file(checkpoint: Path) -> None:
    if not is_file(checkpoint):
        raise InputError(
            f"there is no checkpoint {checkpoint}: give the .safetensors file of a training run"
        )


def _without(error: ModuleNotFoundError, model: str) -> MissingDependencyError:
    return MissingDependencyError(
        f"{model} needs {error.name}, which is not installed: run pip install 'pechead-live[train]'"
    )

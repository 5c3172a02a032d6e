"""The renderers by name: what draws the portrait, the weights that it needs and what runs them.

Nothing heavy is loaded until one is made. Weights are a checkpoint of a training run, which torch
runs, or the folder of an exported network, which an engine runs.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pechead_live.avatar.avatar import Avatar
from pechead_live.errors import InputError, MissingDependencyError
from pechead_live.frame import Pixels
from pechead_live.protocols import Renderer
from pechead_live.reachable import is_file, is_folder
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.weights import shipped

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

TORCH = "torch"
"""The engine that runs checkpoints."""


def factory_of(
    model: str,
    checkpoint: Path | None,
    background: Pixels | None = None,
    engine: str | None = None,
    quantised: bool | None = False,
) -> Factory:
    """What makes the renderer of ``model``, one of `MODELS`; its weights are looked for now and
    read when it is made.

    ``checkpoint``: a `.safetensors` file or the folder of an exported network; None takes the
    shipped one. ``background`` (any size) takes the place of the portrait's own. ``engine``:
    "torch", or a device as `engines.open.open_engine` has it; None is what suits the weights.
    ``quantised``: as `engines.networks.lite.open_lite`; None where nothing runs in 8 bits.
    """
    if model == BASELINE:
        raise InputError(
            f"{BASELINE} is driven by pictures, not by pose and expression: it can only be "
            "compared, with 'pechead-live evaluate', use another model"
        )
    if model not in MODELS:
        raise InputError(f"there is no model {model!r}: use {', '.join(MODELS)}")
    if quantised and model not in LITE:
        raise InputError(f"{model} does not run in 8 bits: leave out --int8")
    if model == ANALYTIC:
        for given in (checkpoint, engine):
            if given is not None:
                raise InputError(f"analytic has no weights: leave out {given}")
        return partial(_analytic, background=background)
    weights = _weights_of(model, checkpoint, engine)
    device = None if engine == TORCH else engine
    if quantised and not is_folder(weights):
        raise InputError(
            f"a checkpoint does not run in 8 bits: write a folder with 'pechead-export onnx "
            f"{weights} -o FOLDER' and 'pechead-export quantise FOLDER' and give that"
        )
    if model in LITE:
        return partial(
            _lite,
            model=model,
            weights=weights,
            device=device,
            quantised=quantised,
            background=background,
        )
    if background is not None:
        raise InputError(
            f"{model} draws the background too: leave out --background, or use another model"
        )
    return partial(_pechead, model=model, weights=weights, device=device)


def shipped_factory_of(model: str, engine: str | None, background: Pixels | None) -> Factory:
    """`factory_of` with the shipped weights, in 8 bits where that is faster and a model can."""
    return factory_of(model, None, background, engine, quantised=None if model in LITE else False)


def checkpoint_of(model: str, given: Path | None) -> Path:
    """The `.safetensors` file of ``model``: ``given``, or the one that is shipped."""
    return _weights_of(model, given, TORCH)


def drawn_by(model: str, renderer: AnyRenderer) -> str:
    """The model and, if it is a network, what really runs it."""
    provider = getattr(renderer, "provider", None)
    return model if provider is None else f"{model} on {provider}"


def baseline_factory(checkpoint: Path) -> "Callable[[Avatar, int, int], BaselineRenderer]":
    """What makes the baseline's renderer; as `factory_of`."""
    _check_file(checkpoint)
    return partial(_baseline, checkpoint=checkpoint)


def _weights_of(model: str, given: Path | None, engine: str | None) -> Path:
    """A checkpoint's file for torch, a folder for every other engine."""
    weights = given or shipped(model)
    if weights is None:
        raise InputError(
            f"{model} needs its weights: give the .safetensors file of a training run, or the "
            "folder that 'pechead-export' wrote"
        )
    if is_folder(weights):
        if engine != TORCH:
            return weights
        weights = weights / f"{model}.safetensors"
    _check_file(weights)
    if engine not in (None, TORCH):
        raise InputError(
            f"{engine} runs exported networks and {weights} is a checkpoint: write a folder with "
            f"'pechead-export onnx {weights} -o FOLDER' and give that, or leave out --engine"
        )
    return weights


def _analytic(avatar: Avatar, width: int, height: int, *, background: Pixels | None) -> AnyRenderer:
    return AnalyticRenderer(avatar, width, height, background=background)


def _lite(
    avatar: Avatar,
    width: int,
    height: int,
    *,
    model: str,
    weights: Path,
    device: str | None,
    quantised: bool | None,
    background: Pixels | None,
) -> AnyRenderer:
    from pechead_live.renderer.lite import LiteRenderer

    if is_folder(weights):
        from engines.networks.lite import open_lite

        network = open_lite(weights, model, device, quantised=quantised)
    else:
        try:
            from engines.torch.lite import open_torch_lite
        except ModuleNotFoundError as error:
            raise _without(error, model) from error
        network = open_torch_lite(weights, model)
    return LiteRenderer(avatar, width, height, network, background)


def _pechead(
    avatar: Avatar, width: int, height: int, *, model: str, weights: Path, device: str | None
) -> AnyRenderer:
    from pechead_live.renderer.pechead import PecheadRenderer

    if is_folder(weights):
        from engines.networks.pechead import open_pechead

        network = open_pechead(weights, model, device)
    else:
        try:
            from engines.torch.pechead import open_torch_pechead
        except ModuleNotFoundError as error:
            raise _without(error, model) from error
        network = open_torch_pechead(weights, model)
    return PecheadRenderer(avatar, width, height, network)


def _baseline(avatar: Avatar, width: int, height: int, *, checkpoint: Path) -> "BaselineRenderer":
    try:
        from engines.torch.baseline import open_torch_baseline
        from pechead_live.evaluation.baseline import BaselineRenderer
    except ModuleNotFoundError as error:
        raise _without(error, BASELINE) from error
    assert width == height
    return BaselineRenderer(avatar, width, open_torch_baseline(checkpoint))


def _check_file(checkpoint: Path) -> None:
    if not is_file(checkpoint):
        raise InputError(
            f"there is no checkpoint {checkpoint}: give the .safetensors file of a training run, "
            "or the folder of an exported network"
        )


def _without(error: ModuleNotFoundError, model: str) -> MissingDependencyError:
    return MissingDependencyError(
        f"{model} from a checkpoint needs {error.name}, which is not installed: run pip install "
        "'pechead-live[train]'"
    )

"""A part as an ONNX graph: traced by torch, tidied, with nothing in it but the computation."""

import contextlib
import copy
import io
import logging
import warnings
from collections.abc import Generator

import onnx
import torch
from torch import nn

from export.graphs.config import ExportConfig
from export.graphs.plugin_rewrite import rewrite
from export.graphs.precision import in_half
from export.graphs.tidy import tidy
from export.parts.part import Part
from pechead_live.model.deformable import OPSET, DeformableConvolution

NONE = "none"
"""Form of a graph without deformable convolutions."""

CHATTERING = ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")
"""Loggers that tell of every rewriting."""


def graph_of(part: Part, config: ExportConfig) -> tuple[onnx.ModelProto, str]:
    """The graph of ``part`` in the precision and form of ``config``, and the form that it has:
    `NONE` if it has no deformable convolution."""
    if config.form == "decomposed":
        part = _sampled(part)
    if config.precision == "fp16":
        part = in_half(part)
    used: list[nn.Module] = []
    with _watched(part.module, used), _quiet():
        program = torch.onnx.export(
            part.module,
            tuple(part.inputs.values()),
            dynamo=True,
            opset_version=OPSET,
            input_names=list(part.inputs),
            output_names=list(part.outputs),
            verbose=False,
        )
    assert program is not None
    graph = tidy(program.model_proto)
    if not used:
        return graph, NONE
    if config.form == "plugin":
        graph = rewrite(graph)
    return graph, config.form


def _sampled(part: Part) -> Part:
    module = copy.deepcopy(part.module)
    for layer in module.modules():
        if isinstance(layer, DeformableConvolution):
            layer.sampled = True
    return part._replace(module=module)


@contextlib.contextmanager
def _watched(module: nn.Module, used: list[nn.Module]) -> Generator[None, None, None]:
    """Adds each deformable convolution that is called meanwhile to ``used``."""

    def note(layer: nn.Module, *_: object) -> None:
        used.append(layer)

    layers = [each for each in module.modules() if isinstance(each, DeformableConvolution)]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextlib.contextmanager
def _quiet() -> Generator[None, None, None]:
    """Without the exporter's own progress and warnings, which are about its insides."""
    loggers = [logging.getLogger(name) for name in CHATTERING]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

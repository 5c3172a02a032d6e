"""Exports what a case of `benchmarks.engine` lacks; the one of its processes that always needs
torch."""

import dataclasses
import json
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.engine.cases import RUNTIMES, Case
from benchmarks.engine.clip import bundled_clip, write_clip
from benchmarks.engine.files import (
    QUANTISED,
    checkpoint_of,
    clip_file,
    counts_file,
    float_precision,
    missing_parts,
    network_folder,
    onnx_folder,
)
from benchmarks.own_process import answer
from export.cli.onnx import check_libraries
from export.graphs.config import ExportConfig
from export.graphs.file import write_onnx
from export.parts.networks import Exportable, load_network, parts_of, untrained
from export.parts.shaken import shaken
from export.quantised.lite_clips import sample_footage
from export.quantised.quantise import open_full, quantise
from pechead_live.destination import make_folder
from pechead_live.model.dimensions import PRESETS
from pechead_live.model.lite.network import Lite
from pechead_live.model.lite.summary import lite_summary
from pechead_live.model.pechead import PECHead
from pechead_live.model.reconstructor import Reconstructor
from pechead_live.model.summary import Row, summary, total
from pechead_live.whole_file import write_whole

CALIBRATION_FRAMES = 50
"""Of the bundled portrait: for times their number does not matter, for quality it would."""


def main() -> int:
    """Answers `benchmarks.engine.files.prepare`."""
    return answer(export)


def export(request: dict[str, Any]) -> dict[str, Any]:
    """Writes the missing parts, the clip and, last, the counts."""
    check_libraries()
    case, cache = Case(**request["case"]), Path(request["cache"])
    network = network_of(case)
    make_folder(network_folder(case, cache))
    missing = missing_parts(case, cache)
    folder = onnx_folder(case, cache)
    config = ExportConfig(precision=float_precision(case), form=RUNTIMES[case.runtime].form)
    for part in parts_of(network, config.pixels) if missing else ():
        if part.name in missing:
            write_onnx(part, folder, network, config)
    if QUANTISED in missing:
        engines, side = open_full(folder)
        quantise(folder, engines, sample_footage(side, CALIBRATION_FRAMES, 1).measured)
    size: Any = network.module.dimensions.size
    write_clip(clip_file(case, cache), bundled_clip(case.kind, int(size)))
    write_whole(counts_file(case, cache), json.dumps(counts(network)).encode())
    return {"exported": missing}


def network_of(case: Case) -> Exportable:
    """The shipped weights where there are any, else untrained ones."""
    weights = checkpoint_of(case.preset)
    if weights is not None:
        return load_network(weights)
    if case.upscale == 1:
        return untrained(case.preset)
    dimensions = dataclasses.replace(PRESETS[case.preset], upscale=case.upscale)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = shaken(PECHead(dimensions))
    return Exportable("pechead", case.preset, module.eval(), "untrained seed 0")


def counts(network: Exportable) -> dict[str, float]:
    """Millions of parameters, and 10^9 multiply-accumulates once a portrait and each frame."""
    module = network.module
    if isinstance(module, Lite):
        row = total(lite_summary(module.dimensions))
    elif isinstance(module, PECHead):
        row = total(summary(module.dimensions))
    else:
        assert isinstance(module, Reconstructor)
        row = _reconstructor_row(module)
    return {
        "parameters_million": round(row.parameters / 1e6, 4),
        "gmac_source": round(row.source_macs / 1e9, 5),
        "gmac_frame": round(row.frame_macs / 1e9, 5),
    }


def _reconstructor_row(network: Reconstructor) -> Row:
    """Counted as `pechead_live.model.summary` counts: convolutions and linear layers, by shapes."""
    macs: Counter[str] = Counter()

    def count(layer: nn.Module, given: Any, result: Tensor) -> None:
        del given
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        macs["frame"] += result.numel() * layer.weight[0].numel()

    d = network.dimensions
    with torch.device("meta"):
        shapes = Reconstructor(d).eval().to("meta")
        crop = torch.empty(1, 3, d.size, d.size)
    for layer in shapes.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(count)
    with torch.no_grad():
        shapes(crop)
    parameters = sum(each.numel() for each in network.parameters())
    return Row("all", parameters, 0, macs["frame"])


if __name__ == "__main__":
    raise SystemExit(main())

"""Where the files of a case lie: exports, the clip and the counts are made once and kept.

A network's folder is named by its weights and by the program that exports: when either changes,
another folder is filled.
"""

import hashlib
import importlib.metadata
import json
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.engine.cases import RUNTIMES, Case
from benchmarks.own_process import ROOT, asked
from engines.manifest import manifest_path, sha256_of
from engines.networks.quantised_decode import FILE
from pechead_live.weights import shipped

QUANTISED = Path(FILE).stem
"""The decoder in 8 bits, as a part."""

CACHE = ROOT / "out" / "engines"

_ROOMS = ("export", "engines/dcn", "pechead_live/model")
"""What an export is made by."""


def prepare(case: Case, cache: Path) -> dict[str, Any]:
    """Makes what ``case`` needs and is not there, in a process of its own; returns the network's
    counts, or the reason why there are none."""
    if missing_parts(case, cache) or not counts_file(case, cache).is_file():
        request = {"case": case._asdict(), "cache": str(cache)}
        told = asked("benchmarks.engine.export", request)
        if "reason" in told:
            return told
    return json.loads(counts_file(case, cache).read_bytes())


def missing_parts(case: Case, cache: Path) -> list[str]:
    """Parts to export first."""
    if RUNTIMES[case.runtime].by_torch:
        return []
    folder = onnx_folder(case, cache)
    parts = [*case.parts, *([QUANTISED] if case.precision == "int8" else [])]
    files = {part: folder / f"{part}.onnx" for part in parts}
    return [p for p, f in files.items() if not (f.is_file() and manifest_path(f).is_file())]


def clip_file(case: Case, cache: Path) -> Path:
    """Of `benchmarks.engine.clip`."""
    return network_folder(case, cache) / "clip.npz"


def counts_file(case: Case, cache: Path) -> Path:
    """JSON with multiply-accumulates and parameters."""
    return network_folder(case, cache) / "counts.json"


def onnx_folder(case: Case, cache: Path) -> Path:
    """Of the exported parts; of shipped weights the shipped ones, as a user runs them.

    The decoder in 8 bits lies beside the parts in full precision.
    """
    folder = shipped(case.preset)
    if folder is not None and (
        case.precision == "fp32" or (case.precision == "int8" and (folder / FILE).is_file())
    ):
        return folder
    form = RUNTIMES[case.runtime].form if case.kind == "pechead" else "none"
    return network_folder(case, cache) / f"{float_precision(case)}-{form}"


def float_precision(case: Case) -> str:
    """Of its parts that are not in 8 bits."""
    return "fp32" if case.precision == "int8" else case.precision


def network_folder(case: Case, cache: Path) -> Path:
    """Of everything that belongs to one network."""
    weights = checkpoint_of(case.preset)
    by = "untrained" if weights is None else sha256_of(weights)[:12]
    name = case.preset if case.upscale == 1 else f"{case.preset}-x{case.upscale}"
    return cache / f"{name}-{by}-{_program()}"


def checkpoint_of(preset: str) -> Path | None:
    """The shipped weights of ``preset``; None if it is measured untrained."""
    folder = shipped(preset)
    return None if folder is None else folder / f"{preset}.safetensors"


@cache
def _program() -> str:
    """Version and a digest of the source that exports."""
    digest = hashlib.sha256()
    for room in _ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            digest.update(path.read_bytes())
    return f"{importlib.metadata.version('pechead-live')}-{digest.hexdigest()[:8]}"

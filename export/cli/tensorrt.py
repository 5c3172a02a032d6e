"""``pechead-export tensorrt``: ONNX files and their manifests to TensorRT engines."""

import argparse
import sys
from pathlib import Path

from engines.manifest import read_manifest
from export.tensorrt.build import Tell, build_engine
from export.tensorrt.cache import CACHE
from export.tensorrt.targets import FLAVOURS, TensorRTConfig, check_precision, targets_of
from pechead_live.destination import check_folder
from pechead_live.errors import InputError
from pechead_live.reachable import is_file

CPU_PARTS = ("decode", "motion")
"""Halves of a step that meet at a warp outside the graphs; a GPU runs "step"."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `tensorrt`."""
    text = "ONNX files that 'pechead-export onnx' wrote, of any --form"
    parser.add_argument("folder", type=Path, metavar="FOLDER", help=text)
    text = "where the engines go; it is made if it is not there"
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help=text)
    text = (
        "TensorRT for RTX, built on any machine and finished on the user's GPU, or the full "
        "TensorRT, built on the GPU that runs it (default: rtx)"
    )
    parser.add_argument("--flavour", choices=tuple(FLAVOURS), default="rtx", help=text)
    text = "GPUs, such as sm_89,sm_120 (default: any that the flavour knows)"
    parser.add_argument("--target", default="any", metavar="SM,...", help=text)
    text = "what the ONNX files must have; it is chosen when they are exported"
    parser.add_argument("--precision", metavar="fp32|fp16", help=text)
    text = "only these parts of the network, such as step (default: all that a GPU runs)"
    parser.add_argument("--parts", nargs="+", metavar="NAME", help=text)
    text = "build also what was built before, instead of copying it from the cache"
    parser.add_argument("--rebuild", action="store_true", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Builds the engines and prints a line for each."""
    config = TensorRTConfig(flavour=arguments.flavour, targets=targets_of(arguments.target))
    check_folder(arguments.output)
    files = _files(arguments.folder, arguments.parts)
    for file in files:  # all of them before the first minute of work
        precision = read_manifest(file).precision
        if arguments.precision not in (None, precision):
            raise InputError(
                f"{file} is {precision} and not {arguments.precision}: export it again with "
                f"'pechead-export onnx --precision {arguments.precision}' first"
            )
        check_precision(config, precision)
    for file in files:
        cache = None if arguments.rebuild else CACHE
        built = build_engine(file, arguments.output, config, tell=_progress(file), cache=cache)
        targets = ", ".join(built.manifest.targets) or "any GPU of TensorRT-RTX"
        plugin = ", with the plugin" if built.manifest.plugin else ""
        how = "from the cache" if built.was_cached else f"{built.seconds:.1f} s"
        print(
            f"{built.file}: {built.manifest.runtime} {built.manifest.runtime_version}, "
            f"{built.manifest.precision}, for {targets}{plugin}, "
            f"{built.file.stat().st_size / 1e6:.1f} MB, {how}",
            flush=True,
        )
    return 0


def _files(folder: Path, parts: list[str] | None) -> list[Path]:
    if parts:
        files = [folder / f"{part}.onnx" for part in parts]
        missing = [file for file in files if not is_file(file)]
        if missing:
            raise InputError(f"there is no file {missing[0]}: export it with 'pechead-export onnx'")
        return files
    files = [file for file in sorted(folder.glob("*.onnx")) if file.stem not in CPU_PARTS]
    if not files:
        raise InputError(
            f"{folder} holds no ONNX file for a GPU: export a network with 'pechead-export onnx'"
        )
    return files


def _progress(file: Path) -> Tell:
    """A line that moves on a terminal; in a log there is none but the last, which `run` prints."""
    terminal = sys.stderr.isatty()

    def tell(share: float, phase: str) -> None:
        if terminal:
            end = "\n" if share >= 1 else ""
            line = f"{file.name}: {share:4.0%} {phase}"
            print(f"\r{line[:78]:<78}", end=end, file=sys.stderr, flush=True)

    return tell

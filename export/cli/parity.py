"""``pechead-export parity``: do exported networks draw what torch draws?"""

import argparse
import importlib.metadata
import json
import platform
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.cli.onnx import check_libraries
from pechead_live.destination import check_destination
from pechead_live.errors import InputError
from pechead_live.samples import sample
from pechead_live.whole_file import write_whole

if TYPE_CHECKING:
    from export.parity.parity import Row

TITLES = (
    *("network", "parts", "precision", "form", "ran on", "frames"),
    *("worst", "mean / 255", "worst, last frame", "within"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `parity`."""
    text = ".safetensors files, or presets for untrained networks: base, paper, lite-m, lite0, ..."
    parser.add_argument("networks", nargs="+", metavar="CHECKPOINT|PRESET", help=text)
    text = "a prepared .avatar (default: the bundled portrait)"
    parser.add_argument("--source", type=Path, metavar="AVATAR", help=text)
    text = "a recorded motion, as 'pechead-live track' writes them (default: the bundled one)"
    parser.add_argument("--driving", type=Path, metavar="MOTION", help=text)
    parser.add_argument("--frames", type=int, default=50, help="(default: %(default)s)")
    text = "also on this machine's NVIDIA GPU, by ONNX Runtime and by TensorRT"
    parser.add_argument("--gpu", action="store_true", help=text)
    text = "where the table goes; NAME.md gets a NAME.json beside it (default: it is printed only)"
    parser.add_argument("-o", "--output", type=Path, metavar="NAME.md", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Exports, compares and prints; 1 if a limit is not held."""
    check_libraries()
    from export.parity.parity import parity
    from export.parts.networks import UNTRAINED, load_network, untrained

    output: Path | None = arguments.output
    if output is not None:
        check_destination(output, (".md",))
    if arguments.frames < 1:
        raise InputError(f"--frames is {arguments.frames}: give 1 or more")
    networks = [
        untrained(name) if name in UNTRAINED else load_network(Path(name))
        for name in arguments.networks
    ]
    lines, told = [f"| {' | '.join(TITLES)} |", "|---" * len(TITLES) + "|"], []
    held = True
    for network in networks:
        driving = _driving(arguments, network.module)
        with tempfile.TemporaryDirectory(prefix="parity-") as folder:
            for row in parity(network, driving, Path(folder), _tell, gpu=arguments.gpu):
                name = network.preset
                if network.checkpoint_sha256.startswith("untrained"):
                    name += ", untrained"
                lines.append(_line(name, row))
                told.append({"network": name, **_plain(row)})
                held = held and row.holds
                print(lines[-1], flush=True)
    if output is not None:
        write_whole(output, ("\n".join(lines) + "\n").encode())
        record: dict[str, Any] = {"settings": _settings(arguments), "rows": told}
        write_whole(output.with_suffix(".json"), (json.dumps(record, indent=2) + "\n").encode())
    print("all within their limits" if held else "NOT all within their limits")
    return 0 if held else 1


def _driving(arguments: argparse.Namespace, module: Any) -> Any:
    from export.parity.driving import driving_of
    from pechead_live.avatar.file import open_avatar
    from pechead_live.model.reconstructor import Reconstructor
    from pechead_live.recording import read_recording

    avatar = open_avatar(arguments.source or sample("astronaut.avatar"))
    recording = read_recording(arguments.driving or sample("talking.npz"))
    size = 256 if isinstance(module, Reconstructor) else module.dimensions.size
    return driving_of(avatar, recording, size, arguments.frames)


def _line(name: str, row: "Row") -> str:
    which, limit = row.way.limit
    shown = f"{limit:g} worst" if which == "worst" else f"{255 * limit:g} / 255 mean"
    cells = (
        name,
        " + ".join(row.way.parts),
        row.way.precision,
        row.way.form,
        row.provider,
        row.frames,
        f"{row.worst:.1e}",
        f"{255 * row.mean:.4f}",
        f"{row.last:.1e}",
        f"{shown}: {'yes' if row.holds else 'NO'}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _plain(row: "Row") -> dict[str, Any]:
    found = row._asdict()
    return {**found.pop("way")._asdict(), **found, "holds": row.holds}


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    names = ("pechead-live", "torch", "onnx", "onnxruntime", "openvino")
    versions: dict[str, str] = {}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    motion = Path(arguments.driving or "talking.npz").name
    portrait = Path(arguments.source or "astronaut.avatar").name
    machine = platform.machine()
    return {"driving": motion, "source": portrait, "machine": machine, "versions": versions}


def _tell(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)

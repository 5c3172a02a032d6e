"""``pechead-live evaluate``: the four protocols of the paper, and ours for drift."""

import argparse
from pathlib import Path

OUTPUT = Path("out") / "evaluation"
"""Git-ignored in a checkout: the sheets show real people."""

PROTOCOLS = {
    "reconstruction": "a clip's first frame, driven by the whole clip (table 1 of the paper)",
    "reenactment": "portraits moved by the clips of other people (table 2)",
    "editing": "pose and expression set by hand, with frontalisation (table 3)",
    "ablation": "named settings and their seeds through the first two (table 4)",
    "drift": "portraits moved for minutes by a looped clip: do they stay as they were",
}

METHODS = ("copy-source", "analytic")
"""Without ``--method``."""

SHORT = 100
"""Frames of each clip where it moves several portraits: 4 s."""

IDENTITY_FRAMES = 12
"""Of a film whose faces are recognised; 80 ms each."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `evaluate`."""
    protocols = parser.add_subparsers(dest="protocol", required=True, metavar="PROTOCOL")
    for name, text in PROTOCOLS.items():
        protocol = protocols.add_parser(name, help=text, description=text[0].upper() + text[1:])
        _add_inputs(protocol, name)
        _add_amounts(protocol, name)
        if name == "drift":
            protocol.set_defaults(
                without_identity=True, without_perceptual=True, arcface=None, inception=None
            )
        else:
            _add_networks(protocol)


def run(arguments: argparse.Namespace) -> int:
    """Measures everything and writes table.md, table.json and the sheets."""
    from pechead_live.cli.evaluation_methods import methods_from
    from pechead_live.cli.evaluation_run import evaluate
    from pechead_live.evaluation.config import EvaluationConfig

    groups = methods_from(arguments.method or METHODS, seeds=arguments.protocol == "ablation")
    config = EvaluationConfig(
        frames=arguments.frames or None,
        stride=arguments.stride,
        identity_frames=0 if arguments.without_identity else IDENTITY_FRAMES,
        perceptual=not arguments.without_perceptual,
        arcface=arguments.arcface,
        inception=arguments.inception,
        motion=arguments.motion,
        portraits_per_clip=arguments.portraits_per_clip,
        expressions_per_portrait=arguments.expressions,
        minutes=arguments.minutes,
        seed=arguments.seed,
        landmarker=arguments.landmarker,
    )
    print(evaluate(arguments, groups, config))
    return 0


def _add_inputs(parser: argparse.ArgumentParser, protocol: str) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="DIR",
        help="a folder of clips, or one that holds the folders clips and portraits",
    )
    parser.add_argument("--clips", nargs="+", metavar="NAME", help="only these, such as v0000")
    parser.add_argument("--landmarker", type=Path, help="the face landmarker's .task file")
    parser.add_argument(
        "--method",
        action="append",
        metavar="METHOD",
        help="copy-source, analytic, or [NAME:]MODEL=CHECKPOINT such as lite-s=ema.safetensors, "
        "baseline=fomm.safetensors or KP:base=kp.safetensors; may be repeated, in an ablation "
        f"also with the same NAME, once a seed (default: {' and '.join(METHODS)})",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=OUTPUT / protocol,
        metavar="FOLDER",
        help="for table.md, table.json and sheets/, which show real people (default: %(default)s)",
    )
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes (default 2)")
    parser.add_argument(
        "--resume", action="store_true", help="keep what an interrupted run of these settings did"
    )
    if protocol == "reconstruction":
        parser.set_defaults(portraits=None)
    else:
        parser.add_argument(
            "--portraits", type=Path, metavar="DIR", help="of photos (default: DATA/portraits)"
        )


def _add_amounts(parser: argparse.ArgumentParser, protocol: str) -> None:
    frames = 0 if protocol == "reconstruction" else SHORT
    parser.add_argument(
        "--frames",
        type=int,
        default=frames,
        metavar="N",
        help="of each clip from its start, 0 takes all (default: %(default)s)",
    )
    parser.add_argument(
        "--motion",
        choices=("absolute", "relative"),
        default="absolute",
        help="pose and expression as the driver's are, or their changes (default: %(default)s)",
    )
    drifts = protocol == "drift"
    several = protocol in ("reenactment", "ablation")
    optional = (
        ("--stride", 4, "compare every N-th", protocol != "drift"),
        ("--portraits-per-clip", 4, "moved by each clip; 0 takes all", several),
        ("--portraits-count", 2 if drifts else 0, "only the first N; 0 takes all", drifts),
        ("--minutes", 5.0, "of looped motion", drifts),
        ("--expressions", 12, "set on each portrait", protocol == "editing"),
        ("--seed", 0, "of the choice of pairs", protocol not in ("reconstruction", "drift")),
    )
    for option, default, text, there in optional:
        if there:
            words = f"{text} (default: {default})"
            kind = type(default)
            parser.add_argument(option, type=kind, default=default, metavar="N", help=words)
        else:
            parser.set_defaults(**{option[2:].replace("-", "_"): default})


def _add_networks(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("networks of the metrics")
    group.add_argument("--without-identity", action="store_true", help="no CSIM-dlib")
    group.add_argument("--without-perceptual", action="store_true", help="no eFID, eFVD and ePD")
    group.add_argument("--arcface", type=Path, metavar="ONNX", help="adds CSIM-ArcFace")
    group.add_argument("--inception", type=Path, metavar="SAFETENSORS", help="adds FID")

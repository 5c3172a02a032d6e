"""``pechead-live data``: training data from videos."""

import argparse
import math
import os
from itertools import islice
from pathlib import Path

from pechead_live.cli.progress import progress
from pechead_live.destination import check_folder
from pechead_live.errors import InputError, NoFaceError
from pechead_live.sole_writer import sole_writer
from pechead_live.training.data.earlier import check_new
from pechead_live.training.data.journal import make_folders, read_records
from pechead_live.training.data.layouts import LAYOUTS, Video
from pechead_live.training.data.layouts.labels import labelled
from pechead_live.training.data.manifest import read_manifest
from pechead_live.training.data.one_video import PrepareConfig
from pechead_live.training.data.prepare import plan, prepare
from pechead_live.training.data.report import FILE, report_lines, write_report
from pechead_live.training.data.shard import check_shard

MOST = 10**9
"""Videos of a data set."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `data`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "cut, track and pack the heads in a folder of videos"
    make = actions.add_parser("prepare", help=text, description=text[0].upper() + text[1:] + ".")
    make.add_argument("folder", type=Path, metavar="FOLDER", help="the videos")
    make.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="folder of the shards; what an earlier run has finished there is kept",
    )
    make.add_argument(
        "--layout",
        choices=sorted(LAYOUTS),
        default="folder",
        help="how FOLDER is arranged: any folder, or as a data set is published "
        "(default: %(default)s)",
    )
    make.add_argument(
        "--manifest",
        type=Path,
        metavar="CSV",
        help="who is in which video: columns 'file' (relative to the CSV), 'identity', 'licence'",
    )
    make.add_argument(
        "--workers",
        type=int,
        default=min(4, os.cpu_count() or 1),
        metavar="N",
        help="videos worked on at a time (default: %(default)s)",
    )
    make.add_argument("--limit", type=int, metavar="N", help="only the first N videos")
    defaults = PrepareConfig()
    make.add_argument(
        "--shortest",
        type=int,
        default=defaults.shortest,
        metavar="FRAMES",
        help="of a chunk (default: %(default)s; FOMM's protocol: 64)",
    )
    make.add_argument(
        "--longest",
        type=int,
        default=defaults.longest,
        metavar="FRAMES",
        help="of a chunk (default: %(default)s)",
    )
    make.add_argument(
        "--least-side",
        type=int,
        default=defaults.least_side,
        metavar="PIXELS",
        help="of the square around the head, in the video (default: %(default)s; "
        "FOMM's protocol: 256)",
    )
    make.add_argument(
        "--shard-mb",
        type=float,
        default=defaults.shard_bytes / 1e6,
        metavar="MB",
        help="largest size of a shard (default: %(default)g)",
    )
    make.set_defaults(act=run_prepare)
    text = "check prepared data and say what is in it"
    show = actions.add_parser("show", help=text, description=text[0].upper() + text[1:] + ".")
    show.add_argument("output", type=Path, metavar="OUT", help="a folder that `prepare` made")
    show.set_defaults(act=run_show)


def run(arguments: argparse.Namespace) -> int:
    """Prepares data, or shows what was prepared."""
    return int(arguments.act(arguments))


def run_prepare(arguments: argparse.Namespace) -> int:
    """Prepares what is not prepared yet."""
    folder: Path = arguments.output
    if arguments.workers < 1 or (arguments.limit is not None and arguments.limit < 1):
        raise InputError(
            f"--workers is {arguments.workers}, --limit {arguments.limit}: they must be at least 1"
        )
    if not 0 < arguments.shard_mb < math.inf:
        raise InputError(f"--shard-mb is {arguments.shard_mb:g}: it must be a number above 0")
    config = PrepareConfig(
        shortest=arguments.shortest,
        longest=arguments.longest,
        least_side=arguments.least_side,
        shard_bytes=round(arguments.shard_mb * 1e6),
    )
    check_folder(folder)
    videos = find_videos(arguments.folder, arguments.layout, arguments.limit)
    if arguments.manifest is not None:
        videos = labelled(videos, arguments.manifest)
    check_new(folder)
    make_folders(folder)
    with sole_writer(folder):
        work = plan(arguments.folder, videos, folder, config)
        missing = len(work.missing)
        if missing < len(videos):
            print(f"{len(videos) - missing} of {len(videos)} videos are done already")
        for _ in progress(prepare(work, arguments.workers), missing, "preparing"):
            pass
        manifest, records = read_manifest(folder), list(read_records(folder).values())
        write_report(folder, manifest, records)
    print("\n".join(report_lines(manifest, records)))
    if not manifest.shards:
        raise NoFaceError(
            f"none of the {len(videos)} videos in {arguments.folder} shows a face that can be "
            f"used, see {folder / FILE}: give videos in which one face looks at the camera"
        )
    print(f"{folder}: ready")
    return 0


def run_show(arguments: argparse.Namespace) -> int:
    """Checks every shard's hash and prints the counts."""
    folder: Path = arguments.output
    manifest = read_manifest(folder)
    for shard in progress(manifest.shards, len(manifest.shards), "checking"):
        check_shard(folder, shard)
    print("\n".join(report_lines(manifest, list(read_records(folder).values()))))
    settings = ", ".join(f"{name} {value}" for name, value in manifest.settings.items())
    print(f"prepared with {settings}")
    return 0


def find_videos(folder: Path, layout: str, limit: int | None) -> list[Video]:
    """The first ``limit`` videos of a data set; `InputError` if there is none."""
    try:
        if not folder.is_dir():
            raise InputError(f"there is no folder {folder}: give one with videos")
        videos = list(islice(LAYOUTS[layout](folder), None if limit is None else min(limit, MOST)))
    except OSError as error:
        raise InputError(f"{folder} cannot be read ({error.strerror}): give another") from error
    if not videos:
        raise InputError(
            f"{folder} holds no video where the layout '{layout}' has them: "
            "give another folder or --layout"
        )
    return videos

"""CelebV-HQ as its script leaves it: ``raw/{video}.mp4``, or ``processed/{clip}.mp4``.

``celebvhq_info.json`` lists the clips: the video, seconds and a box in [0, 1] of each. The script
cuts them into ``processed`` where its last step is turned on; otherwise they are cut from ``raw``
here. Source: https://github.com/CelebV-HQ/CelebV-HQ (download_and_process.py, README.md).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pechead_live.errors import InputError
from pechead_live.training.data.layouts.video import Region, Video

INFO = "celebvhq_info.json"

LICENCE = "non-commercial research only"
"""As the data set's README states."""

MARGIN = 0.02
"""By which the script grows a box on each side."""


def videos(root: Path) -> Iterator[Video]:
    """Every clip whose file is there. The clips of one video count as one person."""
    clips = _clips(root)
    processed = {path.stem: path for path in sorted(root.rglob("processed/*.mp4"))}
    raw = {path.stem: path for path in sorted(root.rglob("raw/*.mp4"))}
    for name in sorted(clips.keys() | processed.keys()):
        if name in processed:  # a clip is called after its video, with a number
            yield Video(processed[name], name.rpartition("_")[0] or name, LICENCE)
        elif clips[name].path.stem in raw:
            yield clips[name]._replace(path=raw[clips[name].path.stem])


def _clips(root: Path) -> dict[str, Video]:
    """Name of a clip to what the list says; ``path`` is only a name yet. Empty without a list."""
    found = sorted(root.rglob(INFO)) or [root.parent / INFO, root.parent.parent / INFO]
    if not found[0].is_file():
        found = [path for path in found if path.is_file()]
    if not found:
        return {}
    try:
        content = json.loads(found[0].read_bytes())
        return {name: _clip(clip) for name, clip in content["clips"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"{found[0]} is not CelebV-HQ's list of clips ({error}): get it again"
        ) from error


def _clip(clip: Any) -> Video:
    box, time = clip["bbox"], clip["duration"]
    region = Region(
        left=max(float(box["left"]) - MARGIN, 0),
        top=max(float(box["top"]) - MARGIN, 0),
        right=min(float(box["right"]) + MARGIN, 1),
        bottom=min(float(box["bottom"]) + MARGIN, 1),
    )
    return Video(
        path=Path(f"{clip['ytb_id']}.mp4"),
        identity=str(clip["ytb_id"]),
        licence=LICENCE,
        start=float(time["start_sec"]),
        end=float(time["end_sec"]),
        region=region,
    )

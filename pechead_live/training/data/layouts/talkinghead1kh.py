"""TalkingHead-1KH as its scripts leave it: ``{train,val,small}/cropped_clips/NAME.mp4``.

NAME is ``{video}_{minute}_S{start}_E{end}_L{left}_T{top}_R{right}_B{bottom}``: the clips are cut
around the face already. Source: https://github.com/tcwang0509/TalkingHead-1KH (videos_split.sh,
videos_crop.py).
"""

import re
from collections.abc import Iterator
from pathlib import Path

from pechead_live.training.data.layouts.video import Video

NAME = re.compile(r"(?P<video>.+)_\d{4}_S\d+_E\d+_L\d+_T\d+_R\d+_B\d+")

LICENCE = "CC-BY-3.0"
"""As the data set's README states."""


def videos(root: Path) -> Iterator[Video]:
    """Every cropped clip. Who it is nobody says: the clips of one video count as one person."""
    for path in sorted(root.rglob("*.mp4")):
        name = NAME.fullmatch(path.stem)
        if name is not None:
            yield Video(path, name["video"], LICENCE)

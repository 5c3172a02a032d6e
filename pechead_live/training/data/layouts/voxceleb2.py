"""VoxCeleb2 as it is published: ``{dev,test}/mp4/id00012/21Uxsk56VDQ/00001.mp4``.

A folder a person, in it one a video of the web, in it the utterances, already cut around the face.
Source: https://www.robots.ox.ac.uk/~vgg/data/voxceleb/vox2.html.
"""

from collections.abc import Iterator
from pathlib import Path

from pechead_live.training.data.layouts.video import Video

PATTERN = "id[0-9][0-9][0-9][0-9][0-9]/*/*.mp4"

LICENCE = "CC-BY-4.0"
"""As the data set's page states; the videos' rights stay with their owners."""


def videos(root: Path) -> Iterator[Video]:
    """Every utterance in ``root``: the data set, one of its splits or its ``mp4`` folder."""
    for path in sorted(root.rglob(PATTERN)):
        yield Video(path, path.parent.parent.name, LICENCE)

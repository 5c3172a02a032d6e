"""Where data sets keep their videos, each as it is published: one file each."""

from collections.abc import Callable, Iterator
from pathlib import Path

from pechead_live.training.data.layouts import (
    celebvhq,
    folder,
    photos,
    talkinghead1kh,
    vfhq,
    voxceleb2,
)
from pechead_live.training.data.layouts.video import Region, Video

LAYOUTS: dict[str, Callable[[Path], Iterator[Video]]] = {
    "folder": folder.videos,
    "photos": photos.photos,
    "voxceleb2": voxceleb2.videos,
    "talkinghead1kh": talkinghead1kh.videos,
    "celebvhq": celebvhq.videos,
    "vfhq": vfhq.videos,
}
"""Name on the command line to what lists the videos of a folder."""

__all__ = ["LAYOUTS", "Region", "Video"]

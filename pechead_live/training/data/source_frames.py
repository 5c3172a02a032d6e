"""The frames of a `Video`: a file or a folder of pictures, of which it may be a part."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pechead_live.avatar.photo import read_photo
from pechead_live.camera.file import open_video_file
from pechead_live.errors import InputError
from pechead_live.footage.file_frames import file_frames
from pechead_live.frame import Frame, Pixels
from pechead_live.training.data.layouts import Region, Video

PICTURES = frozenset({".png", ".jpg", ".jpeg"})
"""Suffixes of the pictures in a folder."""


def video_frames(video: Video) -> Iterator[Frame]:
    """Frames in order, their times counted from the file's first."""
    begin: float | None = None
    for frame in _all_frames(video):
        begin = frame.captured_at if begin is None else begin
        time = frame.captured_at - begin
        if video.end is not None and time >= video.end:
            return
        if time >= video.start:
            pixels = frame.pixels if video.region is None else _inside(frame.pixels, video.region)
            yield Frame(pixels=pixels, captured_at=time)


def video_fps(video: Video) -> float:
    """Frames per second."""
    if video.path.is_dir():
        return video.fps
    camera = open_video_file(video.path)
    camera.close()
    return camera.fps


def _all_frames(video: Video) -> Iterator[Frame]:
    if video.path.is_dir():
        for place, path in enumerate(_pictures(video.path)):
            yield Frame(pixels=read_photo(path), captured_at=place / video.fps)
        return
    yield from file_frames(video.path)


def _pictures(folder: Path) -> list[Path]:
    """By their numbers, which need not have leading zeros."""
    found = [path for path in folder.iterdir() if path.suffix.lower() in PICTURES]
    if not found:
        raise InputError(f"{folder} holds no picture: give a folder with one for each frame")
    return sorted(found, key=lambda path: (len(path.stem), path.stem))


def _inside(pixels: Pixels, region: Region) -> Pixels:
    height, width = pixels.shape[:2]
    left, right = round(region.left * width), round(region.right * width)
    top, bottom = round(region.top * height), round(region.bottom * height)
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        raise InputError(f"the part {region} is not within the picture: check the list of clips")
    return np.ascontiguousarray(pixels[top:bottom, left:right])

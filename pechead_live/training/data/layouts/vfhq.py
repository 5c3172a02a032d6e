"""VFHQ as it is published: folders ``Clip+{video}+P{person}+C{clip}+F{first}-{last}`` of pictures.

The script of its page makes one for each file in ``meta_info``, from the video of the web: the
frames, cut around the face, as 00000001.png and on. Others store each clip as one .mp4 of that
name; both are read. Where neither is there, but the whole ``{video}.mp4`` (or .webm, .mkv) is, the
clip is cut from it as ``meta_info/NAME.txt`` says: lines ``H``, ``W``, ``FPS`` and ``CROP`` with
x0 y0 x1 y1 in pixels. Source: https://liangbinxie.github.io/projects/vfhq and its processing script
(https://github.com/jinwonkim93/vfhq_processing).
"""

import re
from collections.abc import Iterator
from pathlib import Path

from pechead_live.errors import InputError
from pechead_live.training.data.layouts.video import Region, Video

NAME = re.compile(r"Clip\+(?P<video>.+)\+P(?P<person>\d+)\+C\d+\+F(?P<first>\d+)-(?P<last>\d+)")

WHOLE = (".mp4", ".webm", ".mkv")
"""What a whole video may end in."""


def videos(root: Path) -> Iterator[Video]:
    """Every clip. The person is the video's: P1 of one is not P1 of another."""
    metas = {path.stem: path for path in root.rglob("Clip+*.txt")}
    cut = {_name(path): path for path in sorted(root.rglob("Clip+*")) if _is_clip(path)}
    whole = {path.stem: path for path in root.rglob("*") if path.suffix.lower() in WHOLE}
    for name in sorted(metas.keys() | cut.keys()):
        match = NAME.fullmatch(name)
        if match is None:
            continue
        identity = f"{match['video']}+P{match['person']}"
        if name in cut:
            fps = _meta(metas[name])["FPS"][-1] if name in metas else 25.0
            yield Video(cut[name], identity, fps=fps)
        elif match["video"] in whole:
            yield _part(whole[match["video"]], identity, match, _meta(metas[name]))


def _is_clip(path: Path) -> bool:
    return path.is_dir() or path.suffix.lower() in WHOLE


def _name(path: Path) -> str:
    """A folder's name may hold dots; a file's ending is no part of it."""
    return path.name if path.is_dir() else path.stem


def _part(path: Path, identity: str, match: re.Match[str], meta: dict[str, list[float]]) -> Video:
    """A clip of a whole video; as in the script without its first and last frame."""
    fps, width, height = (meta[key][-1] for key in ("FPS", "W", "H"))
    x0, y0, x1, y1 = meta["CROP"][-4:]
    return Video(
        path=path,
        identity=identity,
        start=(int(match["first"]) + 1) / fps,
        end=int(match["last"]) / fps,
        region=Region(x0 / width, y0 / height, x1 / width, y1 / height),
    )


def _meta(path: Path) -> dict[str, list[float]]:
    """Word at the start of a line to the numbers in it."""
    try:
        lines = [re.split(r"[\s:]+", line) for line in path.read_text("utf-8").splitlines() if line]
        found = {line[0]: [float(n) for n in line[1:] if _is_number(n)] for line in lines}
        usable = len(found["CROP"]) >= 4 and all(found[key][-1] > 0 for key in ("FPS", "W", "H"))
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise InputError(f"{path} is not one of VFHQ's lists ({error}): get it again") from error
    if not usable:
        raise InputError(f"{path} is not one of VFHQ's lists (no size or box): get it again")
    return found


def _is_number(word: str) -> bool:
    return bool(re.fullmatch(r"[-+]?\d+(\.\d+)?", word))

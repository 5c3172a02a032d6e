"""The options that name a portrait, and the avatar they give."""

import argparse
from pathlib import Path

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.file import open_avatar
from pechead_live.errors import InputError

AVATAR_SUFFIX = ".avatar"


def add_source_arguments(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """``--source`` and what a photo needs besides. ``required``: False if there is another way to
    name an avatar, and `avatar_from` is then not called without one."""
    group = parser.add_argument_group("portrait")
    group.add_argument(
        "--source",
        type=Path,
        required=required,
        metavar="S",
        help="a prepared .avatar, or a photo of a face with --consent",
    )
    group.add_argument(
        "--consent", metavar="WORDS", help="for a photo: who allows its use, such as 'my own face'"
    )
    group.add_argument(
        "--crop",
        choices=("auto", "none"),
        default="auto",
        help="for a photo: frame the head, or take the square in its middle (default: %(default)s)",
    )


def avatar_from(arguments: argparse.Namespace) -> Avatar:
    """Opens or prepares the avatar of `add_source_arguments`."""
    source: Path = arguments.source
    check_portrait_file(source)
    if source.suffix.lower() == AVATAR_SUFFIX:
        return open_avatar(source)
    return prepared_from(arguments)


def prepared_from(arguments: argparse.Namespace) -> Avatar:
    """Prepares the photo ``arguments.source``, which needs a consent line."""
    source: Path = arguments.source
    check_portrait_file(source)
    if not (arguments.consent or "").strip():
        raise InputError(
            f"{source} is a photo and needs a consent line that is not empty: "
            "add --consent 'my own face', or the words of whoever allows its use"
        )
    # a prepared avatar needs none of these, and starts faster without them
    from pechead_live.avatar.photo import read_photo
    from pechead_live.avatar.prepare import FACES, prepare_avatar
    from pechead_live.detector.landmarker import Landmarker

    photo = read_photo(source)
    with Landmarker(arguments.landmarker, still=True, faces=FACES) as landmarker:
        return prepare_avatar(
            photo,
            consent=arguments.consent,
            name=getattr(arguments, "name", None) or source.stem,
            landmarker=landmarker,
            crop=arguments.crop,
        )


def check_portrait_file(source: Path) -> None:
    """`InputError` unless there is such a file."""
    try:
        if source.is_dir():
            raise InputError(f"{source} is a folder: give an .avatar or a photo")
        if not source.is_file():
            raise InputError(f"there is no portrait {source}: give an .avatar or a photo")
    except OSError as error:
        raise InputError(f"{source} cannot be read ({error.strerror}): check the path") from error

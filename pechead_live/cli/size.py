"""The size of a picture on the command line."""

import re

from pechead_live.errors import InputError


def size_from(text: str) -> tuple[int, int]:
    """``512`` or ``1280x720`` to (width, height) in pixels."""
    match = re.fullmatch(r"([0-9]{2,5})(?:x([0-9]{2,5}))?", text.strip().lower())
    if match is None:
        raise InputError(f"--size {text!r} is no size: write 512 or 1280x720")
    return int(match[1]), int(match[2] or match[1])

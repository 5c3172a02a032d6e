"""A folder that one program at a time writes into; the system ends the claim with the program."""

import contextlib
import errno
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pechead_live.errors import OutputError

FILE = ".lock"
"""In the folder; it is empty, and stays."""

_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


@contextmanager
def sole_writer(folder: Path) -> Generator[None]:
    """Claims ``folder``, which exists; `OutputError` if another program has, or if it is read-only.

    A file system without such claims is used as it is.
    """
    try:
        file = (folder / FILE).open("ab")
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written ({error.strerror}): repair it, or give another folder"
        ) from error
    with contextlib.closing(file):
        try:
            _claim(file)
        except OSError as error:
            if error.errno in _TAKEN:
                raise OutputError(
                    f"{folder} is being written by another program: wait for its end, or give "
                    "another folder"
                ) from error
        yield


def _claim(file: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

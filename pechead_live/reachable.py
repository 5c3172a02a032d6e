"""Is there such a file? Asked of names and folders that cannot be looked at, too."""

from pathlib import Path


def is_file(path: Path) -> bool:
    """True for a file; False also for a name too long or within a folder that is closed to us,
    of which `Path.is_file` raises."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """True for a folder; False as `is_file`."""
    try:
        return path.is_dir()
    except OSError:
        return False

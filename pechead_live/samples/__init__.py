"""A portrait and recorded motions that ship with the package; credits in its README."""

from importlib.resources import as_file, files
from pathlib import Path


def sample(name: str) -> Path:
    """Path of a sample file, such as ``astronaut.avatar``."""
    with as_file(files(__name__) / name) as path:  # a package folder on every supported install
        return path

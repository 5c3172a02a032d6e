"""Weights that ship with the package: for each model a folder with its `.safetensors`, the ONNX
files that were exported from it, and its card."""

from importlib.resources import as_file, files
from pathlib import Path


def shipped(model: str) -> Path | None:
    """Folder of the weights of ``model``, such as "lite-s"; None if none are shipped."""
    with as_file(files(__name__) / model) as path:  # a package folder on every supported install
        return path if path.is_dir() else None

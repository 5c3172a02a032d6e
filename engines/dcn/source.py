"""The kernel's source, as text and by its name in a cache."""

import hashlib
from pathlib import Path

SOURCE = Path(__file__).with_name("deform_im2col.cu")

SHIM = Path(__file__).with_name("cpu_shim.h")
"""Lets a C++ compiler take `SOURCE`."""


def source_text() -> str:
    """Of the kernel."""
    return SOURCE.read_text(encoding="utf-8")


def source_digest() -> str:
    """16 hexadecimal digits that change whenever the source does."""
    return hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]

"""Probabilities that the contexts begin with, learned from real motion (`learn.py`)."""

from array import array
from functools import cache
from importlib import resources

from pechead_live.calls.range_coder import new_contexts
from pechead_live.calls.syntax import CONTEXTS

FILE = "priors.bin"


@cache
def prior_contexts() -> "array[int]":
    """The contexts of a stream at its beginning. Not to be changed: copy them."""
    shares = resources.files("pechead_live.calls").joinpath(FILE).read_bytes()
    assert len(shares) == CONTEXTS, "priors and syntax belong together: learn them anew"
    return new_contexts([share << 8 | 128 for share in shares])

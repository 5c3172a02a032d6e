"""The result of one check."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["good", "optional", "missing"]
"""``optional``: something is absent that not everybody needs; ``missing``: `run` needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's report."""

    group: str
    """What it is about: host, camera, virtual camera, model, library, runtime."""

    name: str
    """What was checked."""

    verdict: Verdict
    """How it stands."""

    detail: str
    """What was found, with versions and places."""

    advice: str = ""
    """One sentence on what to do; empty when it is good."""

    def __post_init__(self) -> None:
        if (self.verdict == "good") != (not self.advice):
            raise ValueError(f"{self.name}: advice belongs to problems, and to every one of them")

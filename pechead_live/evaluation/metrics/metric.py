"""`Metric`: one column of a table, its name, unit and definition."""

from typing import Literal, NamedTuple

Better = Literal["lower", "higher", "near 1"]


class Metric(NamedTuple):
    """One metric, as a table shows it."""

    title: str
    """Without its unit."""

    unit: str
    """Empty for a plain number."""

    better: Better
    """Which values are better."""

    digits: int
    """Behind the point."""

    definition: str
    """One sentence."""

    source: str
    """Where the definition comes from."""

    @property
    def heading(self) -> str:
        """Title, unit and which way is better, such as "PSNR dB ↑"."""
        arrow = {"lower": "↓", "higher": "↑", "near 1": "→1"}[self.better]
        return " ".join(part for part in (self.title, self.unit, arrow) if part)

    def cell(self, value: float | None) -> str:
        """``value`` as a table shows it; "-" for None and NaN: it could not be measured."""
        return "-" if value is None or value != value else f"{value:.{self.digits}f}"

"""Two sets of buffers for a memory that never moves: each frame reads one and writes the other."""


class Turn:
    """Which of the sets holds the memory; each frame makes a new one."""

    def __init__(self, side: int) -> None:
        """``side``: 0 or 1."""
        self.side = side

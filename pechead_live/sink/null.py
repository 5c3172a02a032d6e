"""A sink that keeps nothing: for measuring and for trying a camera."""

from pechead_live.frame import Picture


class NullSink:
    """Takes every picture and forgets it."""

    def write(self, picture: Picture) -> None:
        """Forgets ``picture``."""

    def close(self) -> None:
        """Does nothing."""

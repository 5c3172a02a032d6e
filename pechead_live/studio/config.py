"""The studio's settings."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pechead_live.errors import InputError
from pechead_live.studio.rtc.bitrate import BitrateConfig


@dataclass(frozen=True, kw_only=True)
class StudioConfig:
    """What one server offers, and its limits."""

    recordings: Path
    """Folder of the recordings."""

    cameras: dict[str, str] = field(default_factory=dict[str, str])
    """The server's own cameras: name in the API to what `open_camera` takes."""

    ice_servers: tuple[dict[str, Any], ...] = ()
    """STUN and TURN servers, as the browser's `RTCIceServer` has them; told to the page, too."""

    models: tuple[str, ...] = ("analytic",)
    """What may draw."""

    most_sessions: int = 2
    """At a time; each takes a core or more."""

    most_viewers: int = 8
    """Of one session; each takes an encoder."""

    orphan_s: float = 30.0
    """A session without a connection, and without a sink of its own, ends after this long."""

    connect_s: float = 30.0
    """A connection that has not come about after this long is closed."""

    adapts: bool = True
    """Draws smaller while the machine cannot keep up."""

    bitrate: BitrateConfig = field(default_factory=BitrateConfig)
    """Of one viewer."""

    def __post_init__(self) -> None:
        if self.most_sessions < 1 or self.most_viewers < 1:
            raise InputError(
                f"{self.most_sessions} sessions and {self.most_viewers} viewers: give at least 1"
            )
        if not (self.orphan_s > 0 and self.connect_s > 0):
            raise InputError(
                f"orphan_s is {self.orphan_s} and connect_s {self.connect_s}: both must be above 0"
            )
        if not self.models:
            raise InputError("no model may draw: name at least one")

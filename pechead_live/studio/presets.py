"""Expressions for one key."""

from typing import Any, NamedTuple


class Preset(NamedTuple):
    """An expression that is added to the motion."""

    name: str
    key: str
    """Its hotkey in the page."""
    expressions: dict[str, float]
    """ARKit names to what is added, -1 to 1."""


def _both(**values: float) -> dict[str, float]:
    """The same value left and right."""
    return {f"{name}{side}": value for name, value in values.items() for side in ("Left", "Right")}


PRESETS = (
    Preset("smile", "1", _both(mouthSmile=0.7, cheekSquint=0.3, eyeSquint=0.15)),
    Preset(
        "laugh",
        "2",
        {"jawOpen": 0.35} | _both(mouthSmile=0.9, cheekSquint=0.5, eyeSquint=0.35),
    ),
    Preset(
        "surprise",
        "3",
        {"jawOpen": 0.3, "browInnerUp": 0.8} | _both(browOuterUp=0.7, eyeWide=0.6),
    ),
    Preset("sad", "4", {"browInnerUp": 0.7} | _both(mouthFrown=0.6, mouthStretch=0.15)),
    Preset("stern", "5", _both(browDown=0.8, mouthPress=0.4, noseSneer=0.2)),
    Preset("wink", "6", {"eyeBlinkRight": 1.0, "cheekSquintRight": 0.5, "mouthSmileRight": 0.5}),
    Preset("kiss", "7", {"mouthPucker": 0.9, "mouthFunnel": 0.2}),
    Preset("doubt", "8", {"browOuterUpLeft": 0.9, "browDownRight": 0.5, "mouthLeft": 0.3}),
    Preset("attentive", "9", {"browInnerUp": 0.2} | _both(eyeWide=0.2, mouthSmile=0.2)),
)


def preset_named(name: str) -> Preset | None:
    """One of `PRESETS`; None if there is none of that name."""
    return next((preset for preset in PRESETS if preset.name == name), None)


def presets_as_json() -> list[dict[str, Any]]:
    """As the API shows them."""
    return [preset._asdict() for preset in PRESETS]

"""`Controls`: everything that a user can turn while the avatar is live, and its JSON."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from pechead_live.errors import InputError
from pechead_live.live.scene import Attention
from pechead_live.motion import MotionConfig, Offsets
from pechead_live.motion.config import GAINS
from pechead_live.studio.presets import PRESETS, preset_named

SIZES = ("256", "512", "640x480", "1280x720")
"""Of the picture: a square's side, or width x height."""

SOUNDS = ("delayed", "off")

ANGLES = ("yaw", "pitch", "roll")


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """One session's settings."""

    avatar: str
    """Its id in the gallery."""
    model: str = "analytic"
    """What draws the portrait."""
    engine: str | None = None
    """What runs the model; None for what suits it."""
    size: str = "512"
    """One of `SIZES`."""
    motion: MotionConfig = field(default_factory=MotionConfig)
    """Mode, gains, where the eyes look."""
    offsets: Offsets = field(default_factory=Offsets)
    """Sliders on top of the motion."""
    preset: str | None = None
    """Name of the expression that is added, too."""
    presence: Attention = "follow"
    """Whether the driver is followed."""
    mirror: bool = False
    """Whether the picture's left and right are swapped."""
    background: tuple[int, int, int] | None = None
    """A colour, RGB; None for the portrait's own."""
    label: bool = True
    """Whether the visible "AI" label is drawn."""
    sound: str = "delayed"
    """One of `SOUNDS`."""

    @property
    def all_offsets(self) -> Offsets:
        """Sliders and preset together; an expression of both is cut to what there may be."""
        preset = None if self.preset is None else preset_named(self.preset)
        if preset is None:
            return self.offsets
        total = dict(self.offsets.expressions)
        for name, value in preset.expressions.items():
            total[name] = min(1.0, max(-1.0, total.get(name, 0.0) + value))
        return replace(self.offsets, expressions=total)


def size_of(size: str) -> tuple[int, int]:
    """Width and height in pixels of one of `SIZES`."""
    width, _, height = size.partition("x")
    return int(width), int(height or width)


def controls_as_json(controls: Controls) -> dict[str, Any]:
    """As the API shows them."""
    motion, offsets = controls.motion, controls.offsets
    colour = controls.background
    return {
        "avatar": controls.avatar,
        "model": controls.model,
        "engine": controls.engine,
        "size": controls.size,
        "motion": motion.mode,
        "gains": {name: getattr(motion, name) for name in GAINS},
        "look_at_camera": motion.look_at_camera,
        "pose": {name: getattr(offsets, name) for name in ANGLES},
        "expressions": dict(offsets.expressions),
        "preset": controls.preset,
        "presence": controls.presence,
        "mirror": controls.mirror,
        "background": None if colour is None else "#{:02x}{:02x}{:02x}".format(*colour),
        "label": controls.label,
        "sound": controls.sound,
    }


def changed(controls: Controls, patch: object, *, models: tuple[str, ...]) -> Controls:
    """``controls`` with the fields of the JSON object ``patch``. Raises `InputError`."""
    if not isinstance(patch, dict):
        raise InputError(f"controls are a JSON object, not {_shown(patch)}")
    fields: Mapping[Any, Any] = patch
    for name, value in fields.items():
        change = _CHANGES.get(name)
        if change is None:
            raise InputError(
                f"there is no control {_shown(name)}: use one of {', '.join(_CHANGES)}"
            )
        controls = change(controls, value)
    if controls.model not in models:
        raise InputError(f"there is no model {controls.model!r}: use one of {', '.join(models)}")
    return controls


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _text(name: str, value: object) -> str:
    if not (isinstance(value, str) and 0 < len(value) <= 100):
        raise InputError(f"{name} is {_shown(value)}: it must be a text of 1 to 100 characters")
    return value


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{name} is {_shown(value)}: it must be a number")
    return float(value)


def _yes(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{name} is {_shown(value)}: it must be true or false")
    return value


def _one_of(name: str, value: object, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise InputError(f"{name} is {_shown(value)}: use one of {', '.join(choices)}")
    return str(value)


def _numbers(name: str, value: object) -> dict[str, float]:
    if not isinstance(value, dict):
        raise InputError(f"{name} is {_shown(value)}: it must be an object of numbers")
    fields: Mapping[Any, Any] = value
    return {_text(name, key): _number(f"{name}.{key}", number) for key, number in fields.items()}


def _known(name: str, values: dict[str, float], names: tuple[str, ...]) -> dict[str, float]:
    for key in values:
        _one_of(f"a field of {name}", key, names)
    return values


def _colour(value: object) -> tuple[int, int, int] | None:
    if value is None:
        return None
    if not (isinstance(value, str) and re.fullmatch("#[0-9a-fA-F]{6}", value)):
        raise InputError(f"background is {_shown(value)}: it must be #rrggbb or null")
    red, green, blue = bytes.fromhex(value[1:])
    return red, green, blue


def _motion(controls: Controls, **values: Any) -> Controls:
    return replace(controls, motion=replace(controls.motion, **values))


def _pose(controls: Controls, value: object) -> Controls:
    angles = _known("pose", _numbers("pose", value), ANGLES)
    return replace(controls, offsets=replace(controls.offsets, **angles))


def _expressions(controls: Controls, value: object) -> Controls:
    return replace(
        controls, offsets=replace(controls.offsets, expressions=_numbers("expressions", value))
    )


def _preset(controls: Controls, value: object) -> Controls:
    names = tuple(preset.name for preset in PRESETS)
    name = None if value is None else _one_of("preset", value, names)
    return replace(controls, preset=name)


def _mode(controls: Controls, value: object) -> Controls:
    return _motion(controls, mode=_text("motion", value))


def _gains(controls: Controls, value: object) -> Controls:
    return _motion(controls, **_known("gains", _numbers("gains", value), GAINS))


def _presence(controls: Controls, value: object) -> Controls:
    attention: Any = _one_of("presence", value, get_args(Attention))
    return replace(controls, presence=attention)


def _engine(controls: Controls, value: object) -> Controls:
    return replace(controls, engine=None if value is None else _text("engine", value))


_CHANGES: dict[str, Callable[[Controls, object], Controls]] = {
    "avatar": lambda controls, value: replace(controls, avatar=_text("avatar", value)),
    "model": lambda controls, value: replace(controls, model=_text("model", value)),
    "engine": _engine,
    "size": lambda controls, value: replace(controls, size=_one_of("size", value, SIZES)),
    "motion": _mode,
    "gains": _gains,
    "look_at_camera": lambda controls, value: _motion(
        controls, look_at_camera=_yes("look_at_camera", value)
    ),
    "pose": _pose,
    "expressions": _expressions,
    "preset": _preset,
    "presence": _presence,
    "mirror": lambda controls, value: replace(controls, mirror=_yes("mirror", value)),
    "background": lambda controls, value: replace(controls, background=_colour(value)),
    "label": lambda controls, value: replace(controls, label=_yes("label", value)),
    "sound": lambda controls, value: replace(controls, sound=_one_of("sound", value, SOUNDS)),
}

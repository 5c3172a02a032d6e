"""The card beside a face model: what it was made from, how, how good it is, what it cannot do."""

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pechead_live.cli.face_measuring import Measured
from pechead_live.expressions import EXPRESSION_NAMES
from pechead_live.facemodel.learn import RIDGE, ROUNDS, SHORTEST, Z_WEIGHT
from pechead_live.facemodel.residual import CALIBRATION_FRAMES, Residual

TITLE = "# Face model"
"""First line of every card; another file is not overwritten."""

LONGEST_LINE = 100

RARE = 0.02
"""Standard deviation of a score below which its column is poorly determined."""


TEMPLATE = f"""{TITLE}

A linear model of the 478 points of MediaPipe's face mesh: mean face, 50 identity directions of unit
variance, 52 expressions by their ARKit names, mesh, mirror pairs, and points of the head beyond the
mesh. It places points; it holds no picture of anybody. {{size:.0f}} kB.

## How it was made

- Command: `{{command}}`, {{date}}; {{versions}}.
- From {{clips}} clips ({{frames}} frames, {{people_in_clips}} people) and {{photos}} photos;
  {{people}} people in all, each of the same weight. Where it is not labelled who a file shows, it
  counts as a person of its own.
- {ROUNDS} rounds of aligning (similarity transforms, the jaw nearly free), ridge regression of
  points on scores within each clip (ridge {RIDGE:g}; clips of {SHORTEST} frames or more),
  averaging, and principal components of the neutral faces (depth weighs {Z_WEIGHT:g}).
- Left and right are exactly symmetric. Pitch 0 is how these people hold their heads on average,
  looking at a camera.

## Residual

{{residual}}

## Sources

{{sources}}

Points and scores come from MediaPipe's Face Landmarker (Apache-2.0). The licences are those of the
places where the files were found: they do not clear the rights of the people or the broadcasters in
them.

## Known weak spots

- Expressions that hardly moved (standard deviation of the score within clips below {RARE:g}), whose
  columns are poorly determined: {{rare}}.
- The scores are a detector's, not an actor's: expressions that people make together (a smile and
  narrowed eyes) are not fully separated.
- Depth is estimated from single pictures and is the least certain axis; beyond about 35 degrees of
  yaw the far side of a face is a guess.
- The people measured are few and no fair sample of ages, origins or faces. Glasses, beards and
  hands before the face move points.
- tongueOut is not measured: its column is zero.
"""


class HeldOut(NamedTuple):
    """How far the model is off on clips that it was not learned from."""

    clips: int
    steps: Mapping[str, Residual]


def card(
    measured: Sequence[Measured],
    *,
    command: str,
    date: str,
    versions: Mapping[str, str],
    size: int,
    held_out: HeldOut | None,
) -> str:
    """The card as Markdown; ``size`` is the model file's in bytes."""
    clips = [m for m in measured if m.file.is_clip]
    text = TEMPLATE.format(
        command=command,
        date=date,
        versions=", ".join(f"{name} {version}" for name, version in versions.items()),
        size=size / 1000,
        clips=len(clips),
        frames=sum(len(m.faces) for m in clips),
        people_in_clips=len({m.file.person for m in clips}),
        photos=len(measured) - len(clips),
        people=len({m.file.person for m in measured}),
        residual=_residual(held_out),
        sources=_sources(measured),
        rare=", ".join(rare_expressions(clips)) or "none",
    )
    return "".join(_wrapped(line) + "\n" for line in text.splitlines())


def rare_expressions(clips: Sequence[Measured]) -> list[str]:
    """Names of the expressions that vary less than `RARE` within clips, tongueOut aside."""
    if not clips:
        return [name for name in EXPRESSION_NAMES if name != "tongueOut"]
    variances = [np.var([face.scores for face in clip.faces], axis=0) for clip in clips]
    spread = np.sqrt(np.mean(variances, axis=0))
    return [
        name
        for name, deviation in zip(EXPRESSION_NAMES, spread, strict=True)
        if deviation < RARE and name != "tongueOut"
    ]


def residual_rows(steps: Mapping[str, Residual]) -> list[str]:
    """Rows of a Markdown table: percent of the outer-eye distance, all and inner points."""
    return [
        "| fit | all 478 points | 51 inner points |",
        "|---|---|---|",
        *(f"| {name} | {100 * r.points:.2f} | {100 * r.inner:.2f} |" for name, r in steps.items()),
    ]


def _wrapped(line: str) -> str:
    """A line of text that became too long, as several of its list item."""
    if len(line) <= LONGEST_LINE or line.startswith("|"):
        return line
    indent = "  " if line.startswith(("- ", "  ")) else ""
    return textwrap.fill(
        line,
        LONGEST_LINE,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _residual(held_out: HeldOut | None) -> str:
    if held_out is None:
        return "Not measured (`--held-out DIR` measures it on clips that are not learned from)."
    text = (
        f"On {held_out.clips} clips that it was not learned from: mean distance in the picture in\n"
        "percent of the outer-eye distance. Identity is settled on a clip's first "
        f"{CALIBRATION_FRAMES} frames,\nwhich do not count."
    )
    return text + "\n\n" + "\n".join(residual_rows(held_out.steps))


def _sources(measured: Sequence[Measured]) -> str:
    counts: Counter[tuple[str, str, bool]] = Counter(
        (m.file.source or "not stated", m.file.licence or "not stated", m.file.is_clip)
        for m in measured
    )
    origins = sorted({(source, licence) for source, licence, _ in counts})
    rows = [
        f"| {source} | {licence} | {counts[source, licence, True]} "
        f"| {counts[source, licence, False]} |"
        for source, licence in origins
    ]
    return "\n".join(["| source | licence | clips | photos |", "|---|---|---|---|", *rows])

"""Whether the paper's order holds: each setting against the one before it, metric by metric.

The gain of a pair is the difference of the means over seeds, above 0 where the later setting is the
better one. It is set against the spread of a difference of two seeds, the root of the sum of both
settings' variances over seeds.
"""

from collections.abc import Mapping, Sequence
from math import hypot
from typing import Any, Literal, NamedTuple

from benchmarks.ablation.paper import COLUMN_OF, SETTINGS, printed_better
from pechead_live.evaluation.metrics.names import METRICS

Figures = Mapping[str, float | None]

Verdict = Literal["holds", "does not hold", "within the spread", "spread unknown", "not measured"]

SMOOTHNESS = ("jitter_ratio", "warp_error")
"""What the context of CAP is to lower; less is better here, also of jitter."""


class Pair(NamedTuple):
    """Two neighbours of the paper's order by one metric."""

    metric: str
    earlier: str
    later: str

    gain: float | None
    """In the metric's unit; above 0 where ``later`` is better."""

    spread: float | None
    """Of such a gain, over seeds; None with fewer than two seeds of either."""

    verdict: Verdict
    printed_better: str | None
    """In how many of the paper's two sets of videos it is so; None for our own metrics."""


def verdict_of(gain: float | None, spread: float | None) -> Verdict:
    """ "holds" where the gain is above the spread, "does not hold" where it is as far below 0."""
    if gain is None:
        return "not measured"
    if spread is None:
        return "spread unknown"
    if abs(gain) <= spread:
        return "within the spread"
    return "holds" if gain > 0 else "does not hold"


def neighbours(
    means: Mapping[str, Figures], spreads: Mapping[str, Figures], metrics: Sequence[str]
) -> list[Pair]:
    """Each metric's pairs of neighbours in the paper's order, of the settings that there are.

    ``means``, ``spreads``: setting to metric to the mean and the standard deviation over seeds.
    """
    there = [name for name in SETTINGS if name in means]
    return [
        _pair(metric, earlier, later, means, spreads)
        for metric in metrics
        for earlier, later in zip(there, there[1:], strict=False)
    ]


def claims(means: Mapping[str, Figures], spreads: Mapping[str, Figures]) -> list[dict[str, Any]]:
    """What is said of CAP, the step from MMFA to Full, read off the table; [] without both."""
    if not {"MMFA", "Full"} <= means.keys():
        return []
    found: list[dict[str, Any]] = []
    for metric in SMOOTHNESS:
        without, with_cap = means["MMFA"].get(metric), means["Full"].get(metric)
        spread = _spread(metric, "MMFA", "Full", spreads)
        gain = None if without is None or with_cap is None else without - with_cap
        claim = {"claim": f"CAP lowers {METRICS[metric].title}", "metric": metric}
        figures = {"mmfa": without, "full": with_cap, "lower_by": gain, "spread": spread}
        found.append({**claim, **figures, "verdict": verdict_of(gain, spread)})
    return found


def shown(pairs: Sequence[Pair], told: Sequence[Mapping[str, Any]]) -> str:
    """Markdown: a line for each metric, a column for each pair, and the sentences on CAP."""
    steps = list(dict.fromkeys((pair.earlier, pair.later) for pair in pairs))
    lines = [f"| later is better | {' | '.join(f'{a} < {b}' for a, b in steps)} |"]
    lines.append("|---" * (len(steps) + 1) + "|")
    for metric in dict.fromkeys(pair.metric for pair in pairs):
        cells = [_cell(pair) for pair in pairs if pair.metric == metric]
        lines.append(f"| {METRICS[metric].title} | {' | '.join(cells)} |")
    for claim in told:
        figure = METRICS[claim["metric"]].cell
        lines.append(
            f"\n{claim['claim']}: {claim['verdict']} (MMFA {figure(claim['mmfa'])}, Full "
            f"{figure(claim['full'])}, spread {figure(claim['spread'])})."
        )
    return "\n".join(lines)


def _pair(
    metric: str,
    earlier: str,
    later: str,
    means: Mapping[str, Figures],
    spreads: Mapping[str, Figures],
) -> Pair:
    before, after = means[earlier].get(metric), means[later].get(metric)
    gain = None
    if before is not None and after is not None:
        gain = _badness(metric, before) - _badness(metric, after)
    spread = _spread(metric, earlier, later, spreads)
    printed = printed_better(metric, earlier, later)
    return Pair(metric, earlier, later, gain, spread, verdict_of(gain, spread), printed)


def _badness(metric: str, value: float) -> float:
    """Less is better."""
    better = METRICS[metric].better
    if better == "near 1":
        return abs(value - 1)
    return -value if better == "higher" else value


def _spread(metric: str, earlier: str, later: str, spreads: Mapping[str, Figures]) -> float | None:
    first, second = (spreads.get(name, {}).get(metric) for name in (earlier, later))
    return None if first is None or second is None else hypot(first, second)


def _cell(pair: Pair) -> str:
    printed = f" (paper {pair.printed_better})" if pair.metric in COLUMN_OF else ""
    return f"{pair.verdict}{printed}"

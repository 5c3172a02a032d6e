"""``pechead-live doctor``: what works on this machine and what to do about the rest."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict

from pechead_live.diagnosis import Finding, Verdict, examine

MARKS: dict[Verdict, str] = {"good": "ok", "optional": "--", "missing": "!!"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `doctor`."""
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Prints every finding. 1 when something is missing that `run` needs, else 0."""
    findings = examine()
    healthy = all(finding.verdict != "missing" for finding in findings)
    if arguments.json:
        report = {"healthy": healthy, "findings": [asdict(finding) for finding in findings]}
        print(json.dumps(report, indent=2))
    else:
        print(as_text(findings))
        print("Ready to run." if healthy else "Not ready: see the lines marked !!.")
    return 0 if healthy else 1


def as_text(findings: Sequence[Finding]) -> str:
    """One line per finding, and one for the advice of each that has some."""
    width = max((len(finding.name) for finding in findings), default=0)
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{MARKS[finding.verdict]} {finding.name:{width}}  {finding.detail}")
        if finding.advice:
            lines.append(f"   {'':{width}}  -> {finding.advice}")
    return "\n".join(lines)

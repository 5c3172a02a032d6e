"""What works on this machine, found out by trying it, one file per group of checks."""

from pechead_live.diagnosis.everything import examine
from pechead_live.diagnosis.finding import Finding, Verdict

__all__ = ["Finding", "Verdict", "examine"]

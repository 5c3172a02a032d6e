"""How much memory this process has needed at most."""

import sys
from pathlib import Path


def peak_memory_mb() -> float | None:
    """Largest resident size so far in 10^6 bytes; None where the system does not say.

    On Linux it is VmHWM, which starts anew with each program; getrusage would carry over the size
    of the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6

"""Python, the machine, and the system libraries that packages expect to find."""

import ctypes
import os
import platform
import sys

from pechead_live.diagnosis.finding import Finding

OLDEST_PYTHON = (3, 11)

SYSTEM_LIBRARIES: dict[str, str] = {
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2",
}
"""Linux: what MediaPipe always loads, and the Debian package that brings it."""


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """The interpreter."""
    detail = f"{'.'.join(map(str, version))} at {sys.executable}"
    if version[:2] < OLDEST_PYTHON:
        return Finding(
            group="host",
            name="Python",
            verdict="missing",
            detail=detail,
            advice="install Python 3.11 or newer and make the environment anew",
        )
    return Finding(group="host", name="Python", verdict="good", detail=detail)


def check_platform() -> Finding:
    """System, processor, cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    detail = f"{platform.platform()}, {platform.machine()}, {cores} cores"
    if sys.maxsize < 2**32:
        return Finding(
            group="host",
            name="platform",
            verdict="missing",
            detail=f"{detail}, 32 bits",
            advice="install a 64-bit Python: MediaPipe exists for no other",
        )
    return Finding(group="host", name="platform", verdict="good", detail=detail)


def check_system_libraries(libraries: dict[str, str] | None = None) -> list[Finding]:
    """Linux only: each library is really loaded."""
    if not sys.platform.startswith("linux"):
        return []
    findings: list[Finding] = []
    for library, package in (libraries or SYSTEM_LIBRARIES).items():
        try:
            ctypes.CDLL(library)
        except OSError as error:
            findings.append(
                Finding(
                    group="library",
                    name=library,
                    verdict="missing",
                    detail=str(error),
                    advice=f"run 'sudo apt-get install {package}' or your system's equivalent",
                )
            )
        else:
            findings.append(Finding(group="library", name=library, verdict="good", detail="loads"))
    return findings

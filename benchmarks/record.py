"""The record of a benchmark: one JSON file with its figures and all that they depend on.

Every file in ``results/`` has the fields of `FIELDS`. It names no folder and no host: a record is
read on other machines than the one that wrote it.
"""

import json
import math
import os
import platform
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path, PurePath
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"

FIELDS: dict[str, type] = {
    "benchmark": str,  # its name, that of the file and of the module, with the dots of packages
    "created": str,  # when it was written, UTC, ISO 8601
    "version": str,  # of this project
    "revision": str,  # the commit; "+changes" when files differed from it
    "command": str,  # what makes the record anew
    "machine": dict,  # `MACHINE`
    "python": str,  # its version
    "libraries": dict,  # package to version, of those installed among `LIBRARIES`
    "settings": dict,  # what was chosen; the benchmark's own keys
    "results": dict,  # the figures; the benchmark's own keys, units in their names
}
"""Field to type, in the file's order."""

MACHINE: dict[str, tuple[type, ...]] = {
    "cpu": (str,),
    "cores": (int,),  # that this process may use
    "memory_gb": (int, float, type(None)),
    "system": (str,),
    "load_average": (int, float, type(None)),  # of the last minute, when the benchmark started
}
"""Fields of "machine"; None is unknown."""

LIBRARIES = (
    "av",
    "dlib-bin",
    "mediapipe",
    "numpy",
    "onnxruntime",
    "opencv-contrib-python",
    "openvino",
    "pillow",
    "pyvirtualcam",
    "scipy",
    "tensorrt-rtx-cu13",
    "torch",
)

_FOLDER = re.compile(r"(?<![\w.:/~-])(?:/[\w.@+-]+|~|[A-Za-z]:)(?:[\\/][\w.@+-]+)+[\\/]?")
"""An absolute path of two names or more, or one from a home folder or a drive."""

LOAD_AT_START: float | None = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
"""Read when a benchmark is loaded: at its end it would be the benchmark's own load."""


def write_record(
    name: str, results: Mapping[str, Any], settings: Mapping[str, Any], *, folder: Path = RESULTS
) -> Path:
    """Writes ``folder/NAME.json`` and returns its path; NaN and what JSON lacks are refused.

    Numbers of numpy, paths and dataclass-like tuples may be in ``results`` and ``settings``; of an
    absolute path only the last name is kept.
    """
    record: dict[str, Any] = {
        "benchmark": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": _version(),
        "revision": _revision(),
        "command": " ".join(["python", "-m", f"benchmarks.{name}", *map(_plain, sys.argv[1:])]),
        "machine": _machine(),
        "python": platform.python_version(),
        "libraries": _libraries(),
        "settings": _plain(settings),
        "results": _plain(results),
    }
    check_record(record)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def check_record(record: Mapping[str, Any]) -> None:
    """`ValueError` that names the field, unless ``record`` is one that `write_record` makes."""
    if list(record) != list(FIELDS):
        raise ValueError(f"a record has the fields {list(FIELDS)}, not {list(record)}")
    for field, kind in FIELDS.items():
        if not isinstance(record[field], kind) or (not record[field] and field != "settings"):
            raise ValueError(f"{field} must be a {kind.__name__} that is not empty")
    created = datetime.fromisoformat(record["created"])
    if created.utcoffset() is None or created.utcoffset() != UTC.utcoffset(None):
        raise ValueError(f"created is {record['created']!r}: it must be a time in UTC")
    machine = record["machine"]
    if list(machine) != list(MACHINE):
        raise ValueError(f"machine has the fields {list(MACHINE)}, not {list(machine)}")
    for field, kinds in MACHINE.items():
        if not isinstance(machine[field], kinds):
            raise ValueError(f"machine.{field} is {machine[field]!r}")
    _check_value("", record)


def _check_value(place: str, value: Any) -> None:
    """`ValueError` for what is not JSON, not finite, or names a folder."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            if not isinstance(key, str):
                raise ValueError(f"{place} has the key {key!r}: keys must be texts")
            _check_value(f"{place}.{key}".lstrip("."), key)
            _check_value(f"{place}.{key}".lstrip("."), below)
    elif isinstance(value, list):
        for i, below in enumerate(value):
            _check_value(f"{place}[{i}]", below)
    elif isinstance(value, str):
        if _FOLDER.search(value):
            raise ValueError(f"{place} names a folder: {value!r}")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{place} is {value}: leave out what was not measured")
    elif value is not None and not isinstance(value, bool | int):
        raise ValueError(f"{place} is a {type(value).__name__}, which JSON does not have")


def _plain(value: Any) -> Any:
    """``value`` as JSON has it, without folders."""
    if isinstance(value, str):
        return _FOLDER.sub(lambda match: PurePath(match[0].replace("\\", "/")).name, value)
    if isinstance(value, PurePath):
        return value.name if value.is_absolute() else value.as_posix()
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(below) for key, below in value.items()}
    if isinstance(value, Sequence):
        return [_plain(below) for below in value]
    if hasattr(value, "tolist"):  # numpy's numbers and arrays
        return value.tolist()
    return value


def _machine() -> dict[str, Any]:
    load = LOAD_AT_START
    return {
        "cpu": _cpu(),
        "cores": _cores(),
        "memory_gb": _memory_gb(),
        "system": f"{platform.system()} {platform.machine()}",
        "load_average": None if load is None else round(load, 2),
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE)
        if found:
            return found[1].strip()
    return platform.processor() or platform.machine() or "unknown"


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1)
    except (AttributeError, OSError, ValueError):  # Windows; a system that does not tell
        return None


def _version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def _revision() -> str:
    head = _git("rev-parse", "--short=12", "HEAD")
    if not head:
        return "unknown"
    return f"{head}+changes" if _git("status", "--porcelain") else head


def _git(*words: str) -> str:
    try:
        run = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""


def _libraries() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found

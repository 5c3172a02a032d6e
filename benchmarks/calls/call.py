"""``python -m benchmarks.calls.call``: a call on a bad line, and what each way of sending costs.

Two programs (``pechead-live call``) in two network namespaces, the line between them of
`benchmarks.calls.bad_line`. Bits are those of IP packets as they come to the line. Needs root.

First a long call on the bad line; then short ones on a wide line without loss: motion that rides in
sound, the same sound without motion (the difference is what motion costs there), motion alone.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.calls.bad_line import (
    Packet,
    Quality,
    add_quality_arguments,
    bad_line,
    in_namespace,
    quality_from,
)
from benchmarks.calls.speech import write_speech_like
from benchmarks.record import write_record
from pechead_live.samples import sample

PORT = 8765
WIDE = Quality(kbit_s=10_000, delay_ms=20, loss=0.0)
SETTLED_S = 30.0
"""After which bits are counted: the still is there, or as good as."""

HOST_LONGER_S = 3.0


class Ends(NamedTuple):
    """What both do."""

    host: tuple[str, ...]
    guest: tuple[str, ...]


SOUND = ("--microphone", "file:SPEECH", "--speaker", "none")
SILENCE = ("--microphone", "none", "--speaker", "none")
LISTENS = ("--microphone", "none", "--speaker", "file:HEARD")
FACE = ("--source", str(sample("astronaut.avatar")), "--camera", f"replay:{sample('talking.npz')}")
FACE = (*FACE, "--loop")

ROUTES = {
    "motion riding in sound": Ends((*FACE, *SOUND), (*FACE, *SOUND)),
    "sound alone": Ends(SOUND, SOUND),
    "motion alone": Ends((*FACE, *SILENCE), (*FACE, *SILENCE)),
}


def call(
    ends: Ends, quality: Quality, seconds: float, *, seed: int, folder: Path, line: str
) -> dict[str, Any]:
    """One call's figures; ``line``: of ``--line``."""
    cache = tempfile.mkdtemp(dir=folder)
    speech = write_speech_like(folder / "speech.wav")
    with bad_line(quality, seed) as between:
        host = _start(0, ["host", "--port", str(PORT)], ends.host, folder, cache, speech, line)
        link = _link(folder / "0.log")
        guest = _start(1, ["join", link], ends.guest, folder, cache, speech, line, seconds)
        began = time.monotonic()
        if guest.wait() != 0:
            raise SystemExit((folder / "1.log").read_text())
        time.sleep(HOST_LONGER_S)
        host.send_signal(2)
        host.wait()
        packets = list(between.packets)
    return {
        "guest": _told(folder / "1.json"),
        "host": _told(folder / "0.json"),
        "wire": [_wire(packets, way, began) for way in (0, 1)],
    }


def _start(
    end: int,
    action: list[str],
    words: Sequence[str],
    folder: Path,
    cache: str,
    speech: Path,
    line: str,
    seconds: float | None = None,
) -> "subprocess.Popen[bytes]":
    made = {"file:SPEECH": f"file:{speech}", "file:HEARD": f"file:{folder}/{end}.wav"}
    command = [sys.executable, "-m", "pechead_live", "call", *action]
    command += [made.get(word, word) for word in words]
    command += ["--line", line, "--size", "256", "--sink", "null"]
    command += ["--report", f"{folder}/{end}.json"]
    command += [] if seconds is None else ["--seconds", str(seconds)]
    with (folder / f"{end}.log").open("w") as log:
        environment = {**os.environ, "XDG_CACHE_HOME": f"{cache}/{end}"}
        return subprocess.Popen(
            in_namespace(end, command), stdout=log, stderr=subprocess.STDOUT, env=environment
        )


def _link(log: Path) -> str:
    while True:
        time.sleep(0.2)
        found = re.search(r"http://\S+", log.read_text())
        if found:
            time.sleep(1.0)
            return found[0]


def _told(report: Path) -> dict[str, Any]:
    told = json.loads(report.read_text())
    shown = max(told["shown"], 1)
    stages = told["stages"]
    return {
        "start_s": told["milestones_s"],
        "frames": told["frames"],
        "bridged": round(told["bridged"] / shown, 4),
        "longest_gap_s": told["longest_gap_s"],
        "dropped_packets": told["dropped_packets"],
        "camera_to_renderer_ms": _percentiles(stages.get("camera to renderer")),
        "renderer_to_sink_ms": _percentiles(told["latency"]),
        "pictures_per_s": round(sum(s["fps"] for s in told["sinks"].values()), 1),
        "packets": told["packets"],
    }


def _percentiles(stage: dict[str, Any] | None) -> list[float] | None:
    return None if stage is None else [round(stage["p50_ms"], 1), round(stage["p95_ms"], 1)]


def _wire(packets: Sequence[Packet], way: int, began: float) -> dict[str, Any]:
    """kbit/s by kind once the call has settled, and how much was lost."""
    mine = [packet for packet in packets if packet.way == way]
    settled = [packet for packet in mine if packet.at > began + SETTLED_S]
    long = max(packet.at for packet in mine) - began - SETTLED_S
    seconds = [p.at for p in settled]
    sizes = [8 * p.size for p in settled]
    bins = np.histogram(seconds, bins=max(1, int(long)), weights=sizes)[0] / 1000
    kinds = sorted({packet.kind for packet in settled})
    return {
        "kbit_s": round(sum(sizes) / long / 1000, 2),
        "second_p95_kbit_s": round(float(np.percentile(bins, 95)), 1),
        "packets_per_s": round(len(settled) / long, 1),
        "by_kind_kbit_s": {
            kind: round(sum(8 * p.size for p in settled if p.kind == kind) / long / 1000, 2)
            for kind in kinds
        },
        "lost": round(sum(not p.delivered for p in mine) / max(1, len(mine)), 4),
    }


def starts(quality: Quality, seeds: Sequence[int], folder: Path) -> list[dict[str, Any]]:
    """How soon calls begin, from when the guest begins to use the network."""
    found: list[dict[str, Any]] = []
    for seed in seeds:
        told = call(
            ROUTES["motion riding in sound"], quality, 15.0, seed=seed, folder=folder, line="thin"
        )
        found.append(told["guest"]["start_s"])
        print(f"start, seed {seed}: {found[-1]}", flush=True)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints and writes the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calls.call", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="of the long call")
    parser.add_argument("--starts", type=int, default=5, help="calls whose beginning is measured")
    add_quality_arguments(parser)
    parser.add_argument("--no-record", action="store_true", help="for a look")
    arguments = parser.parse_args(argv)
    quality = quality_from(arguments)
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        routes: dict[str, Any] = {}
        for route, ends in ROUTES.items():
            for line in ("thin", "wide"):
                told = call(ends, WIDE, SETTLED_S + 20, seed=1, folder=folder, line=line)
                routes[f"{route}, {line}"] = told
                print(f"{route}, {line}: {[w['kbit_s'] for w in told['wire']]} kbit/s", flush=True)
        results["routes"] = routes
        results["added_by_motion_kbit_s"] = {
            line: [
                round(
                    routes[f"motion riding in sound, {line}"]["wire"][way]["kbit_s"]
                    - routes[f"sound alone, {line}"]["wire"][way]["kbit_s"],
                    2,
                )
                for way in (0, 1)
            ]
            for line in ("thin", "wide")
        }
        results["starts_s"] = starts(quality, range(1, arguments.starts + 1), folder)
        long = call(
            ROUTES["motion riding in sound"],
            quality,
            arguments.seconds,
            seed=1,
            folder=folder,
            line="thin",
        )
        results["long_call"] = long
        print(json.dumps(long, indent=1))
    settings = {"quality": quality._asdict(), "wide": WIDE._asdict(), "seconds": arguments.seconds}
    if not arguments.no_record:
        print(f"record: {write_record('calls.call', results, settings)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

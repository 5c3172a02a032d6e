"""What became of the videos: counts, and each one that was left out, with its reason."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pechead_live.training.data.journal import VideoRecord, as_json
from pechead_live.training.data.manifest import Manifest
from pechead_live.whole_file import write_whole

FILE = "report.json"

SHOWN = 20
"""Videos that are named on the screen; the file names all."""


def totals(manifest: Manifest, records: Iterable[VideoRecord]) -> dict[str, Any]:
    """Counts over the whole data set."""
    chunks = manifest.chunks
    records = list(records)
    dropped: Counter[str] = Counter()
    for record in records:
        dropped.update(record.dropped)
    return {
        "videos": len(records),
        "videos_skipped": sum(bool(record.reason) for record in records),
        "shards": len(manifest.shards),
        "bytes": sum(shard.bytes for shard in manifest.shards),
        "chunks": len(chunks),
        "frames": sum(chunk.frames for chunk in chunks),
        "seconds": round(sum(chunk.frames / chunk.fps for chunk in chunks), 1),
        "portraits": sum(len(chunk.portraits) for chunk in chunks),
        "identities": len({chunk.identity for chunk in chunks}),
        "licences": dict(Counter(chunk.licence or "unknown" for chunk in chunks)),
        "frames_read": sum(record.frames for record in records),
        "frames_dropped": dict(dropped),
        "process_seconds": round(sum(record.seconds for record in records), 1),
    }


def write_report(folder: Path, manifest: Manifest, records: Sequence[VideoRecord]) -> None:
    """Writes ``report.json``; `OutputError` if that cannot be done."""
    content = {
        "totals": totals(manifest, records),
        "settings": manifest.settings,
        "skipped": [{"source": r.source, "reason": r.reason} for r in records if r.reason],
        "videos": [as_json(record) for record in records],
    }
    write_whole(folder / FILE, json.dumps(content, indent=1).encode())


def report_lines(manifest: Manifest, records: Sequence[VideoRecord]) -> list[str]:
    """The same for a person."""
    t = totals(manifest, records)
    licences = ", ".join(f"{k} {v}" for k, v in sorted(t["licences"].items()))
    head = (
        f"{t['chunks']} chunks, {t['frames']} frames ({t['seconds'] / 60:.1f} minutes), "
        f"{t['identities']} identities, {t['portraits']} portraits, "
        f"{t['shards']} shards of {t['bytes'] / 1e6:.1f} MB together"
    )
    lines = [head, f"licences (chunks): {licences}"]
    if t["frames_dropped"]:
        lines.append(f"frames left out, of {t['frames_read']}:")
        lines += [f"  {count:7d}  {reason}" for reason, count in t["frames_dropped"].items()]
    skipped = [record for record in records if record.reason]
    if skipped:
        lines.append(f"videos left out, {len(skipped)} of {t['videos']}:")
        lines += [f"  {record.source}: {record.reason}" for record in skipped[:SHOWN]]
    if len(skipped) > SHOWN:
        lines.append(f"  and {len(skipped) - SHOWN} more, see {FILE}")
    return lines

"""Reading and writing recordings; the file's ending says the format."""

from pathlib import Path

from pechead_live.destination import check_destination
from pechead_live.errors import InputError
from pechead_live.recording.json_lines import decode_json_lines, encode_json_lines
from pechead_live.recording.live_link_face import decode_csv, encode_csv
from pechead_live.recording.npz import decode_npz, encode_npz
from pechead_live.recording.recording import Recording
from pechead_live.whole_file import write_whole

SUFFIXES = (".npz", ".csv", ".jsonl")
"""Ours, Live Link Face's, JSON lines."""

MAX_BYTES = 256 * 1024 * 1024
"""About three hours as CSV; a larger file is something else."""


def read_recording(path: str | Path) -> Recording:
    """Reads a recording; whatever is wrong with the file raises `InputError`."""
    path = Path(path)
    decode = {".npz": decode_npz, ".csv": decode_csv, ".jsonl": decode_json_lines}
    suffix = _known_suffix(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(
                f"recording {path.name!r} is {size / 1e6:.0f} MB, more than "
                f"{MAX_BYTES / 1e6:.0f} MB: cut it into parts"
            )
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"recording {str(path)!r} cannot be read ({error.strerror}): check the path"
        ) from error
    if not content:
        raise InputError(f"recording {path.name!r} is an empty file: record it again")
    return decode[suffix](content, path.name)


def write_recording(recording: Recording, path: str | Path, *, compact: bool = False) -> None:
    """Writes a recording whole or not at all; ``compact`` makes a small, rounded ``.npz``.

    A CSV holds neither place nor size nor identity, and its times start at 0.
    """
    path = Path(path)
    check_destination(path, SUFFIXES)
    if compact and path.suffix.lower() != ".npz":
        raise InputError(f"a compact recording is an .npz file, not {path.suffix!r}: rename it")
    if path.suffix.lower() == ".csv":
        content = encode_csv(recording)
    elif path.suffix.lower() == ".jsonl":
        content = encode_json_lines(recording)
    else:
        content = encode_npz(recording, compact=compact)
    write_whole(path, content)


def _known_suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"{path.name!r} does not end like a recording: use one of {', '.join(SUFFIXES)}"
        )
    return suffix

"""The benchmark's server while something is measured with it."""

import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent


class Server(NamedTuple):
    """A process."""

    link: str
    pid: int


@contextmanager
def running_server(folder: Path) -> Generator[Server]:
    """`benchmarks.webrtc.server` with its files in ``folder``; it ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.webrtc.server", str(folder), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        try:
            assert server.stdout is not None
            server.stdout.readline()
            yield Server(f"http://127.0.0.1:{port}/", server.pid)
        finally:
            server.terminate()

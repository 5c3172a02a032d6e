"""Ctrl-C stops a program wherever it is interrupted."""

import subprocess
import sys

PROGRAM = """
import signal, threading, time
from pechead_live.cli.interrupt import stop_on_signals

stop = threading.Event()
with stop_on_signals(stop):
    lock = stop._cond
    with lock:  # as in the middle of a wait
        signal.raise_signal(signal.{name})
        time.sleep(0.1)
    assert stop.wait(5)
print("stopped")
"""


def stopped(name: str) -> str:
    """What the program says that is sent that signal."""
    program = PROGRAM.format(name=name)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=20)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def test_a_signal_in_the_middle_of_a_wait_for_the_same_event_is_obeyed() -> None:
    assert stopped("SIGINT") == "stopped"
    assert stopped("SIGTERM") == "stopped"

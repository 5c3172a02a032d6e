"""Arrays that are made and freed again and again cost no page faults."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import resource, sys
import numpy as np
from pechead_live.host_memory import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def work():
    a = np.ones(1_000_000, np.float32)
    b = a + a
for _ in range(3):
    work()
before = faults()
for _ in range(20):
    work()
print(faults() - before)
"""


def page_faults(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator only")
def test_freed_memory_is_used_again_without_a_page_fault() -> None:
    assert page_faults("kept") < 100 < page_faults("plain")


GIVEN_BACK = """
import threading
import numpy as np
from pechead_live.host_memory import give_freed_memory_back, keep_freed_memory
assert keep_freed_memory()
def resident():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
def work():
    kept = [np.ones(250_000, np.float32) for _ in range(100)]
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
before = resident()
assert give_freed_memory_back()
print(before - resident())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator only")
def test_memory_of_threads_that_ended_is_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", GIVEN_BACK], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) > 50  # MB of 200


WHILE_THREADS_GO_ON = """
import threading
import numpy as np
from pechead_live.host_memory import give_freed_memory_back, keep_freed_memory
assert keep_freed_memory()
def resident():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
pins = []
worked, over = threading.Barrier(3), threading.Event()
def work():
    kept = [np.ones(25_000, np.float32) for _ in range(400)]
    pins.append(kept[-1].copy())
    kept += [np.ones(25_000, np.float32) for _ in range(400)]
    del kept
    worked.wait()
    over.wait()
before = resident()
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
worked.wait()
most = resident()
assert give_freed_memory_back()
print(most - before, resident() - before)
over.set()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator only")
def test_ends_of_the_heaps_of_threads_that_go_on_are_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WHILE_THREADS_GO_ON], capture_output=True, text=True, check=True
    )
    most, left = (float(word) for word in done.stdout.split())
    assert left < 5 < 100 < most  # MB; malloc_trim alone leaves 13


CYCLES = """
import numpy as np
from pechead_live.host_memory import give_freed_memory_back, keep_what_is_loaded
import gc
class Known:
    freed = 0
    def __del__(self):
        Known.freed += 1
def a_cycle():
    one, other = Known(), Known()
    one.other, other.other = other, one
gc.disable()
a_cycle()
kept = Known()
keep_what_is_loaded()
first = Known.freed
a_cycle()
give_freed_memory_back()
print(first, Known.freed, gc.get_freeze_count() > 1000, len(gc.get_objects()) < 1000)
"""


def test_what_is_loaded_is_not_looked_through_again_and_what_came_after_it_is() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CYCLES], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["2", "4", "True", "True"]


HEAPS = """
import ctypes, sys, threading
import numpy as np
from pechead_live.host_memory import keep_freed_memory
if sys.argv[1] == "few":
    assert keep_freed_memory()
together = threading.Barrier(12)
def work():
    together.wait()
    kept = np.ones(250_000, np.float32).sum()
    together.wait()
threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fclose.argtypes = [ctypes.c_void_p]
told = libc.fopen(sys.argv[2].encode(), b"w")
libc.malloc_info(0, told)
libc.fclose(told)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator only")
@pytest.mark.parametrize(("how", "fewest", "most"), [("plain", 5, 16), ("few", 1, 2)])
def test_threads_share_a_few_heaps(how: str, fewest: int, most: int, tmp_path: Path) -> None:
    told = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", HEAPS, how, str(told)], check=True)
    assert fewest <= told.read_text().count("<heap nr=") <= most

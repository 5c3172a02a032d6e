"""Memory that was freed is kept for the next frame.

Each frame makes and frees the same megabytes. By default glibc gives arrays of more than 128 KiB
back to the system at once and asks for fresh, zeroed pages for the next; measured at 512 x 512,
these page faults were a third of the analytic renderer's time (12.9 ms a picture, 8.8 without).
"""

import ctypes
import gc
import sys
import threading
from contextlib import suppress

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8
"""Parameters of glibc's `mallopt` (malloc.h)."""

LARGEST = 32 * 1024 * 1024
"""Bytes of an array that is kept: glibc's own upper bound for M_MMAP_THRESHOLD on 64 bits."""

KEPT = 512 * 1024 * 1024
"""Bytes that may lie free at a heap's end before they are given back."""

PAD = 64 * 1024 * 1024
"""Bytes by which a heap grows at least."""

TOGETHER_S = 5.0
"""Threads that shall be there at the same time wait for each other so long, where one cannot be
started."""

HEAPS = 2
"""Heaps at most. By default glibc makes up to eight for each core, and keeps the end of all but the
first: a server whose sessions had all ended held 379 to 417 MB. With four it was 262 MB after five
sessions and 293 after 48 more, with two 248 and 254, with one 234 and 242. Drawing takes as long
with two as with 16 (15.4 ms at 512 x 512 beside the tracker), with one 16.9 (measured)."""


def keep_freed_memory() -> bool:
    """Sets the C library's allocator up for this process; False where it is not glibc's."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # musl has none
        return False
    settings = (
        (M_MMAP_THRESHOLD, LARGEST),
        (M_TRIM_THRESHOLD, KEPT),
        (M_TOP_PAD, PAD),
        (M_ARENA_MAX, HEAPS),
    )
    return all(mallopt(name, value) == 1 for name, value in settings)


def keep_what_is_loaded() -> None:
    """What there is now stays until the program ends, so Python does not look through it again and
    again for something to free: a look through a server's modules takes 60 ms, in which no picture
    is drawn (measured)."""
    gc.collect()
    gc.freeze()


def give_freed_memory_back() -> bool:
    """Gives what nobody uses back to the system, in a program that called `keep_freed_memory`;
    False where it cannot.

    For a program that goes on when a part of it has ended, once its threads have: their heaps stay
    as large as they ever were (a studio's server grew by 3 MB a session, measured), and objects
    that know each other lie about until Python looks for them.
    """
    gc.collect()
    if not sys.platform.startswith("linux"):
        return False
    try:
        libc = ctypes.CDLL(None)
        libc.malloc_trim(0)
    except (AttributeError, OSError):
        return False
    try:
        libc.mallopt(M_TRIM_THRESHOLD, 0)
        libc.mallopt(M_TOP_PAD, 0)
        _shorten_heaps(libc)
    finally:
        keep_freed_memory()
    return True


def _shorten_heaps(libc: ctypes.CDLL) -> None:
    """`malloc_trim` leaves the end of every heap but the first, which only a large `free` at that
    end gives back; threads that are there at the same time use the heaps in turn."""
    libc.malloc.restype = ctypes.c_void_p
    libc.free.argtypes = (ctypes.c_void_p,)
    together = threading.Barrier(2 * HEAPS, timeout=TOGETHER_S)

    def shorten() -> None:
        with suppress(threading.BrokenBarrierError):
            together.wait()
        libc.free(libc.malloc(LARGEST // 2))  # never written to, so it takes no memory
        with suppress(threading.BrokenBarrierError):
            together.wait()

    threads = [threading.Thread(target=shorten, daemon=True) for _ in range(2 * HEAPS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

"""Settings and fixtures of every test, and the count of those that need ../shared/data."""

import os
from pathlib import Path

import pytest

# Before numpy is loaded: threads of a BLAS cost more than they bring on arrays as small as ours.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""

SHARED_DATA = ROOT.parent / "shared" / "data"
"""Real clips and portraits, beside the checkout where there are any."""

ONLY_WHEN_ASKED = ("gpu", "nightly")
"""Marks whose tests run with `-m` only."""


class SharedCount:
    """How many tests marked `shared` were found and how many of them ran, one test session."""

    def __init__(self) -> None:
        self.found = 0
        self.ran = 0


SHARED_COUNT = pytest.StashKey[SharedCount]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-shared",
        action="store_true",
        help="fail unless every test marked `shared` was found and ran",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SHARED_COUNT] = SharedCount()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    asked = config.option.markexpr
    leave_out = [mark for mark in ONLY_WHEN_ASKED if mark not in asked]
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        shared = item.get_closest_marker("shared") is not None
        late = any(item.get_closest_marker(mark) for mark in leave_out)
        config.stash[SHARED_COUNT].found += shared and not late
        (dropped if late or (shared and not SHARED_DATA.is_dir()) else kept).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    report: pytest.TestReport = yield
    if report.when == "call" and not report.skipped and item.get_closest_marker("shared"):
        item.config.stash[SHARED_COUNT].ran += 1
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    count = session.config.stash[SHARED_COUNT]
    lacking = count.found == 0 or count.ran < count.found
    if session.config.getoption("--require-shared") and exitstatus == 0 and lacking:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    count = terminalreporter.config.stash[SHARED_COUNT]
    where = "" if SHARED_DATA.is_dir() else f": there is no folder {SHARED_DATA}"
    required = terminalreporter.config.getoption("--require-shared")
    lacking = count.found == 0 or count.ran < count.found
    terminalreporter.write_line(
        f"shared data: {count.ran} of {count.found} tests ran{where}",
        red=bool(required and lacking),
    )
    if required and lacking:
        terminalreporter.write_line("ERROR: --require-shared wants all of them, and at least one")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the shared clips; ask for it in tests marked `shared` only."""
    assert SHARED_DATA.is_dir(), f"there is no folder {SHARED_DATA}: mark this test `shared`"
    return SHARED_DATA


@pytest.fixture(scope="session")
def face_landmarker() -> Path:
    """MediaPipe's model file, from the cache or an installed package; never a download."""
    from pechead_live.assets import find_asset

    return find_asset("face_landmarker", download=False)

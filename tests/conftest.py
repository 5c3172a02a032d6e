"""Settings and fixtures of every test, and the count of those that need ../shared/data."""

import gc
import os
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

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


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
"""The browser of the tests of pages, where there is one."""

FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
"""The other browser of the tests of pages, where there is one."""

TURNSERVER = shutil.which("turnserver")
"""coturn, the relay of the tests of TURN, where there is one."""


class Need(NamedTuple):
    """Something that tests of a mark need and that not every machine has."""

    text: str
    there: bool
    lack: str
    """What to say where it is not there."""


NEEDS = {
    "shared": Need("shared data", SHARED_DATA.is_dir(), f"there is no folder {SHARED_DATA}"),
    "browser": Need("browser", CHROMIUM is not None, "there is no program chromium"),
    "firefox": Need("firefox", FIREFOX is not None, "there is no program firefox"),
    "relay": Need("relay", TURNSERVER is not None, "there is no program turnserver"),
}
"""By mark. `--require-MARK` fails unless every such test was found and ran."""


class Count:
    """How many tests of a mark were found and how many of them ran, one test session."""

    def __init__(self) -> None:
        self.found = 0
        self.ran = 0

    @property
    def lacking(self) -> bool:
        return self.found == 0 or self.ran < self.found


COUNTS = pytest.StashKey[dict[str, Count]]()

TIMED = (
    "test_call_sound",
    "test_page_sound_time",
    "test_studio_browser",
    "test_studio_session",
    "test_studio_relay",
    "test_studio_remote",
    "test_studio_growth",
    "test_studio_gate",
    "test_studio_adapting",
    "test_studio_lip_sync",
    "test_studio_loss",
    "test_studio_playout",
    "test_studio_rtc",
    "test_file_camera",
    "test_latency_benchmark",
    "test_live_scene",
    "test_run",
    "test_fail_closed",
    "test_capture",
    "test_loop",
    "test_pace",
    "test_sensing",
    "test_slot",
)
"""How the names of files begin whose tests need the machine for themselves: of two processes that
run tests (`-n 2`), one runs them, last and in this order, those that count milliseconds at the end,
when the other one has nothing left to do."""


def rank(path: str) -> int:
    """0 for a file that is not timed, else its place among those that are, from 1."""
    name = Path(path).name
    return next((k for k, timed in enumerate(TIMED, 1) if name.startswith(timed)), 0)


def pytest_addoption(parser: pytest.Parser) -> None:
    for mark in NEEDS:
        parser.addoption(
            f"--require-{mark}",
            action="store_true",
            help=f"fail unless every test marked `{mark}` was found and ran",
        )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COUNTS] = {mark: Count() for mark in NEEDS}
    config.pluginmanager.register(OneOfSeveral())


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing that is collected is garbage: to look for some takes almost as long as the rest."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    asked = config.option.markexpr
    leave_out = [mark for mark in ONLY_WHEN_ASKED if mark not in asked]
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        marks = [mark for mark in NEEDS if item.get_closest_marker(mark)]
        late = any(item.get_closest_marker(mark) for mark in leave_out)
        for mark in marks:
            config.stash[COUNTS][mark].found += not late
        lacking = any(not NEEDS[mark].there for mark in marks)
        (dropped if late or lacking else kept).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
    items[:] = sorted(kept, key=lambda item: rank(item.path.name))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    report: pytest.TestReport = yield
    if report.when == "call" and not report.skipped:
        for mark in NEEDS:
            item.config.stash[COUNTS][mark].ran += item.get_closest_marker(mark) is not None
    return report


def required_and_lacking(config: pytest.Config) -> list[str]:
    wanted = [mark for mark in NEEDS if config.getoption(f"--require-{mark}")]
    return [mark for mark in wanted if config.stash[COUNTS][mark].lacking]


class OneOfSeveral:
    """Hooks of pytest-xdist, which runs the tests in several processes."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """A file goes to one process, as its tests share what they make; those of `TIMED`
        together."""
        from xdist.scheduler import LoadScopeScheduling

        class ByFile(LoadScopeScheduling):
            def _split_scope(self, nodeid: str) -> str:
                path = nodeid.split("::", 1)[0]
                return "timed" if rank(path) else path

        return ByFile(config, log)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """In the process that gathers: one of those that ran tests is done. Each found all."""
        counts = node.config.stash[COUNTS]
        for mark, (found, ran) in getattr(node, "workeroutput", {}).get("counts", {}).items():
            counts[mark].found = found
            counts[mark].ran += ran


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:  # one process of several
        counts = session.config.stash[COUNTS]
        output["counts"] = {mark: (count.found, count.ran) for mark, count in counts.items()}
        return
    if exitstatus == 0 and required_and_lacking(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    failed = required_and_lacking(terminalreporter.config)
    for mark, need in NEEDS.items():
        count = terminalreporter.config.stash[COUNTS][mark]
        where = "" if need.there else f": {need.lack}"
        terminalreporter.write_line(
            f"{need.text}: {count.ran} of {count.found} tests ran{where}", red=mark in failed
        )
    for mark in failed:
        terminalreporter.write_line(f"ERROR: --require-{mark} wants all of them, and at least one")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the shared clips; ask for it in tests marked `shared` only."""
    assert SHARED_DATA.is_dir(), f"there is no folder {SHARED_DATA}: mark this test `shared`"
    return SHARED_DATA


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser; ask for it in tests marked `browser` only."""
    assert CHROMIUM is not None, "there is no chromium: mark this test `browser`"
    return CHROMIUM


@pytest.fixture(scope="session")
def turnserver() -> str:
    """Path of coturn; ask for it in tests marked `relay` only."""
    assert TURNSERVER is not None, "there is no turnserver: mark this test `relay`"
    return TURNSERVER


@pytest.fixture(scope="session")
def face_landmarker() -> Path:
    """MediaPipe's model file, from the cache or an installed package; never a download."""
    from pechead_live.assets import find_asset

    return find_asset("face_landmarker", download=False)


@pytest.fixture(scope="session")
def firefox() -> str:
    """Path of the browser; ask for it in tests marked `firefox` only."""
    assert FIREFOX is not None, "there is no firefox: mark this test `firefox`"
    return FIREFOX

"""When the tracker takes its next frame."""

import threading
import time

import pytest

from pechead_live.live.pace import Pace


class Clock:
    """Stands still unless it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def drawn_once(pace: Pace, clock: Clock, *, tracking: float, drawing: float) -> None:
    pace.tracked(tracking)
    pace.drawing()
    clock.now += drawing
    pace.drawn()


def waited(pace: Pace) -> float:
    began = time.monotonic()
    pace.wait()
    return time.monotonic() - began


def test_nobody_waits_for_an_idle_renderer():
    clock = Clock()
    pace = Pace(clock, 5.0)
    assert waited(pace) < 0.1
    drawn_once(pace, clock, tracking=0.01, drawing=3.0)
    assert waited(pace) < 0.1


def test_nobody_waits_for_a_renderer_quicker_than_the_tracker():
    clock = Clock()
    pace = Pace(clock, 5.0)
    drawn_once(pace, clock, tracking=0.05, drawing=0.04)
    pace.tracked(0.05)
    pace.drawing()
    assert waited(pace) < 0.1


def test_tracking_begins_so_that_it_ends_as_the_renderer_is_free():
    pace = Pace(time.monotonic, 5.0)
    for _ in range(3):
        pace.tracked(0.04)
        pace.drawing()
        time.sleep(0.2)
        pace.drawn()
    pace.tracked(0.04)
    pace.drawing()
    assert waited(pace) == pytest.approx(0.2 - 1.25 * 0.04, abs=0.05)


def test_a_renderer_that_is_free_sooner_than_expected_ends_the_wait():
    clock = Clock()
    pace = Pace(clock, 60.0)
    drawn_once(pace, clock, tracking=0.01, drawing=50.0)
    pace.tracked(0.01)
    pace.drawing()
    threading.Timer(0.05, pace.drawn).start()
    assert 0.03 < waited(pace) < 5


def test_coefficients_that_nobody_has_taken_are_not_replaced():
    pace = Pace(time.monotonic, 60.0)
    pace.tracked(0.01)
    threading.Timer(0.05, pace.drawing).start()
    assert 0.03 < waited(pace) < 5


def test_a_renderer_that_hangs_is_not_waited_for_longer_than_allowed():
    pace = Pace(time.monotonic, 0.1)
    pace.tracked(0.01)
    assert waited(pace) == pytest.approx(0.1, abs=0.08)


def test_the_end_ends_every_wait():
    pace = Pace(time.monotonic, 60.0)
    pace.tracked(0.01)
    threading.Timer(0.05, pace.close).start()
    assert 0.03 < waited(pace) < 5
    assert waited(pace) < 0.1

"""Slots between the threads of the live loop."""

import threading
import time

from pechead_live.live.slot import Slot


def test_it_keeps_the_newest_value_and_counts_the_others():
    slot: Slot[int] = Slot()
    for value in range(5):
        slot.put(value)
    assert slot.take(0) == 4
    assert slot.dropped == 4


def test_a_value_is_taken_once():
    slot: Slot[str] = Slot()
    slot.put("a")
    assert slot.take(0) == "a"
    assert slot.take(0) is None
    slot.put("b")
    assert slot.take(0) == "b"
    assert slot.dropped == 0


def test_taking_waits_at_most_the_time_given():
    slot: Slot[int] = Slot()
    began = time.monotonic()
    assert slot.take(0.02) is None
    assert 0.015 < time.monotonic() - began < 1


def test_a_value_wakes_whoever_waits():
    slot: Slot[int] = Slot()
    threading.Timer(0.01, slot.put, [7]).start()
    assert slot.take(5) == 7


def test_closing_wakes_whoever_waits():
    slot: Slot[int] = Slot()
    threading.Timer(0.01, slot.close).start()
    assert slot.take() is None
    assert slot.finished


def test_the_last_value_can_be_taken_after_closing_and_then_it_is_finished():
    slot: Slot[int] = Slot()
    slot.put(1)
    slot.close()
    slot.put(2)
    assert not slot.finished
    assert slot.take() == 1
    assert slot.finished
    assert slot.take() is None


def test_between_threads_nothing_is_lost_without_being_counted():
    slot: Slot[int] = Slot()
    taken: list[int] = []

    def take() -> None:
        while not slot.finished:
            value = slot.take(1)
            if value is not None:
                taken.append(value)

    thread = threading.Thread(target=take)
    thread.start()
    for value in range(2000):
        slot.put(value)
    slot.close()
    thread.join(5)
    assert taken == sorted(taken) and taken[-1] == 1999
    assert len(taken) + slot.dropped == 2000

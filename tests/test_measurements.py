"""What the live loop measures about itself."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pechead_live.live.measurements import KEPT, Measurements, percentile


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0, 100))
def test_percentiles_are_numpys(values: list[float], percent: float):
    expected = float(np.percentile(values, percent))
    assert percentile(values, percent) == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_a_percentile_of_nothing_is_nan():
    assert math.isnan(percentile([], 50))


def test_latency_percentiles_are_reported_in_milliseconds():
    measurements = Measurements()
    for milliseconds in range(1, 101):
        measurements.add("latency", milliseconds / 1000)
    latency = measurements.report()["latency"]
    assert latency == {"p50_ms": 50.5, "p95_ms": 95.05, "p99_ms": 99.01, "count": 100}


def test_the_rate_of_each_sink_and_the_first_picture_are_measured():
    now = [10.0]
    measurements = Measurements(lambda: now[0])
    for i in range(31):
        measurements.written("file", 10.5 + i / 30)
    measurements.written("null", 10.7)
    now[0] = 12.0
    measurements.stop()
    now[0] = 99.0
    report = measurements.report()
    assert report["seconds"] == 2.0
    assert report["first_picture_ms"] == 500.0
    assert report["sinks"]["file"] == {"pictures": 31, "fps": 30.0}
    assert report["sinks"]["null"] == {"pictures": 1, "fps": None}


def test_memory_stays_bounded():
    measurements = Measurements()
    for i in range(KEPT + 100):
        measurements.add("track", float(i))
    stage = measurements.report()["stages"]["track"]
    assert stage["count"] == KEPT
    assert stage["p50_ms"] == pytest.approx((100 + KEPT + 99) / 2 * 1000)


def test_the_report_is_plain_json_and_the_table_names_everything():
    measurements = Measurements()
    measurements.add("latency", 0.05)
    measurements.add("render", 0.01)
    measurements.count("faces", 3)
    measurements.count("faces")
    measurements.drops("frames", 7)
    measurements.written("null", 0.0)
    assert measurements.counted("faces") == 4
    assert json.loads(json.dumps(measurements.report()))["drops"] == {"frames": 7}
    table = measurements.table()
    for words in ("capture to sink", "50.0", "render", "frames 7", "faces 4", "sink null"):
        assert words in table


def test_a_run_without_a_picture_is_reported_too():
    report = Measurements().report()
    assert report["latency"] is None and report["first_picture_ms"] is None
    assert "dropped: nothing" in Measurements().table()

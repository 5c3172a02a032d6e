"""The register of metrics: a name that is never mistaken, a heading and a cell for each."""

import pytest

from pechead_live.evaluation.metrics.names import METRICS


def test_every_metric_of_the_paper_s_tables_has_an_entry_or_a_named_stand_in() -> None:
    titles = {metric.title for metric in METRICS.values()}
    assert {"L1", "MS-SSIM", "PSNR", "FID", "ARD", "AUH"} <= titles
    assert {"eFID", "eFVD", "AKD-mp", "CSIM-dlib", "CSIM-ArcFace"} <= titles
    assert not {"FVD", "AKD", "CSIM", "LPIPS"} & titles


def test_no_two_metrics_share_a_title_and_each_says_what_it_is_in_a_sentence() -> None:
    assert len({metric.title for metric in METRICS.values()}) == len(METRICS)
    bad = [
        key
        for key, metric in METRICS.items()
        if not (metric.definition.endswith(".") and metric.source and metric.digits >= 0)
    ]
    assert bad == []


def test_a_key_ends_with_its_unit() -> None:
    suffix = {"dB": "_db", "px": "_px", "°": "_deg", "levels": "_levels", "": ""}
    assert [key for key, m in METRICS.items() if not key.endswith(suffix[m.unit])] == []


def test_a_heading_names_the_unit_and_the_better_direction() -> None:
    assert METRICS["psnr_db"].heading == "PSNR dB ↑"
    assert METRICS["l1"].heading == "L1 ↓"
    assert METRICS["jitter_ratio"].heading == "jitter →1"


@pytest.mark.parametrize(
    ("value", "shown"), [(0.03149, "0.0315"), (None, "-"), (float("nan"), "-"), (0.0, "0.0000")]
)
def test_a_cell_has_the_metric_s_digits_and_a_dash_for_what_is_not_known(
    value: float | None, shown: str
) -> None:
    assert METRICS["l1"].cell(value) == shown

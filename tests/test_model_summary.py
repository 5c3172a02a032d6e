"""What the presets weigh and cost, against the figures they were designed to."""

import dataclasses

import pytest
from pechead_samples import TOY, network

from pechead_live.model.dimensions import PRESETS
from pechead_live.model.summary import PARTS, summary, total


@pytest.mark.parametrize(
    ("name", "millions", "source", "frame"),
    [("paper", 108.8, 22.8, 91.3), ("base", 16.2, 9.0, 24.8)],
)
def test_a_preset_weighs_and_costs_what_it_was_designed_to(
    name: str, millions: float, source: float, frame: float
):
    rows = {row.part: row for row in summary(PRESETS[name])}
    whole = total(list(rows.values()))
    assert whole.parameters / 1e6 == pytest.approx(millions, rel=0.05)
    assert whole.frame_macs / 1e9 == pytest.approx(frame, rel=0.05)
    # the design counts encoder and f_low only: E's own run for the portrait comes on top
    encoding = whole.source_macs - rows["estimator"].source_macs
    assert encoding / 1e9 == pytest.approx(source, rel=0.05)


def test_the_rows_hold_every_weight_once():
    rows = summary(TOY)
    assert [row.part for row in rows] == list(PARTS)
    assert total(rows).parameters == sum(each.numel() for each in network(TOY).parameters())


def test_the_macs_of_a_part_are_those_that_one_counts_by_hand():
    rows = {row.part: row for row in summary(TOY)}
    gru = 9 * (TOY.channels + TOY.hidden) * 3 * TOY.hidden * TOY.grid**2
    assert rows["cap.gru"].frame_macs == gru
    width, pixels = TOY.width, TOY.size**2
    # conv 7x7, then twice: conv 3x3 before the halving, conv 3x3 and the shortcut after it
    first = 49 * 3 * width * pixels
    down = sum(
        (9 * c * 2 * c + 9 * 2 * c * 2 * c / 4 + c * 2 * c / 4) * pixels / shrink
        for c, shrink in ((width, 1), (2 * width, 4))
    )
    assert rows["encoder"].source_macs == first + down
    assert rows["encoder"].frame_macs == 0


def test_a_deformable_convolution_costs_its_matrix_product():
    with_dcn, without = (
        {row.part: row.frame_macs for row in summary(dataclasses.replace(TOY, dcn=dcn))}
        for dcn in (True, False)
    )
    groups, width, side = TOY.align_groups, TOY.align_width, TOY.grid
    convolutions = 9 * ((TOY.hourglass_width + 2) * width + width**2 + width * 27 * groups)
    product = 9 * TOY.channels**2
    assert with_dcn["mmfa.local.alignment"] == (convolutions + product) * side**2
    assert without["mmfa.local.alignment"] == 0


def test_a_part_that_a_setting_lacks_weighs_nothing():
    rows = {row.part: row for row in summary(dataclasses.replace(TOY, setting="lmk"))}
    lacking = [part for part, row in rows.items() if row.parameters == 0]
    assert lacking == [
        "estimator",
        "mmfa.down",
        "mmfa.global.motion",
        "mmfa.global.alignment",
        "cap.adapt",
        "cap.gru",
    ]

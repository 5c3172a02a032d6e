"""Calls between two programs of their own."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from call_ends import LONGEST_S, End, hosting, link_of, write_beeps


@pytest.fixture
def host(tmp_path: Path) -> Iterator[End]:
    """Waits for somebody."""
    with hosting(tmp_path) as end:
        yield end


def test_two_programs_see_and_hear_each_other(host: End, tmp_path: Path) -> None:
    beeps = write_beeps(tmp_path)
    guest = End(tmp_path, "guest", beeps, "join", link_of(host))
    try:
        for end in (host, guest):
            end.hears(r"you see .* \(512 pixels\); consent: public domain")
        time.sleep(4.0)
        reports = [guest.end(), host.end()]
    finally:
        guest.process.kill()
    assert "the guest has hung up" in host.said
    for end, report in zip((guest, host), reports, strict=True):
        assert set(report["milestones_s"]) == {"connected", "glimpse", "avatar", "motion"}
        assert report["frames"] > 40 and report["packets"]["packets heard"] > 20
        assert report["packets"]["packets in sound"] > 20, "coefficients ride in the sound"
        pictures = end.pictures()
        moved = np.abs(pictures[-1].astype(int) - pictures[len(pictures) * 2 // 3]).mean()
        assert pictures[0].mean() < 60 < pictures[-1].mean(), "first dots, then the avatar"
        assert moved > 0.2, "it moves"
        assert end.loudness() > 0.15, "and is heard"


def test_a_wrong_secret_and_a_second_guest_are_refused(host: End, tmp_path: Path) -> None:
    link, beeps = link_of(host), write_beeps(tmp_path)
    stranger = End(
        tmp_path, "stranger", beeps, "join", re.sub("token=.*", "token=" + "x" * 20, link)
    )
    assert stranger.process.wait(LONGEST_S) == 2
    assert "token is missing or wrong" in stranger.said
    guest = End(tmp_path, "guest", beeps, "join", link)
    second = None
    try:
        guest.hears("you see")
        second = End(tmp_path, "second", beeps, "join", link)
        assert second.process.wait(LONGEST_S) == 2
        assert "somebody is in this call already" in second.said
    finally:
        for end in (guest, second):
            if end is not None:
                end.process.kill()

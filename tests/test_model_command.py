"""``pechead-live model summary``."""

import pytest

from pechead_live.cli import main


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("| \n").split("|")]


def test_without_a_preset_it_lists_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "summary"]) == 0
    rows = {cells(line)[0]: cells(line)[1:] for line in capsys.readouterr().out.splitlines()}
    # the published design: 108.8 M and 91.3 GMAC a frame, 16.2 M and 24.8; see summary.py
    assert float(rows["paper"][0]) == pytest.approx(108.8, rel=0.05)
    assert float(rows["paper"][2]) == pytest.approx(91.3, rel=0.05)
    assert float(rows["base"][0]) == pytest.approx(16.2, rel=0.05)
    assert float(rows["base"][2]) == pytest.approx(24.8, rel=0.05)
    assert float(rows["lite-s"][2]) < float(rows["lite-m"][2]) < 1.5


def test_of_a_preset_it_lists_the_parts_and_their_sum(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "summary", "lite-s"]) == 0
    lines = [cells(line) for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    *parts, whole = lines[2:]
    assert whole[0] == "all"
    assert sum(float(part[3]) for part in parts) == pytest.approx(float(whole[3]), abs=0.002)


def test_an_unknown_preset_is_refused_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["model", "summary", "giant"]) == 2
    assert "'giant': use paper, base" in capsys.readouterr().err

"""The progress line."""

import io
import sys

import pytest

from pechead_live.cli.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_items_pass_unchanged_and_a_log_gets_one_line(capsys: pytest.CaptureFixture[str]):
    assert list(progress(range(5), 5, "drawing")) == [0, 1, 2, 3, 4]
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("drawing [==============================] 5/5 in ")


def test_without_a_total_it_counts(capsys: pytest.CaptureFixture[str]):
    list(progress("abc", None, "tracking"))
    assert capsys.readouterr().err.startswith("tracking: 3 in ")


def test_on_a_terminal_the_line_moves(monkeypatch: pytest.MonkeyPatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr("pechead_live.cli.progress.INTERVAL_S", 0.0)
    list(progress(range(3), 3, "drawing"))
    assert terminal.getvalue().count("\r") == 4
    assert "1/3" in terminal.getvalue()


def test_a_line_is_closed_when_the_work_fails(capsys: pytest.CaptureFixture[str]):
    def work():
        for _ in progress(range(3), 3, "drawing"):
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        work()
    assert capsys.readouterr().err.endswith("\n")


def test_work_that_was_begun_earlier_counts_on_and_says_what_is_new(
    capsys: pytest.CaptureFixture[str],
):
    list(
        progress(
            ["a", "b"], 5, "drawing", lambda item: f"now {item}", lambda item: 4 + (item > "a")
        )
    )
    said = capsys.readouterr().err
    assert "5/5" in said
    assert said.rstrip().endswith(", now b")

"""Where a result may be written: asked before the work, and never over its own input."""

import os
import stat
from pathlib import Path

import pytest

from pechead_live.destination import check_destination
from pechead_live.errors import OutputError


@pytest.fixture
def protected(tmp_path: Path):
    """A folder and a file in it that nobody may write; writable again afterwards."""
    folder = tmp_path / "protected"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(b"precious")
    (folder / "a.mp4").chmod(stat.S_IREAD)
    folder.chmod(stat.S_IREAD | stat.S_IEXEC)
    yield folder
    folder.chmod(stat.S_IRWXU)


def test_a_new_file_and_one_that_may_be_replaced_are_fine(tmp_path: Path):
    (tmp_path / "old.mp4").write_bytes(b"x")
    for name in ("new.mp4", "old.mp4", "größe 日本.MP4"):
        check_destination(tmp_path / name, (".mp4",), inputs=[tmp_path / "in.mp4", None])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.avi", "end its name in .mp4, .mov"),
        ("a", "end its name in .mp4, .mov"),
        ("no/a.mp4", "does not exist"),
        ("folder.mp4", "is a folder"),
        ("x" * 300 + ".mp4", "too long"),
    ],
)
def test_a_name_that_cannot_be_written_is_refused(tmp_path: Path, name: str, reason: str):
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(OutputError, match=reason) as caught:
        check_destination(tmp_path / name, (".mp4", ".mov"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("how", ["same name", "other spelling", "hard link", "symbolic link"])
def test_the_input_is_never_replaced_by_the_result(tmp_path: Path, how: str):
    given = tmp_path / "clip.mp4"
    given.write_bytes(b"precious")
    output = tmp_path / "link.mp4"
    if how == "hard link":
        os.link(given, output)
    elif how == "symbolic link":
        output.symlink_to(given)
    else:
        (tmp_path / "sub").mkdir()
        output = given if how == "same name" else tmp_path / "sub" / ".." / "clip.mp4"
    with pytest.raises(OutputError, match="also the input"):
        check_destination(output, inputs=[given])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_what_is_write_protected_stays_even_for_an_administrator(protected: Path):
    with pytest.raises(OutputError, match="write-protected"):
        check_destination(protected / "a.mp4")
    with pytest.raises(OutputError, match="write-protected"):
        check_destination(protected / "new.mp4")


def test_an_input_that_cannot_be_looked_at_is_not_the_result(tmp_path: Path):
    (tmp_path / "a.mp4").write_bytes(b"x")
    check_destination(tmp_path / "a.mp4", inputs=[tmp_path / ("x" * 300)])

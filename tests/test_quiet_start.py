"""MediaPipe's start-up lines are left out, and nothing else is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pechead_live.detector.quiet import quiet_start

CHATTER = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"


def test_known_lines_are_left_out_and_others_are_handed_on(capfd: pytest.CaptureFixture[str]):
    with quiet_start():
        os.write(2, CHATTER + b"E0000 the model is broken\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "E0000 the model is broken\nafterwards\n"


def test_an_error_inside_comes_out_and_stderr_is_back(capfd: pytest.CaptureFixture[str]):
    def fail() -> None:
        with quiet_start():
            os.write(2, CHATTER)
            raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        fail()
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"


def test_a_landmarker_says_nothing_from_its_start_to_the_interpreter_s_end(face_landmarker: Path):
    code = (
        "import sys, numpy; from pathlib import Path\n"
        "from pechead_live.detector.landmarker import Landmarker\n"
        "with Landmarker(Path(sys.argv[1]), still=True) as landmarker:\n"
        "    assert landmarker.measure(numpy.zeros((64, 64, 3), numpy.uint8)) is None\n"
        "landmarker.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(face_landmarker)],
        cwd=Path(__file__).resolve().parent.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""

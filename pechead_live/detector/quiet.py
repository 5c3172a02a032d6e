"""MediaPipe's start-up lines on stderr kept out of the user's sight.

Its native library writes them past Python, and no environment variable turns them off (tried with
1.2.2: GLOG_minloglevel, TF_CPP_MIN_LOG_LEVEL). So stderr goes into a file for that moment, and
whatever is not one of the known lines is handed on: a real complaint is never lost.
"""

import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Generator

logger = logging.getLogger(__name__)

KNOWN = (
    b"Logging before InitGoogle()",
    b"All log messages before absl::InitializeLog()",
    b"Created TensorFlow Lite XNNPACK delegate",
    b"inference_feedback_manager.cc",
    b"FaceBlendshapesGraph acceleration to xnnpack",
)
"""What marks a line that says nothing to anybody."""


@contextlib.contextmanager
def quiet_start() -> Generator[None]:
    """Leaves the `KNOWN` lines out of the process's stderr; the others come when it ends.

    It holds for all threads, so it belongs around the opening of a model only.
    """
    try:
        terminal = os.dup(2)
    except OSError:  # a program without a console has no stderr
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        finally:
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
            kept.seek(0)
            for line in kept:
                if any(words in line for words in KNOWN):
                    logger.debug("%s", line.decode(errors="replace").rstrip())
                else:
                    os.write(2, line)

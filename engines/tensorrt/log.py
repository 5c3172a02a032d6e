"""TensorRT's log in ours, and its last error for the sentence that says what went wrong."""

import logging
from typing import Any

from engines.dcn.plugin import last_failure
from engines.late_library import reason

logger = logging.getLogger(__name__)


class LastError:
    """The newest error that a library reported instead of raising it."""

    def __init__(self) -> None:
        self._text = ""

    def note(self, text: str) -> None:
        """Keeps it."""
        self._text = text

    def __str__(self) -> str:
        """In one line; what our plugin raised comes first, as TensorRT only passes it on."""
        if (failure := last_failure()) is not None:
            return reason(failure)
        return reason(RuntimeError(self._text)) if self._text else "it gave no reason"


def tensorrt_log(trt: Any, error: LastError) -> Any:
    """A logger for the module ``trt``: warnings and errors are warnings of ours, the rest is for
    debugging; the newest error goes to ``error``."""

    class Log(trt.ILogger):
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            if severity in (self.ERROR, self.INTERNAL_ERROR):
                error.note(message)
            bad = severity not in (self.INFO, self.VERBOSE)
            logger.log(logging.WARNING if bad else logging.DEBUG, "%s", message)

    return Log()

"""Time as a value: code that needs the time takes a `Clock`, and tests pass their own."""

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Returns seconds of a clock that never goes back; the zero is arbitrary."""

monotonic: Clock = time.monotonic
"""The clock of the live loop."""

"""A slot: what lies between two threads of the live loop, instead of a queue."""

import threading
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Slot(Generic[Value]):
    """Keeps the newest value for one taker; an older one that nobody took is dropped and counted.

    None cannot be put: `take` returns it for "nothing came".
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._value: Value | None = None
        self._closed = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Values that were replaced before anybody took them."""
        return self._dropped

    @property
    def finished(self) -> bool:
        """True once it is closed and its last value is taken: nothing more will come."""
        with self._changed:
            return self._closed and self._value is None

    def put(self, value: Value) -> None:
        """Offers ``value``; after `close` it is ignored."""
        with self._changed:
            if self._closed:
                return
            if self._value is not None:
                self._dropped += 1
            self._value = value
            self._changed.notify()

    def take(self, timeout_s: float | None = None) -> Value | None:
        """The newest value, once; None after ``timeout_s``, or when closed and empty.

        Values put before `close` can still be taken after it.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._value is not None, timeout_s)
            value, self._value = self._value, None
            return value

    def close(self) -> None:
        """Wakes whoever waits; nothing more can be put."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

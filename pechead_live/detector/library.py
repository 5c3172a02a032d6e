"""Loading MediaPipe, with an error that says which system library it misses."""

from typing import Any

from pechead_live.errors import MissingDependencyError

LIBRARIES_ADVICE = (
    "on Debian or Ubuntu run 'sudo apt-get install libegl1 libgles2 libgl1 libglib2.0-0'"
)


def load_mediapipe() -> Any:
    """The mediapipe package; `MissingDependencyError` says which system library it misses."""
    try:
        import mediapipe
        from mediapipe.tasks.python import vision as _vision  # loads the native library
    except (ImportError, OSError) as error:
        raise MissingDependencyError(
            f"MediaPipe cannot be loaded ({error}): {LIBRARIES_ADVICE}"
        ) from error
    del _vision
    return mediapipe

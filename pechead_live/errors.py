"""Every error this package raises on purpose.

A message says what is wrong, with which value, and what to do about it: one sentence that a person
can act on. The command line prints it without a traceback and exits with code 2.
"""


class PecheadError(Exception):
    """Base of the tree; catch this to catch everything below."""


class InputError(PecheadError, ValueError):
    """A file, value or setting that the user gave cannot be used."""


class NoFaceError(InputError):
    """A picture or a clip holds no face that can be used."""


class OutputError(PecheadError, OSError):
    """A result cannot be written where it was asked for."""


class DeviceError(PecheadError, OSError):
    """A camera, a virtual camera or a window cannot be opened or has gone away."""


class MissingAssetError(PecheadError, RuntimeError):
    """A model file is needed and none of the places it may lie in has it."""


class MissingDependencyError(PecheadError, RuntimeError):
    """A library is not installed, or one of its system libraries is missing."""

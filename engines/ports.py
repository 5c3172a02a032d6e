"""Arrays and files against the ports that a manifest promises."""

from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np

from engines.engine import Array, Arrays
from engines.manifest import REBUILD, Manifest, Port
from pechead_live.errors import InputError


def check_arrays(ports: Collection[Port], given: Arrays) -> dict[str, Array]:
    """``given`` in the order of ``ports``, each array contiguous.

    A float32 array for a float16 port is converted: what one engine computes in full precision,
    another may keep in half. `InputError` names a port that is unknown, missing, or of another
    dtype or shape.
    """
    if unknown := sorted(set(given) - {port.name for port in ports}):
        raise InputError(
            f"there is no input '{unknown[0]}' to give here: give {_names(ports) or 'none'}"
        )
    return {port.name: _checked(port, given) for port in ports}


def zeros_of(ports: Iterable[Port]) -> dict[str, Array]:
    """An array of zeros for each port."""
    return {port.name: np.zeros(port.shape, port.dtype) for port in ports}


def carried_inputs(manifest: Manifest) -> list[Port]:
    """The memory: inputs that an output of the frame before fills."""
    names = set(manifest.carried.values())
    return [port for port in manifest.inputs if port.name in names]


def frame_inputs(manifest: Manifest, constants: Collection[str]) -> list[Port]:
    """What is given for each frame: neither constant nor carried."""
    kept = set(constants) | set(manifest.carried.values())
    return [port for port in manifest.inputs if port.name not in kept]


def check_constants(manifest: Manifest, constants: Arrays) -> dict[str, Array]:
    """Own copies of the inputs that are the same for every frame; `InputError` as `check_arrays`,
    also for one that is carried from frame to frame."""
    carried = set(manifest.carried.values())
    ports = [port for port in manifest.inputs if port.name not in carried]
    named = [port for port in ports if port.name in constants]
    unknown = sorted(set(constants) - {port.name for port in named})
    if unknown:
        raise InputError(
            f"'{unknown[0]}' cannot stay the same for every frame: give some of {_names(ports)}"
        )
    return {name: array.copy() for name, array in check_arrays(named, constants).items()}


def check_file_ports(
    path: Path, manifest: Manifest, inputs: Collection[Port], outputs: Collection[Port]
) -> None:
    """`InputError` unless a file that was opened has the ports of its manifest, and each carried
    output fits the input that takes it."""
    if not manifest.outputs:
        raise InputError(f"{path} has a manifest without outputs: {REBUILD}")
    sides = (("input", manifest.inputs, inputs), ("output", manifest.outputs, outputs))
    for side, promised, found in sides:
        named = {port.name: port for port in found}
        for port in promised:
            if named.get(port.name) != port:
                there = _text(named[port.name]) if port.name in named else "absent"
                raise InputError(
                    f"{path}: {side} '{port.name}' is {there} in the file but {_text(port)} in "
                    f"its manifest: {REBUILD}"
                )
        if extra := sorted(set(named) - {port.name for port in promised}):
            raise InputError(
                f"{path}: {side} '{extra[0]}' is in the file but not in its manifest: {REBUILD}"
            )
    taken = {port.name: port for port in manifest.inputs}
    for port in manifest.outputs:
        name = manifest.carried.get(port.name)
        if name is not None and port[1:] != taken[name][1:]:
            raise InputError(
                f"{path}: output '{port.name}' is {_text(port)} but becomes input '{name}', "
                f"{_text(taken[name])}: {REBUILD}"
            )


def _checked(port: Port, given: Arrays) -> Array:
    if port.name not in given:
        raise InputError(f"input '{port.name}' is missing: give {_text(port)}")
    array = np.asarray(given[port.name], order="C")
    if array.shape == port.shape:
        if array.dtype == port.dtype:
            return array
        if array.dtype == np.float32 and port.dtype == "float16":
            return array.astype(np.float16)
    shown = _text(Port(port.name, array.dtype.name, array.shape))
    raise InputError(f"input '{port.name}' is {shown}: give {_text(port)}")


def _text(port: Port) -> str:
    return f"{port.dtype} {port.shape}"


def _names(ports: Iterable[Port]) -> str:
    return ", ".join(port.name for port in ports)

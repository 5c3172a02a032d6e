"""Coefficients as plain bytes, bit for bit."""

import numpy as np

from pechead_live.coefficients import EXPRESSION_SIZE, IDENTITY_SIZE, Coefficients

LAYOUT = np.dtype(
    [
        ("scale", "<f8"),
        ("confidence", "<f8"),
        ("captured_at", "<f8"),
        ("identity", "<f4", (IDENTITY_SIZE,)),
        ("expression", "<f4", (EXPRESSION_SIZE,)),
        ("rotation", "<f4", (3, 3)),
        ("translation", "<f4", (2,)),
    ]
)
"""476 bytes, the fields of `Coefficients`."""


def packed(coefficients: Coefficients) -> bytes:
    """``coefficients`` as one `LAYOUT`."""
    whole = np.zeros((), LAYOUT)
    for name in LAYOUT.names or ():
        whole[name] = getattr(coefficients, name)
    return whole.tobytes()


def unpacked(content: bytes) -> Coefficients:
    """What `packed` was given. Raises `ValueError` if ``content`` is not one `LAYOUT`."""
    if len(content) != LAYOUT.itemsize:
        raise ValueError(f"coefficients of {len(content)} bytes, not {LAYOUT.itemsize}")
    whole = np.frombuffer(content, LAYOUT)[0]
    return Coefficients(
        identity=whole["identity"],
        expression=whole["expression"],
        rotation=whole["rotation"],
        translation=whole["translation"],
        scale=float(whole["scale"]),
        confidence=float(whole["confidence"]),
        captured_at=float(whole["captured_at"]),
    )

"""A network of one addition as ONNX bytes, written by hand: no package is needed to make it.

ONNX is protobuf: each field is ``number << 3 | kind``, kind 0 a varint, kind 2 length and bytes.
"""

FLOAT = 1
IR_VERSION, OPSET = 8, 13
"""Old enough for every runtime of the last years."""


def tiny_network() -> bytes:
    """``y = x + x`` for a float vector of any length."""
    node = _text(1, "x") + _text(1, "x") + _text(2, "y") + _text(4, "Add")
    graph = (
        _block(1, node) + _text(2, "double") + _block(11, _vector("x")) + _block(12, _vector("y"))
    )
    return _number(1, IR_VERSION) + _block(7, graph) + _block(8, _text(1, "") + _number(2, OPSET))


def _vector(name: str) -> bytes:
    dimension = _block(1, _text(2, "n"))
    tensor = _number(1, FLOAT) + _block(2, dimension)
    return _text(1, name) + _block(2, _block(1, tensor))


def _number(field: int, value: int) -> bytes:
    return bytes([field << 3]) + bytes([value])


def _text(field: int, value: str) -> bytes:
    return _block(field, value.encode())


def _block(field: int, content: bytes) -> bytes:
    assert len(content) < 128, "one byte of length is enough for this network"
    return bytes([field << 3 | 2, len(content)]) + content

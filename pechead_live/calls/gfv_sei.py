"""A motion as generative face video SEI messages (H.274, version 4), for codecs that carry those.

Levels become a matrix of 1 x 52 whole elements, predicted from the message before; the first one
names this stream as what draws it. The syntax is that of the reference software's writer (VTM,
JVET-AJ0207). An SEI has no adaptive coding, no acknowledged references and no silence, so it costs
several times as many bits.
"""

from collections.abc import Sequence

from pechead_live.calls.parameters import COUNT

PAYLOAD_TYPE = 223
"""generative_face_video( ) in VTM, HM and JM."""

URI_TAG, URI = "tag:ietf.org,2005:rfc3986", "urn:pechead-live:coefficient-stream:1"

FEATURES = 7
"""gfv_matrix_type_idx of matrices whose number and size are told."""

PRECISION = 1
"""Bits after the point, the fewest there are; all are 0."""

LONGEST = 32
"""Zeros before an Exp-Golomb number's 1, at most (H.274 writes none that is longer)."""


def gfv_messages(levels: Sequence[Sequence[int]]) -> list[bytes]:
    """One SEI message a frame (payload type, size and payload) of ``levels``, (52,) each.

    `pechead_live.calls.Received.levels` are such; steps and origin go in the stream's header.
    """
    messages: list[bytes] = []
    before: Sequence[int] = (0,) * COUNT
    for count, frame in enumerate(levels):
        if len(frame) != COUNT:
            raise ValueError(f"a frame of {len(frame)} levels: there are {COUNT}")
        messages.append(_message(_payload(count, frame, before)))
        before = frame
    return messages


def read_gfv_messages(messages: Sequence[bytes]) -> list[tuple[int, ...]]:
    """The levels again. Raises `ValueError` for what `gfv_messages` did not write."""
    found: list[tuple[int, ...]] = []
    for message in messages:
        bits = _Bits(_payload_of(message))
        if bits.number() != 0 or bits.number() != len(found):
            raise ValueError(f"message {len(found)} of another stream, or out of order")
        if not found:
            _read_base(bits)
        elif bits.take(1):
            raise ValueError("a driving picture that is fused: this is not ours")
        if bits.take(3) != 1:
            raise ValueError("a message without a matrix, or with key points: this is not ours")
        found.append(_read_matrix(bits, found))
    return found


def _payload(count: int, levels: Sequence[int], before: Sequence[int]) -> str:
    """As text of 0 and 1."""
    bits = _ue(0) + _ue(count)
    if count == 0:
        bits += "1" + "1" + _ue(1)  # base picture; a generator follows, by URI
        bits += "0" * (-len(bits) % 8) + _text(URI_TAG) + _text(URI)
        bits += "0"  # no chroma key
    else:
        bits += "0"  # nothing fused
    bits += "0" + "0" + "1"  # confident, no coordinates, a matrix
    if count:
        bits += "1"  # predicted
        for new, old in zip(levels, before, strict=True):
            bits += _ue(abs(new - old)) + _ue(0) + _sign(new - old)
        return bits
    bits += _ue(PRECISION - 1) + _ue(0) + f"{FEATURES:06b}" + _ue(0) + _ue(COUNT - 1) + _ue(0)
    for level in levels:
        bits += _ue(abs(level)) + "0" * PRECISION + _sign(level)
    return bits


def _message(payload: str) -> bytes:
    """Type, size and payload (H.266, 7.3.6), which ends with a 1 and zeros if it is not aligned."""
    if len(payload) % 8:
        payload += "1"
    payload += "0" * (-len(payload) % 8)
    data = int(payload, 2).to_bytes(len(payload) // 8, "big")
    size = b"\xff" * (len(data) // 255) + bytes([len(data) % 255])
    return bytes([PAYLOAD_TYPE]) + size + data


def _payload_of(message: bytes) -> bytes:
    if not message or message[0] != PAYLOAD_TYPE:
        raise ValueError(f"no generative face video SEI message: type {message[:1].hex()}")
    full = len(message[1:]) - len(message[1:].lstrip(b"\xff"))
    size = 255 * full + sum(message[1 + full : 2 + full])
    if len(message) != 2 + full + size:
        raise ValueError(f"a message of {len(message)} bytes that says {size}")
    return message[2 + full :]


def _ue(value: int) -> str:
    """ue(v), H.266, 9.2."""
    text = f"{value + 1:b}"
    return "0" * (len(text) - 1) + text


def _sign(value: int) -> str:
    return "" if value == 0 else "1" if value < 0 else "0"


def _text(text: str) -> str:
    """st(v): UTF-8 that ends with a zero byte."""
    return "".join(f"{byte:08b}" for byte in (*text.encode(), 0))


class _Bits:
    """Reads a payload."""

    def __init__(self, data: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in data)
        self._at = 0

    def take(self, count: int) -> int:
        if self._at + count > len(self._bits):
            raise ValueError("a message ends too soon")
        self._at += count
        return int(self._bits[self._at - count : self._at] or "0", 2)

    def number(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > LONGEST:
                raise ValueError("a number without end")
        return (1 << zeros | self.take(zeros)) - 1

    def text(self) -> str:
        found = bytearray()
        while byte := self.take(8):
            found.append(byte)
        return found.decode("utf-8", "replace")

    def align(self) -> None:
        self._at += -self._at % 8


def _read_base(bits: _Bits) -> None:
    if bits.take(2) != 3 or bits.number() != 1:
        raise ValueError("the first message names no generator by URI: this is not ours")
    bits.align()
    tag, uri = bits.text(), bits.text()
    if (tag, uri) != (URI_TAG, URI) or bits.take(1):
        raise ValueError(f"a stream that {uri!r} draws: this is not ours")


def _read_matrix(bits: _Bits, found: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    if found and bits.take(1):
        return tuple(level + _element(bits, predicted=True) for level in found[-1])
    shape = [bits.number(), bits.number(), bits.take(6), *(bits.number() for _ in range(3))]
    if shape != [PRECISION - 1, 0, FEATURES, 0, COUNT - 1, 0]:
        raise ValueError("a matrix of another form: this is not ours")
    return tuple(_element(bits, predicted=False) for _ in range(COUNT))


def _element(bits: _Bits, *, predicted: bool) -> int:
    value = bits.number()
    if bits.number() if predicted else bits.take(PRECISION):
        raise ValueError("an element that is not whole: this is not ours")
    return -value if value and bits.take(1) else value

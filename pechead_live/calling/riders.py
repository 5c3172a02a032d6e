"""Several small things in one message: each its number, its length and its bytes.

The same form in a message of the data channel and in an Opus packet's padding
(`calling.opus_padding`): the extensions of draft-ietf-mlcodec-opus-extension, with numbers that it
leaves to experiments. A byte ``number << 1 | 1`` is followed by a length byte and the content;
``number << 1`` by the content of the last one, up to the end.
"""

HEADER, EARLIER, COEFFICIENTS, FEEDBACK, SOUND_TIME = 120, 121, 122, 123, 124
"""The coefficient stream's header; a packet of it, and the one before that; its receiver's word;
when the sound that it rides in was heard, milliseconds since the stream's first frame (4 bytes,
big-endian)."""

DERIVED = 118
"""In the header's place, where both ends have the avatar: the version (1 byte) and the quality in
pixels (float64, big-endian) of `calls.header_for`, from which the receiver derives it."""

PIECE, RECEIPT, WANT = 125, 126, 119
"""Pieces of a still, the answer to them, and the digest of the still that is wanted
(`calling.transfer`)."""
_SHORT = 32
"""Numbers below have no content that is told so."""

Riders = dict[int, bytes]
"""By number."""


def pack_riders(riders: Riders) -> bytes:
    """The bytes of ``riders``, each at most 255 long but the last."""
    *others, (last, content) = riders.items()
    packed = b"".join(bytes([n << 1 | 1, len(rider)]) + rider for n, rider in others)
    return packed + bytes([last << 1]) + content


def unpack_riders(data: bytes) -> Riders:
    """What is in ``data``, up to where it makes no sense."""
    found: Riders = {}
    at = 0
    while at < len(data):
        number, has_length = data[at] >> 1, data[at] & 1
        at += 1
        if number < _SHORT:  # padding proper, or an extension of a byte or none
            at += has_length if number else 0
            continue
        if not has_length:
            found[number] = data[at:]
            break
        if at >= len(data) or at + 1 + data[at] > len(data):
            break
        found[number] = data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    return found

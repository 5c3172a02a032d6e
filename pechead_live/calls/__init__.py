"""Calls that send only coefficients: the stream's encoder and decoder.

docs/coefficient-stream.md is the format; `Encoder` and `Decoder` need numpy and nothing of a
network, a renderer or a picture.
"""

from pechead_live.calls.decoder import Decoder, Received
from pechead_live.calls.encoder import Encoder, EncoderConfig
from pechead_live.calls.header import StreamHeader, header_for, read_header

__all__ = [
    "Decoder",
    "Encoder",
    "EncoderConfig",
    "Received",
    "StreamHeader",
    "header_for",
    "read_header",
]

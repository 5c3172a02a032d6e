"""Small datagrams of a DTLS handshake go twice.

OpenSSL repeats a flight that was lost after a second, and where the last one is lost, what the
other end says in the meantime is lost with it. Two of the four flights are 100 to 200 bytes: twice
is cheaper. The receiver leaves out what it has (RFC 6347, 4.2.4). The library has no setting for
it, so this is for the releases that it was tried with only.
"""

from importlib.metadata import version
from typing import Any

from aiortc.rtcdtlstransport import RTCDtlsTransport, State
from OpenSSL import SSL

SMALL = 256
"""Bytes."""

TRIED = ("1.16.",)

_NAME = "_write_ssl"
_original: Any = getattr(RTCDtlsTransport, _NAME)


def repeat_handshakes() -> None:
    """For all connections of this process; once is enough."""
    if version("aiortc").startswith(TRIED):
        setattr(RTCDtlsTransport, _NAME, _write_ssl)


async def _write_ssl(self: Any) -> None:
    if self._state is not State.CONNECTING:
        await _original(self)
        return
    try:
        data = self._ssl.bio_read(1500)
    except SSL.Error:  # there is nothing
        return
    for _ in range(2 if len(data) < SMALL else 1):
        await self.transport._send(data)  # noqa: SLF001

"""Asks a browser to show each picture as soon as it is decoded.

Chromium holds pictures back until the sound of their moment has been played, and by what it
estimates the line's jitter to be; asking for none in the page (``jitterBufferTarget``) only lowers
the least. RTP's header extension "playout-delay" with 0 for both the least and the most switches
that off (webrtc.googlesource.com, docs/native-code/rtp-hdrext/playout-delay). From camera to page
it is 42 ms in place of 88, and sound that is listened to there comes some 70 ms after its picture:
right for whoever drives, not for those who watch and listen. A browser that does not offer it is
not sent it.
"""

from typing import Any

from aiortc import RTCPeerConnection, codecs
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters
from aiortc.rtp import HeaderExtensionsMap, pack_header_extensions, unpack_header_extensions

PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"

AT_ONCE = bytes(3)
"""Least and most, 12 bits each, in 10 ms."""

OFFERED_ID = 4
"""In offers of our own; 1 to 3 are the library's."""


def know_playout_delay() -> None:
    """For every connection that is opened from now on in this process; once is enough."""
    if HeaderExtensionsMap.set is _set:
        return
    known = codecs.HEADER_EXTENSIONS["video"]
    known.append(RTCRtpHeaderExtensionParameters(id=OFFERED_ID, uri=PLAYOUT_DELAY))
    HeaderExtensionsMap.configure = _configure  # type: ignore[method-assign]
    HeaderExtensionsMap.set = _set  # type: ignore[method-assign]


def play_at_once(peer: RTCPeerConnection) -> None:
    """For the pictures that go to ``peer``, whose offer is answered."""
    for sender in peer.getSenders():
        if sender.kind == "video":
            extensions: Any = getattr(sender, "_RTCRtpSender__rtp_header_extensions_map", None)
            if extensions is not None:
                extensions.plays_at_once = True


_original_configure: Any = HeaderExtensionsMap.configure
_original_set: Any = HeaderExtensionsMap.set


def _configure(self: Any, parameters: Any) -> None:
    _original_configure(self, parameters)
    for extension in parameters.headerExtensions:
        if extension.uri == PLAYOUT_DELAY:
            self.playout_delay_id = extension.id


def _set(self: Any, values: Any) -> tuple[int, bytes]:
    profile, value = _original_set(self, values)
    number = getattr(self, "playout_delay_id", None)
    if number is None or not getattr(self, "plays_at_once", False):
        return profile, value
    packed = unpack_header_extensions(profile, value) if value else []
    return pack_header_extensions([*packed, (number, AT_ONCE)])

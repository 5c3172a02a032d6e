"""`Connection`: a dialogue over WebRTC, with sound. Lives in the event loop."""

import asyncio
import logging
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import av
import numpy as np
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from pechead_live.calling.association import agree, association_of
from pechead_live.calling.dialogue import Dialogue
from pechead_live.calling.ladder.climber import Climber
from pechead_live.calling.lip_sync import LipSync
from pechead_live.calling.messages import Message
from pechead_live.calling.microphone import RATE, Microphone
from pechead_live.calling.offer import lean, only_opus, open_channels
from pechead_live.calling.opus_padding import riders_of
from pechead_live.calling.played_sound import PlayedSound
from pechead_live.calling.riders import SOUND_TIME, Riders
from pechead_live.calling.voice import VoiceConfig, VoiceTrack
from pechead_live.clock import Clock, monotonic
from pechead_live.studio.refusal import ApiRefusal
from pechead_live.studio.rtc.peer import UNANSWERABLE

logger = logging.getLogger(__name__)

TICK_S = 0.02
SOUND_TIME_S = 2.0
"""How often the sender's time rides in its sound."""

FULL = 4096
"""Bytes that wait in the unreliable channel, beyond which a message is let go: it would be late."""

CLOSE_S = 3.0
PICTURE_FIRST_S = 3.0
"""Sound waits for the first still to arrive for so long, at most."""


class Sound(NamedTuple):
    """What a connection has to do with sound."""

    microphone: Microphone | None
    played: PlayedSound | None
    """Takes the other end's; None if nobody hears it."""
    config: VoiceConfig


class Connection:
    """From the offer to `close`."""

    def __init__(
        self,
        peer: RTCPeerConnection,
        dialogue_of: Callable[["Connection"], Dialogue],
        sound: Sound,
        *,
        climber_of: Callable[[Callable[[Message], None]], Climber] | None = None,
        on_open: Callable[[], None],
        clock: Clock = monotonic,
    ) -> None:
        """``dialogue_of`` makes the dialogue whose `Wires` this connection is, ``climber_of`` what
        keeps it on the ladder, of what says its messages."""
        self.peer, self._sound, self._clock = peer, sound, clock
        self._on_open = on_open
        self._channels = open_channels(peer)
        self.dialogue = dialogue_of(self)
        self._shows = self.dialogue.shows
        if climber_of is not None:
            climber = climber_of(self.dialogue.say_message)
            self.dialogue.climber = climber
            self.dialogue.motion.on_loss = climber.line.motion_was_lost
        self.lip_sync = LipSync()
        self.opened_at: float | None = None
        self.said_hello = False
        """Whether this end's hello went with its offer or answer."""
        self._agreed: bool | None = None
        """Whether the channels need no handshake; None before the other end was heard."""
        self._began_at: float | None = None
        self._told_time_at = -1e9
        self._first_timestamp: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.let_go = 0
        """Messages of motion that the line had no room for."""
        self._channels.control.on("open", self._open)
        self._channels.control.on("message", self._hear_control)
        self._channels.motion.on("message", self._hear_motion)
        peer.on("track", self._take_track)

    def control(self, message: str | bytes) -> None:
        """See `dialogue.Wires`."""
        with suppress(InvalidStateError):  # it is over
            self._channels.control.send(message)

    def motion(self, message: bytes) -> None:
        """See `dialogue.Wires`."""
        if self._channels.motion.bufferedAmount > FULL:
            self.let_go += 1
            return
        with suppress(InvalidStateError):
            self._channels.motion.send(message)

    def hello(self) -> Message:
        """That goes with this end's offer or answer."""
        association = association_of(self.peer) if self._agreed is not False else None
        return self.dialogue.hello() | ({"association": association} if association else {})

    def hear_early(self, told: object) -> bool:
        """Whether ``told``, which came with an offer or an answer, is the other end's hello."""
        if not isinstance(told, dict) or not self.dialogue.hear_early(told):
            return False
        self._agreed = agree(self.peer, told.get("association"))
        return True

    def say(self, coefficients: Any, captured_at: float) -> None:
        """This end's motion; None: no face."""
        if not self.dialogue.may_move(self._clock()):
            return
        if self._began_at is None:
            self._began_at = captured_at
        self.dialogue.say(coefficients, captured_at, self._clock())

    async def offer(self) -> dict[str, str]:
        """To be answered by the other end."""
        self._add_sound()
        only_opus(self.peer)
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return {"type": "offer", "sdp": lean(self.peer.localDescription.sdp)}

    async def take_answer(self, answer: dict[str, str]) -> None:
        """Of the other end."""
        await self.peer.setRemoteDescription(RTCSessionDescription(**answer))
        self._start()

    async def answer(self, sdp: str) -> dict[str, str]:
        """To the other end's offer (`offer.checked_offer`). Raises `ApiRefusal`."""
        try:
            await self.peer.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="offer"))
            if any(t.kind == "audio" for t in self.peer.getTransceivers()):
                self._add_sound()
            await self.peer.setLocalDescription(await self.peer.createAnswer())
        except (*UNANSWERABLE, OperationError) as error:
            logger.info("an offer was refused: %r", error)
            await self.close()
            raise ApiRefusal(400, "bad_offer", f"the offer cannot be answered ({error})") from error
        self._start()
        return {"type": "answer", "sdp": lean(self.peer.localDescription.sdp)}

    @property
    def counts(self) -> dict[str, int]:
        """Of packets and messages."""
        dialogue = self.dialogue
        counts = dialogue.counts + dialogue.motion.counts + dialogue.stills.counts
        return {**counts, "let go": self.let_go}

    @property
    def over(self) -> bool:
        """Whether nothing will come any more."""
        return self.peer.connectionState in ("failed", "closed") or self.dialogue.ended is not None

    async def close(self, why: str | None = None) -> None:
        """Ends it; ``why`` is told to the other end."""
        if why is not None and self.opened_at is not None:
            self.dialogue.end(why)
            await asyncio.sleep(0.1)
        for task in list(self._tasks):
            task.cancel()
        self.dialogue.fresh.end()
        try:
            async with asyncio.timeout(CLOSE_S):
                if self.dialogue.climber is not None:
                    await self.dialogue.climber.close()
                with suppress(ConnectionError):
                    await self.peer.close()
        except TimeoutError:
            logger.warning("a connection did not close within %g s and is left", CLOSE_S)

    def _add_sound(self) -> None:
        sound = self._sound
        if sound.microphone is not None:
            voice = VoiceTrack(
                sound.microphone, self._take_riders, sound.config, may_speak=self._may_speak
            )
            self.peer.addTrack(voice)
        elif sound.played is not None and not self.peer.getTransceivers():
            self.peer.addTransceiver("audio", direction="recvonly")

    def _start(self) -> None:
        for transceiver in self.peer.getTransceivers():
            if transceiver.kind == "audio":
                self._find_riders(transceiver.receiver)
        self._run(self._keep_ticking())

    def _run(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_ticking(self) -> None:
        while not self.over:
            await asyncio.sleep(TICK_S)
            if self.opened_at is None:
                continue
            try:
                self.dialogue.tick(self._clock())
            except Exception:
                logger.exception("a call's tick failed; it goes on")

    def _open(self) -> None:
        self.opened_at = self._clock()
        self._on_open()
        self.dialogue.open(said_hello=self.said_hello)

    def _hear_control(self, message: str | bytes) -> None:
        self.dialogue.hear_control(message, self._clock())

    def _hear_motion(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.dialogue.hear_motion(message, self._clock())

    def _may_speak(self) -> bool:
        """First the picture: on a thin line sound would hold it up for long."""
        opened_at = self.opened_at
        if opened_at is None:
            return False
        waited = self._clock() - opened_at
        return waited > PICTURE_FIRST_S or self.dialogue.peer_is_ready or not self._shows

    def _take_riders(self, heard_at: float) -> Riders:
        """For sound that was heard from ``heard_at`` on."""
        now = self._clock()
        riders = self.dialogue.take_riders(now)
        if self._began_at is None or now - self._told_time_at < SOUND_TIME_S:
            return riders
        self._told_time_at = now
        milliseconds = round(1000 * (heard_at - self._began_at)) & 0xFFFFFFFF
        return {SOUND_TIME: struct.pack(">I", milliseconds)} | riders

    def _find_riders(self, receiver: Any) -> None:
        """aiortc hands packets of sound to its decoder; what rides in them is taken before that."""
        handle = receiver._handle_rtp_packet  # noqa: SLF001

        async def look(packet: Any, arrival_time_ms: int) -> None:
            mapper = getattr(receiver, "_RTCRtpReceiver__timestamp_mapper", None)
            self._first_timestamp = getattr(mapper, "_origin", None)
            riders = riders_of(packet.payload)
            told = riders.pop(SOUND_TIME, b"")
            if len(told) == 4:
                seconds = struct.unpack(">i", told)[0] / 1000
                self.lip_sync.sound_was_heard(packet.timestamp, seconds)
            if riders:
                self.dialogue.hear_riders(riders, self._clock())
            await handle(packet, arrival_time_ms)

        receiver._handle_rtp_packet = look  # noqa: SLF001

    def _take_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            self._run(self._hear(track, self._sound.played))

    def _timestamp_of(self, frame: Any) -> int:
        """RTP's: aiortc counts from the first packet it had, the sender tells the packet's own."""
        return (frame.pts + (self._first_timestamp or 0)) & 0xFFFFFFFF

    async def _hear(self, track: MediaStreamTrack, played: PlayedSound | None) -> None:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        with suppress(MediaStreamError):
            while True:
                frame: Any = await track.recv()
                if played is None:  # aiortc would keep what nobody takes
                    continue
                due = self.lip_sync.due(self._timestamp_of(frame), self._clock())
                for part in resampler.resample(frame):
                    samples = part.to_ndarray()[0].astype(np.int16)
                    played.put(samples, due)
                    due += len(samples) / RATE

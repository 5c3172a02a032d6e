"""A page tells when its sound was heard, so that a program can play it with its picture."""

import asyncio
import wave
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from aiohttp.test_utils import TestServer
from call_ends import wait_until
from playwright.sync_api import Page, Route, sync_playwright

from benchmarks.webrtc.chromium import launch
from pechead_live.calling.arrivals import Arrivals
from pechead_live.calling.connection import Connection, Sound
from pechead_live.calling.dialogue import Dialogue, Me
from pechead_live.calling.host import Host, HostConfig, call_app
from pechead_live.calling.known_stills import KnownStills
from pechead_live.calling.lip_sync import LipSync
from pechead_live.calling.microphone import RATE, Samples
from pechead_live.calling.played_sound import PlayedSound
from pechead_live.calling.voice import VoiceConfig
from pechead_live.studio.gate import GateConfig
from pechead_live.studio.rtc.peer import open_peer

pytestmark = pytest.mark.browser

PERIOD_S, BEEP_S = 1.5, 0.1
LOUD = 0.1
"""Of full scale: a beep, and nothing else of the file. `JOIN` has it, too."""

MOST_OFF_S = 0.15
"""On an idle machine it is below 10 ms; 10 to 30 ms where the browser does not tell."""

JOIN = """async () => {
  const { join, seconds } = await import("/page/calling/connection.js");
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const microphone = await navigator.mediaDevices.getUserMedia({ audio });
  const context = new AudioContext({ sampleRate: 48000, latencyHint: 0 });
  const ear = context.createScriptProcessor(256, 1, 1);
  const seen = { beeps: [], offsets: [], began: null };
  ear.onaudioprocess = ({ inputBuffer, playbackTime }) => {
    seen.offsets.push(seconds() - context.currentTime);
    const samples = inputBuffer.getChannelData(0);
    const place = samples.findIndex((value) => Math.abs(value) > 0.1);
    // what is processed was taken in during the buffer before, and is for the one after
    const time = playbackTime + (place - 2 * samples.length) / context.sampleRate;
    if (place >= 0 && !(time - seen.beeps.at(-1) < 0.7)) seen.beeps.push(time);
  };
  context.createMediaStreamSource(microphone).connect(ear);
  ear.connect(context.destination);
  await context.resume();
  const call = await join({
    me: { name: "Ben", stills: [], header: null },
    microphone,
    arrivals: { allowFor() {}, feedback: () => null, counts: { frames: 0 } },
    known: null,
    onSound() {},
    onSoundTime() {},
    onAvatar() {},
  });
  globalThis.pecheadCall = { call, seen };
}"""

BEGIN = """async () => {
  const { call, seen } = globalThis.pecheadCall;
  const { seconds } = await import("/page/calling/connection.js");
  seen.began = seconds() - 0.04; // a picture takes so long until it is read
  call.dialogue.peerIsReady = true;
  call.dialogue.sayMotion(null, seen.began, seconds());
}"""

SEEN = """() => {
  const { beeps, offsets, began } = globalThis.pecheadCall.seen;
  const offset = [...offsets].sort((a, b) => a - b)[offsets.length >> 1];
  return beeps.map((time) => time + offset - began);
}"""
"""When the page's own ear heard each beep, seconds of the stream."""


class HeardSync(LipSync):
    """Notes what was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[int, float]] = []
        self.timestamp = 0

    def sound_was_heard(self, timestamp: int, seconds: float) -> None:
        self.told.append((timestamp, seconds))
        super().sound_was_heard(timestamp, seconds)

    def due(self, timestamp: int, came: float) -> float:
        self.timestamp = timestamp
        return super().due(timestamp, came)


class Ear(PlayedSound):
    """Notes the RTP timestamps at which a beep begins."""

    def __init__(self, sync: HeardSync) -> None:
        super().__init__()
        self._sync = sync
        self.beeps: list[int] = []

    def put(self, samples: Samples, due: float) -> None:
        loud = np.flatnonzero(np.abs(samples.astype(int)) > LOUD * 32768)
        at = self._sync.timestamp + int(loud[0]) if len(loud) else None
        if at is not None and (not self.beeps or at - self.beeps[-1] > 0.7 * RATE):
            self.beeps.append(at)


def write_beeps(path: Path) -> Path:
    """A beep and a long, quiet hum."""
    t = np.arange(round(PERIOD_S * RATE)) / RATE
    level = np.where(t < BEEP_S, 16_000, 200)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((level * np.sin(2 * np.pi * 700 * t)).astype("<i2").tobytes())
    return path


def without_capture_time(route: Route) -> None:
    """The module as a browser takes it whose frames do not tell when they were captured."""
    script = route.fetch().text()
    changed = script.replace("Number.isFinite(captureTime)", "false")
    assert changed != script
    route.fulfill(body=changed, content_type="text/javascript")


@contextmanager
def listening(folder: Path) -> Generator[tuple[str, HeardSync, Ear]]:
    """The address of a program that is called, what it is told and what it hears."""
    sync = HeardSync()
    ear = Ear(sync)

    def dialogue(connection: Connection) -> Dialogue:
        known = KnownStills(folder)
        me = Me("Ann", (), None)
        return Dialogue(me, connection, known=known, arrivals=Arrivals(), on_avatar=lambda _: None)

    def connect() -> Connection:
        sound = Sound(None, ear, VoiceConfig())
        connection = Connection(open_peer(()), dialogue, sound, on_open=lambda: None)
        connection.lip_sync = sync
        return connection

    ready, over = Event(), asyncio.Event()
    address: list[str] = []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        host = Host(connect)
        gate = GateConfig(hosts=frozenset({"127.0.0.1"}))
        server = TestServer(call_app(host.answer, gate, HostConfig()))
        await server.start_server()
        address.append(str(server.make_url("/")))
        ready.set()
        await over.wait()
        await host.leave()
        await server.close()

    thread = Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        yield address[0], sync, ear
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def differences(sync: HeardSync, heard: list[int], seen: list[float]) -> list[float]:
    """Seconds from when the page's ear heard a beep to when it says that it was heard."""
    found: list[float] = []
    for at in heard:
        timestamp, seconds = min(sync.told, key=lambda told: abs(told[0] - at))
        told = seconds + (at - timestamp) / RATE
        found.append(min((told - time for time in seen), key=abs))
    return found


def test_what_a_page_tells_of_its_sound_is_when_it_was_heard(tmp_path: Path, chromium: str) -> None:
    """Of two calls at the same time: in one of them the browser tells, in the other it does not."""
    beeps = write_beeps(tmp_path / "beeps.wav")
    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        calls: list[tuple[Page, HeardSync, Ear]] = []
        for browser_tells in (True, False):
            address, sync, ear = stack.enter_context(listening(tmp_path / str(browser_tells)))
            browser = launch(playwright, chromium, None, microphone=beeps)
            page = stack.enter_context(closing(browser)).new_page()
            if not browser_tells:
                page.context.route("**/sound_time.js", without_capture_time)
            page.goto(address)
            page.evaluate(JOIN)
            wait_until(page, "pecheadCall.call.openedAt !== null")
            calls.append((page, sync, ear))
        calls[0][0].wait_for_timeout(1000)
        for _, sync, _ in calls:
            assert not sync.told, "before the stream began there is nothing to tell"
        for page, _, _ in calls:
            page.evaluate(BEGIN)
        calls[0][0].wait_for_timeout(8000)
        seen: list[list[float]] = [page.evaluate(SEEN) for page, _, _ in calls]
    for (_, sync, ear), own in zip(calls, seen, strict=True):
        assert 3 <= len(sync.told) <= 6, "every two seconds"
        off = differences(sync, ear.beeps, own)
        assert len(off) >= 4
        assert abs(float(np.median(off))) < MOST_OFF_S, off

"""Two decoders, written apart, read the test vectors of the specification alike."""

import json
import random
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import sync_playwright
from stream_vectors import FILE, LINES, decoded, thrown

from benchmarks.webrtc.chromium import launch
from pechead_live.calls import read_header

TOLD: dict[str, Any] = json.loads(FILE.read_text())

READ = """async ({ header, streams }) => {
  const { readHeader, StreamDecoder } = await import("/page/stream_decoder.js");
  const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));
  const hex = (data) => [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const priors = new Uint8Array(await (await fetch("/priors.bin")).arrayBuffer());
  return streams.map(({ arrivals }) => {
    const decoder = new StreamDecoder(readHeader(bytes(header)), priors);
    return arrivals.map(({ packet }) => {
      const before = { ...decoder.dropped };
      const frames = decoder.decode(bytes(packet));
      const why = Object.keys(before).find((name) => decoder.dropped[name] > before[name]);
      return {
        packet,
        dropped: why ?? null,
        frames: frames.map(({ number, seconds, lost, holds, levels }) =>
          ({ number, seconds, lost, holds, levels })),
        feedback: hex(decoder.feedback()),
      };
    });
  });
}"""

HOSTILE = """async ({ header, packets }) => {
  const { readHeader, StreamDecoder } = await import("/page/stream_decoder.js");
  const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));
  const priors = new Uint8Array(await (await fetch("/priors.bin")).arrayBuffer());
  const decoder = new StreamDecoder(readHeader(bytes(header)), priors);
  let taken = 0, usable = true;
  for (const packet of packets) {
    const frames = decoder.decode(bytes(packet));
    taken += frames.length > 0;
    usable &&= frames.every((frame) => [...frame.values, frame.seconds].every(Number.isFinite));
  }
  const dropped = Object.values(decoder.dropped).reduce((sum, count) => sum + count);
  return { taken, dropped, usable, kept: decoder.memory.size };
}"""

REFUSED = """async (headers) => {
  const { readHeader } = await import("/page/stream_decoder.js");
  const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));
  return headers.map((header) => {
    try { readHeader(bytes(header)); return null; } catch (error) { return error.message; }
  });
}"""


def test_the_vectors_hold_what_a_stream_can_meet() -> None:
    rows = [row for stream in TOLD["streams"] for row in stream["arrivals"]]
    frames = [frame for row in rows for frame in row["frames"]]
    starts = [int(row["packet"][:2], 16) for row in rows]
    assert {row["dropped"] for row in rows} == {None, "damaged", "repeated", "stuck"}
    assert {start >> 4 & 3 for start in starts} == {0, 2}
    assert {0, 1, 15} < {start & 15 for start in starts}
    assert {frame["lost"] for frame in frames} == {True, False}
    assert [stream["name"] for stream in TOLD["streams"]] == [line.name for line in LINES]


def test_python_reads_the_vectors() -> None:
    header = read_header(bytes.fromhex(TOLD["header"]))
    for stream in TOLD["streams"]:
        packets = [bytes.fromhex(row["packet"]) for row in stream["arrivals"]]
        assert decoded(packets, header) == stream["arrivals"], stream["name"]


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Any]:
    """Of a server that has nothing but the room's files."""
    folder = resources.files("pechead_live.calls")
    serve = partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), serve)
    Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium, None)
        opened = browser.new_page()
        opened.goto(f"http://127.0.0.1:{server.server_address[1]}/priors.bin.txt")
        yield opened
        browser.close()
    server.shutdown()


@pytest.mark.browser
def test_the_page_reads_the_vectors(page: Any) -> None:
    read = page.evaluate(READ, TOLD)
    for stream, rows in zip(TOLD["streams"], read, strict=True):
        assert rows == stream["arrivals"], stream["name"]


@pytest.mark.browser
def test_both_read_alike_what_no_encoder_sends(page: Any) -> None:
    header = read_header(bytes.fromhex(TOLD["header"]))
    told = [
        {"name": str(seed), "arrivals": decoded(thrown(random.Random(seed), 60), header)}
        for seed in range(12)
    ]
    assert any(row["frames"] for stream in told for row in stream["arrivals"])
    read = page.evaluate(READ, {"header": TOLD["header"], "streams": told})
    for stream, rows in zip(told, read, strict=True):
        assert rows == stream["arrivals"], stream["name"]


@pytest.mark.browser
def test_the_page_drops_what_nobody_wrote(page: Any) -> None:
    rows = TOLD["streams"][0]["arrivals"]
    real = [row["packet"] for row in rows]
    cut = [packet[: 2 * (k % 9)] for k, packet in enumerate(real)]
    changed = [packet[:8] + "ff" + packet[10:] for packet in real]
    long = [packet + "5a" * 2000 for packet in real]
    packets = [each for four in zip(cut, changed, long, real, strict=True) for each in four] * 6
    found = page.evaluate(HOSTILE, {"header": TOLD["header"], "packets": packets})
    assert found["usable"]
    assert found["taken"] + found["dropped"] == len(packets)
    assert found["kept"] <= 128


@pytest.mark.browser
def test_the_page_refuses_what_is_no_header(page: Any) -> None:
    header = TOLD["header"]
    wrong = [
        "",
        "474946383961",
        header[:8] + "09" + header[10:],
        header[:-2],
        header[:60] + "00" * 400,
    ]
    told = page.evaluate(REFUSED, [header, *wrong])
    assert told[0] is None
    for text, words in zip(
        told[1:], ("PHCS", "PHCS", "version 9", "damaged", "damaged"), strict=True
    ):
        assert words in text

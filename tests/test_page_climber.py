"""Two ends of a page's ladder, in one page: what one sends is what the other shows."""

from collections.abc import Iterator
from typing import Any

import pytest
from page_modules import call_files, opened_page

pytestmark = pytest.mark.browser

LOAD = """async () => {
  const page = "/page/calling/";
  const { Climber } = await import(page + "climber.js");
  const { ladderConfig } = await import(page + "ladder.js");
  const CAMERA = ladderConfig({ rungs: [0, 2, 3], ofCamera: true });
  const AVATAR = ladderConfig({ rungs: [0, 2] });
  const seconds = () => performance.now() / 1000;
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const until = async (what) => {
    for (let k = 0; k < 300; k++) {
      if (what()) return true;
      await pause(50);
    }
    return false;
  };

  const end = (config) => {
    const video = Object.assign(document.createElement("video"), { muted: true });
    const said = [];
    const climber = new Climber({
      config,
      video,
      say: (message) => {
        said.push(message);
        setTimeout(() => climber.other?.hear(JSON.parse(JSON.stringify(message)), seconds()));
      },
      openPeer: () => new RTCPeerConnection(),
      drawn: () => null,
      onMine() {},
      onTheirs() {},
    });
    return Object.assign(climber, { said });
  };

  const camera = document.createElement("canvas");
  [camera.width, camera.height] = [640, 480];
  const picture = camera.getContext("2d");

  const pair = () => {
    const [a, b] = [end(CAMERA), end(AVATAR)];
    [a.other, b.other] = [b, a];
    for (const climber of [a, b]) climber.allow([0, 2, 3]);
    let count = 0;
    const timer = setInterval(() => {
      picture.fillStyle = count++ % 2 ? "rgb(20 190 60)" : "rgb(24 190 60)";
      picture.fillRect(0, 0, 640, 480);
      for (const climber of [a, b]) climber.tick(seconds(), true);
      a.put(camera, seconds());
    }, 40);
    const close = () => {
      clearInterval(timer);
      for (const climber of [a, b]) climber.close();
    };
    return { a, b, close };
  };
  Object.assign(window, { pair, until, pause, seconds, end, CAMERA, AVATAR });
}"""

CLIMB = """async () => {
  const { a, b, close } = pair();
  a.note(0);
  const small = await until(() => b.covers(seconds()));
  const first = [a.rung, a.shows, b.theirs, b.video.videoWidth, b.video.videoHeight];
  const large = await until(() => b.theirs.rung === 3 && b.video.videoWidth > 192);
  const told = await until(() => b.said.some(({ type, pictures }) => type === "sees" && pictures));
  const { carried } = a.line.look(0, seconds());
  a.change(AVATAR, "no more", seconds());
  const sent = a.sent;
  const over = await until(() => b.theirs.rung === 0 && !b.covers(seconds()));
  await pause(2000);
  close();
  return { small, first, large, told, carried, over, sent, rungs: a.steps.map((s) => s.rung),
    why: b.theirs.why, later: a.rung };
}"""

HOSTILE = """async () => {
  const climber = end(CAMERA);
  const answers = [];
  const line = "m=video 9 UDP/TLS/RTP/SAVPF 96";
  const open = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", line, ""];
  const two = "m=video 9 X 0\\r\\nm=video 9 X 0";
  for (const sdp of ["", "v=0", "m=video\\r\\n", "m=audio 9 X 0", two, open.join("\\r\\n")]) {
    climber.offerAt = -1e9;
    climber.hear({ type: "pictures", sdp }, seconds());
    answers.push(await until(() => climber.seen === null));
  }
  const good = new RTCPeerConnection();
  good.addTransceiver("video", { direction: "sendonly" });
  await good.setLocalDescription(await good.createOffer());
  const { sdp } = good.localDescription;
  climber.offerAt = -1e9;
  climber.hear({ type: "pictures taken", sdp }, seconds());
  climber.hear({ type: "sees", pictures: 3, lost: 1 }, seconds());
  climber.hear({ type: "pictures", sdp: sdp.slice(0, 7000) }, 100);
  const seen = climber.seen;
  climber.hear({ type: "pictures", sdp: "m=video" }, 101);
  const left = climber.seen === seen;
  climber.close();
  good.close();
  return { answers, left, heard: climber.hear({ type: "pictures", sdp }, 200), seen: climber.seen };
}"""


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Any]:
    with opened_page(chromium, call_files()) as opened:
        opened.evaluate(LOAD)
        yield opened


def test_a_camera_is_seen_while_a_face_is_not_read_and_never_after_its_leave_is_gone(
    page: Any,
) -> None:
    found = page.evaluate(CLIMB)
    assert found["small"] and found["large"] and found["told"] and found["over"]
    rung, shows, theirs, width, height = found["first"]
    assert (rung, shows, width, height) == (2, "camera", 192, 192)
    assert theirs == {"rung": 2, "shows": "camera", "why": "the face cannot be read well"}
    assert found["carried"] is None or found["carried"] > 0.6
    assert found["rungs"] == [2, 3, 0] and found["why"] == "no more"
    assert found["sent"] is None and found["later"] == 0


def test_what_a_hostile_end_says_of_video_ends_nothing(page: Any) -> None:
    found = page.evaluate(HOSTILE)
    assert all(found["answers"]), "what cannot be answered is let go"
    assert found["left"], "an offer that comes too soon is left"
    assert found["heard"] is False and found["seen"] is None, "nor is any taken after the call"


def test_a_camera_is_not_shown_for_another_end_s_slowness(page: Any) -> None:
    shows = page.evaluate("""() => {
      const climber = end(CAMERA);
      climber.allow([0, 2, 3]);
      climber.note(0.99);
      climber.line.draws(4);
      climber.openPeer = () => new RTCPeerConnection();
      const stands = [];
      for (let k = 0; k < 40; k++) {
        if (k === 25) climber.note(0);
        climber.tick(100 + k / 5, true);
        stands.push(`${climber.rung} ${climber.shows}`);
      }
      climber.close();
      return stands.filter((stand, k) => stand !== stands[k - 1]);
    }""")
    assert shows[0] == "2 avatar", "the avatar is drawn here, for the face is read"
    assert shows[1] == "3 camera"

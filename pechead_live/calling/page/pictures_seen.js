// The other end's video, while it sends some (calling/ladder/pictures_seen.py).

import { gathered } from "./gathered.js";

const STALE = 0.6; // seconds; a picture that is older is shown no more: the avatar takes over

/** Of one connection, from the answer to `close`. */
export class PicturesSeen {
  /** `peer`: that has not begun. `video`: the element that plays it. */
  constructor(peer, video) {
    Object.assign(this, { peer, video });
    this.stream = null;
    this.shownAt = -Infinity;
    this.told = [0, 0, 0];
    peer.ontrack = ({ track }) => this.play(track);
  }

  /** SDP, to the other end's offer; rejected where it is not one of one video. */
  async answer(sdp) {
    const sections = sdp.match(/^m=\w+/gm) ?? [];
    if (String(sections) !== "m=video") throw new Error(`an offer of ${sections || "nothing"}`);
    await this.peer.setRemoteDescription({ type: "offer", sdp });
    await this.peer.setLocalDescription(await this.peer.createAnswer());
    await gathered(this.peer);
    return this.peer.localDescription.sdp;
  }

  /** Whether what the element shows is what the other end's camera sees now. */
  isFresh(now) {
    return now - this.shownAt < STALE;
  }

  /** What came last is of something else than what comes next. */
  forget() {
    this.shownAt = -Infinity;
  }

  /** `{pictures, lost}` since the last call: how many, and the share of the packets. */
  async seen() {
    let now = [0, 0, 0];
    for (const told of (await this.peer.getStats()).values()) {
      if (told.type !== "inbound-rtp") continue;
      now = [told.framesDecoded ?? 0, told.packetsReceived ?? 0, told.packetsLost ?? 0];
    }
    const [pictures, packets, missing] = now.map((value, k) => Math.max(value - this.told[k], 0));
    this.told = now;
    return { pictures, lost: missing / Math.max(packets + missing, 1) };
  }

  close() {
    this.peer.close();
    if (this.stream && this.video.srcObject === this.stream) this.video.srcObject = null;
    this.stream = null;
    this.forget();
  }

  play(track) {
    this.stream = new MediaStream([track]);
    this.video.srcObject = this.stream;
    this.video.play().catch(() => {}); // another one came
    const note = () => {
      if (!this.stream || this.video.srcObject !== this.stream) return;
      this.shownAt = performance.now() / 1000;
      this.video.requestVideoFrameCallback(note);
    };
    this.video.requestVideoFrameCallback(note);
  }
}

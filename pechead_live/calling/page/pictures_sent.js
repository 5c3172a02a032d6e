// This end's video, over a connection of its own, one way (calling/ladder/pictures_sent.py).

import { gathered } from "./gathered.js";
import { trackOf } from "./i420_track.js";
import { LOW, VIDEO } from "./ladder.js";

// Side of the square that is sent, pixels; pictures and bits a second, at most.
const FORMS = {
  [LOW]: { side: 192, fps: 12.5, bitrate: 50_000 },
  [VIDEO]: { side: 480, fps: 25, bitrate: 700_000 },
};
const EARLY = 0.6; // of the time between two pictures: one that comes sooner is left out
const CODECS = ["video/vp8", "video/rtx"];

/** From the offer to `close`. What is sent is what is drawn on `canvas`. */
export class PicturesSent {
  /** `peer`: that has not begun. */
  constructor(peer, rung) {
    this.peer = peer;
    this.form = FORMS[rung];
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    this.video = trackOf(this.canvas, this.context);
    this.sender = null;
    this.last = -Infinity;
  }

  /** Its SDP, to be answered by the other end. */
  async offer() {
    const way = this.peer.addTransceiver(this.video.track, {
      direction: "sendonly",
      sendEncodings: [this.limits],
    });
    this.sender = way.sender;
    const { codecs } = RTCRtpSender.getCapabilities("video");
    way.setCodecPreferences(
      codecs.filter(({ mimeType }) => CODECS.includes(mimeType.toLowerCase())),
    );
    await this.peer.setLocalDescription(await this.peer.createOffer());
    await gathered(this.peer);
    return this.peer.localDescription.sdp;
  }

  /** The other end's. */
  async takeAnswer(sdp) {
    await this.peer.setRemoteDescription({ type: "answer", sdp });
  }

  /** Pictures are of `rung` from now on. */
  async takeRung(rung) {
    this.form = FORMS[rung];
    const parameters = this.sender?.getParameters();
    if (!parameters?.encodings.length) return; // the offer will have the limits
    Object.assign(parameters.encodings[0], this.limits);
    await this.sender.setParameters(parameters);
  }

  get limits() {
    return { maxBitrate: this.form.bitrate, maxFramerate: this.form.fps };
  }

  /** Whether pictures arrive anywhere. */
  get connected() {
    return this.peer.connectionState === "connected";
  }

  /** Pictures, so far: the encoder leaves some out. */
  async sent() {
    for (const told of (await this.peer.getStats()).values()) {
      if (told.type === "outbound-rtp") return told.framesSent ?? 0;
    }
    return 0;
  }

  /** Sends the middle square of `picture` (a video or a canvas), unless it comes too soon. */
  put(picture, now) {
    const { side, fps } = this.form;
    if (!this.connected || now - this.last < EARLY / fps) return;
    const width = picture.videoWidth ?? picture.width;
    const height = picture.videoHeight ?? picture.height;
    const edge = Math.min(width, height);
    if (!edge) return;
    this.last = now;
    if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
    const [left, top] = [(width - edge) / 2, (height - edge) / 2];
    this.context.drawImage(picture, left, top, edge, edge, 0, 0, side, side);
    this.video.put(now);
  }

  close() {
    this.video.track.stop();
    this.peer.close();
  }
}

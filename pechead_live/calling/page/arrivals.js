// What comes of the other end's motion: packets in, at any moment the pose to draw out.

import { product, rotationFromEuler } from "../calls/rotation.js";
import { arrived, initialPlayout, playoutConfig, shown } from "../calls/playout.js";
import { StreamDecoder } from "../calls/stream_decoder.js";

const MOST_EARLY = 40; // packets that wait for the stream's header
const LONGEST_WAIT = 0.06; // seconds of the jitter buffer

export class Arrivals {
  /** `priors`: the bytes of priors.bin. */
  constructor(priors) {
    this.priors = priors;
    this.decoder = null;
    this.early = []; // [packet, at] before the header: without them the next ones cannot be read
    this.playout = initialPlayout();
    this.config = playoutConfig({ longestWait: LONGEST_WAIT });
    this.beganAt = null; // the stream's time 0 by this page's clock, if it is known
    this.turn = { yaw: 0, pitch: 0 }; // degrees more, so that the head looks at who watches
    this.counts = { frames: 0, shown: 0, bridged: 0 };
  }

  /** A stream begins, or begins anew. */
  begin(header) {
    this.decoder = new StreamDecoder(header, this.priors);
    this.playout = initialPlayout();
    for (const [packet, at] of this.early.splice(0)) this.read(packet, at);
  }

  /** The sender keeps frames for up to `held` seconds: waited for beyond the line's jitter. */
  allowFor(held) {
    this.config = playoutConfig({ longestWait: LONGEST_WAIT + held });
  }

  /** A packet that came `at`; whether the sender should hear of it at once. */
  take(packet, at) {
    if (!this.decoder) {
      this.early = [...this.early, [packet.slice(), at]].slice(-MOST_EARLY);
      return false;
    }
    const stuck = this.decoder.dropped.stuck;
    this.read(packet, at);
    return this.decoder.dropped.stuck > stuck;
  }

  read(packet, at) {
    for (const frame of this.decoder.decode(packet)) {
      this.playout = arrived(this.playout, frame, at, this.config);
      this.counts.frames += 1;
    }
  }

  /** For the sender; null before the stream has begun. */
  feedback() {
    return this.decoder && this.decoder.feedback();
  }

  /** `{coefficients, seconds, face}` to draw `now`, null before the first frame. */
  pose(now) {
    const [said, playout] = shown(this.playout, now, this.config);
    this.playout = playout;
    if (!said) return null;
    this.counts.shown += 1;
    this.counts.bridged += said.bridged;
    const { yaw, pitch } = this.turn;
    const { coefficients, seconds, face } = said;
    const rotation = product(rotationFromEuler(yaw, pitch, 0), coefficients.rotation);
    return { coefficients: { ...coefficients, rotation }, seconds, face };
  }
}

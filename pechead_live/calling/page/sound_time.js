// When the sound of a packet was heard, told every two seconds in the packet itself.

import { secondsOf } from "./opus_padding.js";
import { SOUND_TIME } from "./riders.js";

const EVERY_MS = 2000;
const GATHERED_MS = 10; // a capture's first samples are so old when they reach the encoder

export class SoundTime {
  constructor() {
    this.beganAt = null; // milliseconds since 1970, as all that this worker and the page share
    this.toldAt = -Infinity;
  }

  /** The stream's first coefficients were captured then. */
  begin(beganAt) {
    [this.beganAt, this.toldAt] = [beganAt, -Infinity];
  }

  /** Whether the next packet shall tell it. */
  due(now) {
    return this.beganAt !== null && now - this.toldAt >= EVERY_MS;
  }

  /** The rider (packed) for the sound of `frame`, which came from the encoder `now`. */
  told(frame, now) {
    const heardAt = heard(frame, now);
    this.toldAt = now;
    const milliseconds = new DataView(new ArrayBuffer(4));
    milliseconds.setInt32(0, Math.round(heardAt - this.beganAt));
    return Uint8Array.of((SOUND_TIME << 1) | 1, 4, ...new Uint8Array(milliseconds.buffer));
  }
}

/** When the first sample of `frame` was; Chromium tells it, Firefox and Safari do not. */
function heard(frame, now) {
  const { captureTime } = frame.getMetadata();
  if (Number.isFinite(captureTime)) return performance.timeOrigin + captureTime;
  return now - 1000 * secondsOf(new Uint8Array(frame.data)) - GATHERED_MS;
}

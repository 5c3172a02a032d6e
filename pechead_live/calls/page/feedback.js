// What a receiver tells the sender (docs/coefficient-stream.md, "Feedback").

import { VERSION } from "./header.js";

export const EARLIER = 32; // frames before the newest that are told of
const BYTES = 10;
const NONE = 0xffffffff;

/** `{frames, stuckAt}` to ten bytes: a Set of numbers; 8 bits of a number, null if all is well. */
export function writeFeedback({ frames, stuckAt }) {
  const bytes = new Uint8Array(BYTES);
  const view = new DataView(bytes.buffer);
  const newest = frames.size ? Math.max(...frames) : NONE;
  let mask = 0;
  for (let k = 0; k < EARLIER; k++) if (frames.has(newest - 1 - k)) mask += 2 ** k;
  bytes[0] = (VERSION << 6) | (stuckAt === null ? 0 : 1);
  view.setUint32(1, newest);
  view.setUint32(5, mask);
  bytes[9] = stuckAt ?? 0;
  return bytes;
}

/** The inverse; null if it cannot be feedback of this version. */
export function readFeedback(bytes) {
  if (bytes.length !== BYTES || bytes[0] >> 6 !== VERSION) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, BYTES);
  const newest = view.getUint32(1);
  const mask = view.getUint32(5);
  const frames = new Set();
  if (newest !== NONE) {
    frames.add(newest);
    for (let k = 0; k < EARLIER && newest - 1 - k >= 0; k++) {
      if ((mask >>> k) & 1) frames.add(newest - 1 - k);
    }
  }
  return { frames, stuckAt: bytes[0] & 1 ? bytes[9] : null };
}

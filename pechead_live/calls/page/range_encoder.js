// Adaptive binary arithmetic encoding in integers (docs/coefficient-stream.md, "Decisions").

import { learn, shareOf } from "./contexts.js";

const TOP = 2 ** 24;

/** Writes decisions; `contexts` learn from what is written. */
export class RangeEncoder {
  constructor(contexts) {
    this.contexts = contexts;
    this.bytes = []; // of the interval's lower end, but for its last four
    this.low = 0; // those four
    this.width = 0xffffffff;
  }

  /** Writes the decision `bit`, 0 or 1, in `context`. */
  write(context, bit) {
    this.narrow(shareOf(this.contexts, context), bit);
    learn(this.contexts, context, bit);
  }

  /** Writes a decision that is as likely 0 as 1. */
  writeEvenly(bit) {
    this.narrow(2048, bit);
  }

  /** The shortest bytes that are read as what was written; nothing can be written after it. */
  finish() {
    const end = this.low + this.width;
    let unit = 2 ** 32;
    while (Math.ceil(this.low / unit) * unit >= end) unit /= 2;
    this.raise(Math.ceil(this.low / unit) * unit - this.low);
    for (let count = 0; count < 4; count++) this.shift();
    while (this.bytes.at(-1) === 0) this.bytes.pop(); // beyond the last byte are zeros
    return Uint8Array.from(this.bytes);
  }

  narrow(share, bit) {
    // Numbers stay whole below 2^53: no 32-bit operator, which would turn them negative.
    const bound = Math.floor(this.width / 4096) * share;
    if (bit) {
      this.raise(bound);
      this.width -= bound;
    } else {
      this.width = bound;
    }
    while (this.width < TOP) {
      this.width *= 256;
      this.shift();
    }
  }

  raise(by) {
    this.low += by;
    if (this.low < 2 ** 32) return;
    this.low -= 2 ** 32;
    // The carry ends before the first byte: the interval lies below 1.
    let place = this.bytes.length - 1;
    while (this.bytes[place] === 255) this.bytes[place--] = 0;
    this.bytes[place]++;
  }

  shift() {
    this.bytes.push(Math.floor(this.low / TOP));
    this.low = (this.low % TOP) * 256;
  }
}

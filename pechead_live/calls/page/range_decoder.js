// Adaptive binary arithmetic decoding in integers (docs/coefficient-stream.md, "Decisions").

import { learn, shareOf } from "./contexts.js";

const TOP = 2 ** 24;

/** Reads decisions from `bytes`, zeros beyond them; `contexts` learn from what is read. */
export class RangeDecoder {
  constructor(contexts, bytes) {
    this.contexts = contexts;
    this.bytes = bytes;
    this.at = 0;
    this.width = 0xffffffff;
    this.code = 0;
    for (let count = 0; count < 4; count++) this.code = this.code * 256 + this.next();
  }

  /** The next decision in `context`, 0 or 1. */
  decide(context) {
    const bit = this.narrow(shareOf(this.contexts, context));
    learn(this.contexts, context, bit);
    return bit;
  }

  /** The next of decisions that are as likely 0 as 1. */
  decideEvenly() {
    return this.narrow(2048);
  }

  next() {
    return this.at < this.bytes.length ? this.bytes[this.at++] : 0;
  }

  narrow(share) {
    // Numbers stay whole below 2^53: no 32-bit operator, which would turn them negative.
    const bound = Math.floor(this.width / 4096) * share;
    const bit = this.code < bound ? 0 : 1;
    if (bit) {
      this.width -= bound;
      this.code -= bound;
    } else {
      this.width = bound;
    }
    while (this.width < TOP) {
      this.width *= 256;
      this.code = this.code * 256 + this.next();
    }
    return bit;
  }
}

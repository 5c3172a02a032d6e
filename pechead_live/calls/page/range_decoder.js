// Adaptive binary arithmetic decoding in integers (docs/coefficient-stream.md, "Decisions").

const TOP = 2 ** 24;
const LEAST = 16;
const MOST = 4080;
const QUICK = 4;
const SLOW = 7;

export class CodingError extends Error {}

/** Contexts (two estimates of 16 bits each) that begin at `shares` of 256. */
export function newContexts(shares) {
  const contexts = new Uint16Array(2 * shares.length);
  shares.forEach((share, place) => contexts.fill((share << 8) | 128, 2 * place, 2 * place + 2));
  return contexts;
}

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
    const place = 2 * context;
    const [quick, slow] = [this.contexts[place], this.contexts[place + 1]];
    const share = Math.min(MOST, Math.max(LEAST, (quick + slow) >> 5));
    const bit = this.narrow(share);
    this.contexts[place] = bit ? quick - (quick >> QUICK) : quick + ((65535 - quick) >> QUICK);
    this.contexts[place + 1] = bit ? slow - (slow >> SLOW) : slow + ((65535 - slow) >> SLOW);
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

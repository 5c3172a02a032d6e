// What decisions would cost, in bits.

import { shareOf } from "./contexts.js";

const PRICES = Float64Array.from({ length: 4097 }, (_, share) => -Math.log2(share / 4096));

/** Adds up prices as a RangeEncoder would write; the contexts stay as they are. */
export class Price {
  constructor(contexts) {
    this.contexts = contexts;
    this.bits = 0;
  }

  /** Adds the price of `bit` in `context`. */
  write(context, bit) {
    const share = shareOf(this.contexts, context);
    this.bits += PRICES[bit ? 4096 - share : share];
  }

  /** Adds a bit. */
  writeEvenly() {
    this.bits += 1;
  }
}

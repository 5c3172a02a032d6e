// Whole numbers as decisions (docs/coefficient-stream.md, "Decisions"), for whatever has `write`
// and `writeEvenly`: a RangeEncoder, or a Price.

import { CodingError } from "./contexts.js";
import { LONGEST, SIZES, UNARY } from "./frame_syntax.js";

/** A signed number in its three contexts: zero, sign, and the first of its size. */
export function writeNumber(coder, [zero, sign, size], value) {
  coder.write(zero, value !== 0 ? 1 : 0);
  if (value === 0) return;
  coder.write(sign, value < 0 ? 1 : 0);
  const count = Math.abs(value) - 1;
  for (let counted = 0; counted < UNARY; counted++) {
    coder.write(size + Math.min(counted, SIZES - 1), counted < count ? 1 : 0);
    if (counted >= count) return;
  }
  writeExpGolomb(coder, count - UNARY);
}

/** A number of `count` bits, all equally likely. */
export function writeBits(coder, count, value) {
  for (let bit = count - 1; bit >= 0; bit--) coder.writeEvenly(Math.floor(value / 2 ** bit) % 2);
}

function writeExpGolomb(coder, value) {
  const length = 32 - Math.clz32(value + 1);
  if (length > LONGEST) throw new CodingError(`a number of ${length} bits`);
  for (let bit = 1; bit < length; bit++) coder.writeEvenly(1);
  coder.writeEvenly(0);
  writeBits(coder, length - 1, value + 1);
}

// Probabilities that learn from decisions (docs/coefficient-stream.md, "Decisions").

const LEAST = 16;
const MOST = 4080;
const QUICK = 4;
const SLOW = 7;

/** What is read, or to be written, is nothing that a stream can hold. */
export class CodingError extends Error {}

/** Contexts (two estimates of 16 bits each) that begin at `shares` of 256. */
export function newContexts(shares) {
  const contexts = new Uint16Array(2 * shares.length);
  shares.forEach((share, place) => contexts.fill((share << 8) | 128, 2 * place, 2 * place + 2));
  return contexts;
}

/** Probability of 0 in 4096ths. */
export function shareOf(contexts, context) {
  const share = (contexts[2 * context] + contexts[2 * context + 1]) >> 5;
  return Math.min(MOST, Math.max(LEAST, share));
}

/** Moves the estimates of `context` towards `bit`. */
export function learn(contexts, context, bit) {
  const place = 2 * context;
  const [quick, slow] = [contexts[place], contexts[place + 1]];
  contexts[place] = bit ? quick - (quick >> QUICK) : quick + ((65535 - quick) >> QUICK);
  contexts[place + 1] = bit ? slow - (slow >> SLOW) : slow + ((65535 - slow) >> SLOW);
}

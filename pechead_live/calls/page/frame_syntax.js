// What reader and writer of a frame have in common (docs/coefficient-stream.md, "A frame"): the
// places of its contexts, what is expected of it, and what is known after it.

export const PARAMETERS = 52;
export const MOST_CONFIDENCE = 7;
export const LARGEST_LEVEL = 32767;
export const LAST = 2 ** 32 - 2; // frame, and tick
export const TICKS_PER_SECOND = 250;

export const SIZES = 5; // contexts of a number's size
export const UNARY = 14; // numbers up to here are counted out
export const LONGEST = 20; // bits of what is beyond

const ZEROS = 4;
const SIGNS = 3;
const PER_LEVEL = ZEROS + SIGNS + SIZES;
export const [LOST, HOLDS, STILL, STEADY, TIME] = [0, 1, 2, 3, 4];
export const CONFIDENCE = TIME + 2 + SIZES;
const LEVELS = CONFIDENCE + 2 + SIZES;
const PER_SET = LEVELS + PARAMETERS * PER_LEVEL;
export const CONTEXTS = 4 * PER_SET;

/** First context of the set for a frame that refers to the one `distance` before, 0 for none. */
export function contextSet(distance) {
  return PER_SET * (distance === 0 ? 3 : distance === 1 ? 0 : distance <= 4 ? 1 : 2);
}

/** Zero, sign and size of a number whose contexts begin at `first`. */
export function numberContexts(first) {
  return [first, first + 1, first + 2];
}

/**
 * The same of the surprise of parameter `place`: `was` is the reference's surprise there, `beside`
 * that of the parameter before in this frame.
 */
export function levelContexts(set, place, was, beside) {
  const first = set + LEVELS + place * PER_LEVEL;
  const zero = first + (was !== 0 ? 1 : 0) + (beside !== 0 ? 2 : 0);
  const sign = first + ZEROS + (was === 0 ? 0 : was > 0 ? 1 : 2);
  return [zero, sign, first + ZEROS + SIGNS];
}

/** Int32Array(52): levels as they were, or moved on by half of their speed. */
export function expectedLevels(before, steady) {
  if (!steady) return before.levels.slice();
  return before.levels.map((level, place) => level + Math.trunc(before.speeds[place] / 2));
}

/** What a frame refers to that refers to no other; `contexts` are the first ones. */
export function firstMoment(contexts) {
  const nothing = () => new Int32Array(PARAMETERS);
  return {
    number: -1,
    tick: 0,
    interval: 10,
    confidence: MOST_CONFIDENCE,
    lost: false,
    holds: false,
    levels: nothing(),
    surprises: nothing(),
    speeds: nothing(),
    contexts,
  };
}

/**
 * What both ends know after a frame that refers to `before`: `coded` is its number, tick,
 * confidence, lost, holds, levels and surprises; `contexts` are copied.
 */
export function momentAfter(before, distance, coded, contexts) {
  const { tick, lost, levels } = coded;
  const follows = distance === 1 && !lost && !before.lost;
  const usual = distance === 0 || before.holds; // after a silence the time tells nothing
  return {
    ...coded,
    interval: usual
      ? before.interval
      : Math.max(1, Math.floor((tick - before.tick) / distance)),
    speeds: levels.map((level, place) => (follows ? level - before.levels[place] : 0)),
    contexts: contexts.slice(),
  };
}

// Blinks: how far the lids are shut, and the avatar's lids from that
// (pechead_live/motion/lids.py, where the numbers' sources are, and eyes.py).

import { EXPRESSION_INDEX } from "./expressions.js";

const BLINK = ["eyeBlinkLeft", "eyeBlinkRight"].map((name) => EXPRESSION_INDEX.get(name));
const SHUT = 0.7;
const CLOSE_EARLY = 0.9;
const SHUT_RANGE = [0.5, 0.72];
const FULL = 0.75;
const LEAST_RISE = 0.15;
const [LINK_FULL, LINK_NONE] = [0.15, 0.3];
const LEAST_PEAK = 0.45;
const SETTLE = 0.5;
const OPEN_STEP = 0.0005;
const OPEN_FALL = 0.2;
const OPEN_MOST = 0.35;

/** `{open, shut, peak}` of the left and right eye; `expression` (52): the anchor's, eyes open. */
export function initialLidState(expression) {
  return BLINK.map((i) => ({ open: expression[i], shut: SHUT, peak: 0 }));
}

/**
 * Driver's expression (52) to how far each lid is shut, (2): 0 as open as the anchor, 1 shut, below
 * 0 wider open, in scores; and the state after it.
 */
export function shutLids(expression, state) {
  const scores = BLINK.map((i) => expression[i]);
  // by what was known before: learned from the same score first, more blink could open the eye
  const above = linked(scores.map((score, eye) => score - state[eye].open));
  const shut = above.map((rise, eye) => {
    if (rise < 0) return rise;
    const { open, shut: most } = state[eye];
    if (rise + open > FULL && rise > LEAST_RISE) return 1;
    return clip(rise / Math.max(CLOSE_EARLY * (most - open), 0.1), 0, 1);
  });
  return [shut, scores.map((score, eye) => learned(score, state[eye]))];
}

/** A copy of `expression` whose lids are `shut` (2) on top of those of `rest`; all else (52). */
export function withLids(expression, rest, shut, gain) {
  const mapped = Float32Array.from(expression);
  BLINK.forEach((i, eye) => {
    const way = shut[eye] < 1 ? clip(gain * shut[eye], -1, 1) : Math.min(1, gain);
    mapped[i] = clip(rest[i] + (way > 0 ? way * (1 - rest[i]) : way), 0, 1);
  });
  return mapped;
}

/** `rest` with lids no further down than narrow open eyes: a portrait taken in a blink opens. */
export function opened(rest) {
  const awake = Float32Array.from(rest);
  for (const i of BLINK) awake[i] = Math.min(rest[i], OPEN_MOST);
  return awake;
}

function learned(score, { open, shut, peak }) {
  const above = score - open;
  let step = above <= -LEAST_RISE ? OPEN_FALL * above : 0;
  if (Math.abs(above) < LEAST_RISE) step = clip(above, -OPEN_STEP, OPEN_STEP);
  if (above > 0 && open + step > OPEN_MOST) step = 0;
  const now = open + step;
  const highest = Math.max(peak, score);
  if (score >= now + LEAST_RISE) return { open: now, shut, peak: highest };
  const blinked = highest >= Math.max(LEAST_PEAK, now + 2 * LEAST_RISE);
  const goal = clip(highest, ...SHUT_RANGE);
  return { open: now, shut: blinked ? shut + SETTLE * (goal - shut) : shut, peak: 0 };
}

/** Lids that are close to each other go together, else each on its own: a wink. */
function linked(above) {
  const apart = Math.abs(above[0] - above[1]);
  const own = clip((apart - LINK_FULL) / (LINK_NONE - LINK_FULL), 0, 1);
  const middle = (above[0] + above[1]) / 2;
  return above.map((rise) => middle + own * (rise - middle));
}

function clip(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

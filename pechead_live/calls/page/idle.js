// How an avatar waits: it breathes with the head a little and blinks now and then.

import { EXPRESSION_NAMES } from "./expressions.js";
import { product, rotationFromEuler } from "./rotation.js";
import { checkedTimes } from "./settings.js";

/** Places of both lids. */
export const BLINK = ["eyeBlinkLeft", "eyeBlinkRight"].map((name) =>
  EXPRESSION_NAMES.indexOf(name),
);

// Yaw, pitch, roll: [amplitude in degrees, period in seconds, phase in radians]. Periods without a
// common measure, so that the motion never looks like a loop; amplitudes of a person sitting still.
const SWAY = [
  [2, 7.3, 0],
  [1.2, 5.3, 1],
  [0.7, 9.7, 2],
];

const USUAL = {
  // Factor on the head's slow motion; 0 keeps it still.
  sway: 1,
  // One blink in each such stretch of time, at a varying moment; people at rest need 3 to 5 s.
  blinkPeriod: 4,
  // Seconds from open to open; measured human blinks take 0.1 to 0.4.
  blink: 0.22,
  // The head starts to move this gradually after it came to rest, seconds.
  settle: 2,
};

/** The settings, those that are not given as usual; throws a RangeError for what is none. */
export function idleConfig(settings = {}) {
  const config = checkedTimes(USUAL, settings, ["sway"]);
  if (config.blink > config.blinkPeriod / 2) {
    throw new RangeError(`a blink of ${config.blink} s must be shorter than half of its period`);
  }
  return config;
}

/**
 * The waiting avatar `now`, waiting since `since` (seconds, same clock). A pure function of time:
 * at `since` it is exactly `rest`.
 */
export function idlePose(rest, now, since, config) {
  const waited = Math.max(0, now - since);
  const rise = 1 - Math.exp(-((waited / config.settle) ** 2));
  const sway = SWAY.map(
    ([amplitude, period, phase]) =>
      config.sway * rise * amplitude * Math.sin((2 * Math.PI * waited) / period + phase),
  );
  const expression = Float32Array.from(rest.expression);
  const closed = blinkAt(waited, config);
  for (const place of BLINK) expression[place] = Math.max(expression[place], closed);
  const rotation = Float32Array.from(product(rotationFromEuler(...sway), rest.rotation));
  return { ...rest, rotation, expression };
}

/** How closed the lids are, [0, 1]: one raised-cosine blink in each period. */
export function blinkAt(waited, { blinkPeriod, blink }) {
  const number = Math.floor(waited / blinkPeriod);
  // Golden-ratio steps spread the moments evenly without repeating; none in the first third.
  const place = (1 / 3 + (2 / 3) * (((number + 1) * 0.6180339887) % 1)) * blinkPeriod;
  const begin = Math.min(place, blinkPeriod - blink);
  const progress = ((waited % blinkPeriod) - begin) / blink;
  return 0 < progress && progress < 1 ? 0.5 - 0.5 * Math.cos(2 * Math.PI * progress) : 0;
}

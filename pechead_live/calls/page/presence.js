// What the avatar shows when the face comes and goes, as a pure function.
//
// Seen: follow. Lost: hold for a moment (trackers miss single frames), then ease to rest and idle.
// Seen again: ease back in. Nothing here is ever the camera's picture; it is only coefficients (see
// parameters.js).

import { blend, smoothstep } from "./blend.js";
import { BLINK, idleConfig, idlePose } from "./idle.js";
import { checkedTimes } from "./settings.js";

// Seconds.
const USUAL = {
  // A lost face keeps its last pose this long.
  hold: 0.5,
  // Then it takes this long to come to rest.
  ease: 0.6,
  // A face that appears is followed fully after this long.
  relock: 0.3,
  // A face that was missed for longer is eased into again: three frames at 30 frames a second.
  softAfter: 0.1,
  // In a held pose the lids go back to rest within this time: a half-blink never freezes.
  lids: 0.15,
};

/** The settings, those that are not given as usual, and `idle`, those of idle.js. */
export function presenceConfig({ idle = {}, ...settings } = {}) {
  const times = checkedTimes(USUAL, settings, ["hold", "softAfter"]);
  return Object.freeze({ ...times, idle: idleConfig(idle) });
}

/** The state when nobody was seen yet: the avatar is at rest. `now`: seconds. */
export function initialPresence(rest, now) {
  return {
    following: false, // true while a face is followed or held
    changedAt: now, // when that changed, or a short loss ended
    origin: rest, // what was shown then: every change starts from it, so that nothing jumps
    held: rest, // the last pose that was measured
    seenAt: -Infinity, // when that was
    shown: rest, // what was shown last
  };
}

/**
 * The coefficients to draw `now` (seconds), and the state after it: `[coefficients, state]`.
 * `measured`: the face in the avatar's coordinates, null when there is none.
 */
export function appear(measured, rest, now, state, config) {
  let { following, changedAt, origin } = state;
  const lostFor = now - state.seenAt;
  if (measured) {
    if (!following || lostFor > config.softAfter) {
      [following, changedAt, origin] = [true, now, state.shown];
    }
  } else if (following && lostFor > config.hold) {
    [following, changedAt, origin] = [false, now, state.shown];
  }
  const target = following
    ? (measured ?? withRestingLids(state.held, rest, lostFor, config))
    : idlePose(rest, now, changedAt, config.idle);
  const within = following ? config.relock : config.ease;
  const shown = blend(origin, target, smoothstep((now - changedAt) / within));
  const held = measured ?? state.held;
  const seenAt = measured ? now : state.seenAt;
  return [shown, { following, changedAt, origin, held, seenAt, shown }];
}

/** `held` with its lids on their way to where they are at rest. */
function withRestingLids(held, rest, lostFor, { lids }) {
  const weight = smoothstep(lostFor / lids);
  const expression = Float32Array.from(held.expression);
  for (const place of BLINK) {
    expression[place] += (rest.expression[place] - expression[place]) * weight;
  }
  return { ...held, expression };
}

// The driver's coefficients to the avatar's (pechead_live/motion/retarget.py, where the equations
// are): "absolute", "relative" to the first frame, or "calibrated" by a second of neutral face.

import { anchorOf, followAnchor } from "./anchor.js";
import { BROWS, EXPRESSION_SIZE, GAZE, LIDS, MOUTH, OPPOSITES } from "./expressions.js";
import { opened, shutLids, withLids } from "./lids.js";
import { withClosedLips } from "./lips.js";
import { eulerFromRotation, product, rotationFromEuler, transposed } from "./rotation.js";

/** `MotionConfig`: mode, gains per group, and soft limits from the portrait's own pose: degrees,
 * outer-eye distances, a factor of size. */
export const MOTION = {
  mode: "calibrated",
  yaw: 1,
  pitch: 1,
  roll: 1,
  position: 1,
  brows: 1,
  eyes: 1,
  gaze: 1,
  mouth: 1,
  yawLimit: 35,
  pitchLimit: 25,
  rollLimit: 30,
  positionLimit: 0.8,
  scaleLimit: 1.4,
  limitAbsolute: false,
  lookAtCamera: false,
  naturalLids: true,
  closeLips: true,
  calibrationS: 1,
};

const LINEAR = 0.6; // share of a limit up to which nothing changes

/**
 * `[coefficients, state]`: the avatar's for `driver`, in the portrait's picture coordinates, with
 * the portrait's identity and the driver's confidence and time. `rest`: the portrait's own.
 */
export function retarget(driver, rest, state, config = MOTION) {
  const { confidence, capturedAt } = driver;
  if (confidence <= 0) return [{ ...rest, confidence: 0, capturedAt }, state];
  let result;
  if (config.mode === "absolute") {
    result = absolute(driver, rest, config);
  } else {
    const calibrate = config.mode === "calibrated";
    state = followAnchor(driver, state, { calibrate, calibrationS: config.calibrationS });
    const pose = posed(driver, state.anchor, rest, config, true);
    const [expression, lids] = expressed(driver, rest, state, config);
    state = { ...state, lids };
    result = { ...driver, ...pose, expression };
  }
  if (config.lookAtCamera) {
    const straight = result.expression.map((value, i) => (GAZE.includes(i) ? 0 : value));
    result = { ...result, expression: straight };
  }
  return [{ ...result, identity: rest.identity }, state];
}

/** The driver as it is; gains other than 1 act on the way from `rest` to it. */
function absolute(driver, rest, config) {
  const gains = gainsOf(config);
  const expression = driver.expression.map((value, i) =>
    gains[i] === 1 ? value : clip(rest.expression[i] + gains[i] * (value - rest.expression[i])));
  const { yaw, pitch, roll, position, limitAbsolute } = config;
  const changed = limitAbsolute || [yaw, pitch, roll, position].some((gain) => gain !== 1);
  const pose = changed ? posed(driver, anchorOf(rest), rest, config, limitAbsolute) : {};
  return { ...driver, expression, ...pose };
}

function posed(driver, anchor, rest, config, limited) {
  const limit = limited ? softLimit : (value) => value;
  const angles = eulerFromRotation(product(driver.rotation, transposed(anchor.rotation)));
  const [yaw, pitch, roll] = ["yaw", "pitch", "roll"].map((name, i) =>
    limit(config[name] * angles[i], config[`${name}Limit`]));
  const anchorScale = Math.exp(anchor.place[2]);
  const translation = driver.translation.map((value, axis) => {
    const moved = (config.position * (value - anchor.place[axis])) / anchorScale;
    return rest.translation[axis] + rest.scale * limit(moved, config.positionLimit);
  });
  const grown = config.position * Math.log(driver.scale / anchorScale);
  return {
    rotation: Float32Array.from(product(rotationFromEuler(yaw, pitch, roll), rest.rotation)),
    translation,
    scale: rest.scale * Math.exp(limit(grown, Math.log(config.scaleLimit))),
  };
}

/** The avatar's expression (52) and the lids' state after it. */
function expressed(driver, rest, state, config) {
  const calibrated = config.mode === "calibrated";
  const base = rest.expression.map((value, i) => (calibrated && !BROWS.includes(i) ? 0 : value));
  const gains = gainsOf(config);
  const change = driver.expression.map((value, i) =>
    gains[i] * (value - state.anchor.expression[i]));
  let expression = base.map((value, i) => value + change[i]);
  for (const [one, other] of OPPOSITES) {
    const difference = change[one] - change[other];
    if (difference) {
      const both = Math.min(base[one], base[other]);
      const middle = base[one] - base[other] + difference;
      expression[one] = both + Math.max(middle, 0);
      expression[other] = both + Math.max(-middle, 0);
    }
  }
  expression = expression.map(clip);
  if (config.closeLips) expression = withClosedLips(expression, base, driver.expression);
  if (!config.naturalLids) return [expression, state.lids];
  const [shut, lids] = shutLids(driver.expression, state.lids);
  const own = calibrated ? opened(rest.expression) : rest.expression;
  return [withLids(expression, own, shut, config.eyes), lids];
}

function gainsOf({ brows, eyes, gaze, mouth }) {
  const gains = new Float64Array(EXPRESSION_SIZE);
  for (const [group, gain] of [[BROWS, brows], [LIDS, eyes], [GAZE, gaze], [MOUTH, mouth]]) {
    for (const i of group) gains[i] = gain;
  }
  return gains;
}

/** `value` itself up to 60 % of `limit`, then smoothly towards it and never past. */
function softLimit(value, limit) {
  const ratio = Math.abs(value) / limit;
  if (ratio <= LINEAR) return value;
  const room = 1 - LINEAR;
  return Math.sign(value) * limit * (LINEAR + room * Math.tanh((ratio - LINEAR) / room));
}

function clip(value) {
  return Math.min(1, Math.max(0, value));
}

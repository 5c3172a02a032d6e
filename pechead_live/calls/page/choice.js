// Which levels to send: the nearest, or nearer to what is expected where that is much cheaper.

import {
  contextSet,
  expectedLevels,
  LARGEST_LEVEL,
  levelContexts,
  PARAMETERS,
} from "./frame_syntax.js";
import { writeNumber } from "./number_writer.js";
import { Price } from "./price.js";

/**
 * `{levels, steady, cost}`. `wanted`: 52 parameters in steps from rest; `thrift`: squared steps
 * that a bit is worth. The cost is squared error in steps plus `thrift` times bits.
 */
export function choose(wanted, before, distance, thrift) {
  const held = chooseLevels(wanted, before, distance, thrift, false);
  const moves = before.speeds.some((speed) => Math.abs(speed) > 1);
  if (distance !== 1 || !moves) return held;
  const moved = chooseLevels(wanted, before, distance, thrift, true);
  return moved.cost < held.cost ? moved : held;
}

/** The nearest whole number, the even one of two that are as near: as the other encoder rounds. */
export function roundEven(value) {
  const up = Math.round(value);
  return up - value === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

function chooseLevels(wanted, before, distance, thrift, steady) {
  const price = new Price(before.contexts);
  const set = contextSet(distance);
  const levels = expectedLevels(before, steady);
  let cost = 0;
  let beside = 0;
  for (let place = 0; place < PARAMETERS; place++) {
    const known = levels[place];
    const target = clamp(wanted[place], -LARGEST_LEVEL, LARGEST_LEVEL);
    const contexts = levelContexts(set, place, before.surprises[place], beside);
    const costOf = (surprise) => {
      price.bits = 0;
      writeNumber(price, contexts, surprise);
      const error = target - known - surprise;
      return error * error + thrift * price.bits;
    };
    const nearest = clamp(roundEven(target) - known, -LARGEST_LEVEL - known, LARGEST_LEVEL - known);
    let best = costOf(nearest);
    beside = nearest;
    if (nearest !== 0 && Math.abs(known) <= LARGEST_LEVEL) {
      const less = nearest - Math.sign(nearest);
      const other = costOf(less);
      if (other < best) [best, beside] = [other, less];
    }
    cost += best;
    levels[place] = known + beside;
  }
  return { levels, steady, cost };
}

function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}

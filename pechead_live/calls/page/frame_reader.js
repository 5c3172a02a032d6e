// Reads one frame of the coefficient stream (docs/coefficient-stream.md, "A frame").

import { CodingError } from "./contexts.js";
import {
  CONFIDENCE,
  contextSet,
  expectedLevels,
  HOLDS,
  LARGEST_LEVEL,
  LAST,
  levelContexts,
  LONGEST,
  LOST,
  momentAfter,
  MOST_CONFIDENCE,
  numberContexts,
  PARAMETERS,
  SIZES,
  STEADY,
  STILL,
  TIME,
  UNARY,
} from "./frame_syntax.js";

/** The frame that `decoder` is at; it refers to `before`, `distance` frames back, 0 for none. */
export function readFrame(decoder, before, distance) {
  const set = contextSet(distance);
  let number, tick;
  if (distance === 0) {
    number = readBits(decoder, 32);
    tick = readBits(decoder, 32);
  } else {
    const late = readNumber(decoder, numberContexts(set + TIME));
    number = before.number + distance;
    tick = before.tick + distance * before.interval + late;
    if (tick <= before.tick) throw new CodingError(`time ${tick}`);
  }
  if (Math.max(number, tick) > LAST) throw new CodingError(`frame ${number} at ${tick}`);
  const confidence = before.confidence + readNumber(decoder, numberContexts(set + CONFIDENCE));
  if (confidence < 0 || confidence > MOST_CONFIDENCE) throw new CodingError("confidence");
  const lost = decoder.decide(set + LOST) === 1;
  const holds = decoder.decide(set + HOLDS) === 1;
  const [levels, surprises] = readLevels(decoder, before, set, distance);
  const largest = Math.max(...levels.map(Math.abs));
  if (largest > LARGEST_LEVEL) throw new CodingError(`a level of ${largest}`);
  const coded = { number, tick, confidence, lost, holds, levels, surprises };
  return momentAfter(before, distance, coded, decoder.contexts);
}

function readLevels(decoder, before, set, distance) {
  const steady = distance === 1 && decoder.decide(set + STEADY) === 1;
  const levels = expectedLevels(before, steady);
  const surprises = new Int32Array(PARAMETERS);
  if (decoder.decide(set + STILL)) return [levels, surprises];
  let beside = 0;
  for (let place = 0; place < PARAMETERS; place++) {
    beside = readNumber(decoder, levelContexts(set, place, before.surprises[place], beside));
    surprises[place] = beside;
    levels[place] += beside;
  }
  return [levels, surprises];
}

function readNumber(decoder, [zero, sign, size]) {
  if (!decoder.decide(zero)) return 0;
  const negative = decoder.decide(sign);
  let count = 0;
  while (count < UNARY && decoder.decide(size + Math.min(count, SIZES - 1))) count++;
  if (count === UNARY) count += readExpGolomb(decoder);
  return negative ? -1 - count : 1 + count;
}

function readExpGolomb(decoder) {
  let length = 1;
  while (decoder.decideEvenly()) {
    length++;
    if (length > LONGEST) throw new CodingError("a number without end");
  }
  return 2 ** (length - 1) + readBits(decoder, length - 1) - 1;
}

function readBits(decoder, count) {
  let value = 0;
  for (let bit = 0; bit < count; bit++) value = 2 * value + decoder.decideEvenly();
  return value;
}

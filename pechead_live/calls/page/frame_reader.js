// One frame of the coefficient stream (docs/coefficient-stream.md, "A frame").

import { CodingError } from "./range_decoder.js";

export const PARAMETERS = 52;
const SIZES = 5; // contexts of a number's size
const UNARY = 14;
const LONGEST = 20;
const ZEROS = 4;
const SIGNS = 3;
const PER_LEVEL = ZEROS + SIGNS + SIZES;
const [LOST, HOLDS, STILL, STEADY, TIME] = [0, 1, 2, 3, 4];
const CONFIDENCE = TIME + 2 + SIZES;
const LEVELS = CONFIDENCE + 2 + SIZES;
const PER_SET = LEVELS + PARAMETERS * PER_LEVEL;
const MOST_CONFIDENCE = 7;
const LARGEST_LEVEL = 32767;
const LAST = 2 ** 32 - 2; // frame, and tick

export const CONTEXTS = 4 * PER_SET;

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

/** The frame that `decoder` is at; it refers to `before`, `distance` frames back, 0 for none. */
export function readFrame(decoder, before, distance) {
  const set = PER_SET * (distance === 0 ? 3 : distance === 1 ? 0 : distance <= 4 ? 1 : 2);
  let number, tick;
  if (distance === 0) {
    number = readBits(decoder, 32);
    tick = readBits(decoder, 32);
  } else {
    number = before.number + distance;
    tick = before.tick + distance * before.interval + readNumberAt(decoder, set + TIME);
    if (tick <= before.tick) throw new CodingError(`time ${tick}`);
  }
  if (Math.max(number, tick) > LAST) throw new CodingError(`frame ${number} at ${tick}`);
  const confidence = before.confidence + readNumberAt(decoder, set + CONFIDENCE);
  if (confidence < 0 || confidence > MOST_CONFIDENCE) throw new CodingError("confidence");
  const lost = decoder.decide(set + LOST) === 1;
  const holds = decoder.decide(set + HOLDS) === 1;
  const [levels, surprises] = readLevels(decoder, before, set, distance);
  const largest = Math.max(...levels.map(Math.abs));
  if (largest > LARGEST_LEVEL) throw new CodingError(`a level of ${largest}`);
  const follows = distance === 1 && !lost && !before.lost;
  return {
    number,
    tick,
    interval:
      distance === 0 || before.holds
        ? before.interval
        : Math.max(1, Math.floor((tick - before.tick) / distance)),
    confidence,
    lost,
    holds,
    levels,
    surprises,
    speeds: levels.map((level, place) => (follows ? level - before.levels[place] : 0)),
    contexts: decoder.contexts.slice(),
  };
}

function readLevels(decoder, before, set, distance) {
  const steady = distance === 1 && decoder.decide(set + STEADY) === 1;
  const levels = before.levels.map((level, place) =>
    steady ? level + Math.trunc(before.speeds[place] / 2) : level,
  );
  const surprises = new Int32Array(PARAMETERS);
  if (decoder.decide(set + STILL)) return [levels, surprises];
  let beside = 0;
  for (let place = 0; place < PARAMETERS; place++) {
    const was = before.surprises[place];
    const first = set + LEVELS + place * PER_LEVEL;
    beside = readNumber(
      decoder,
      first + (was !== 0 ? 1 : 0) + (beside !== 0 ? 2 : 0),
      first + ZEROS + (was === 0 ? 0 : was > 0 ? 1 : 2),
      first + ZEROS + SIGNS,
    );
    surprises[place] = beside;
    levels[place] += beside;
  }
  return [levels, surprises];
}

function readNumberAt(decoder, first) {
  return readNumber(decoder, first, first + 1, first + 2);
}

function readNumber(decoder, zero, sign, size) {
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

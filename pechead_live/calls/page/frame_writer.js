// Writes one frame of the coefficient stream (docs/coefficient-stream.md, "A frame").

import { CodingError } from "./contexts.js";
import {
  CONFIDENCE,
  contextSet,
  expectedLevels,
  HOLDS,
  LAST,
  levelContexts,
  LOST,
  momentAfter,
  numberContexts,
  STEADY,
  STILL,
  TIME,
} from "./frame_syntax.js";
import { writeBits, writeNumber } from "./number_writer.js";

/**
 * Writes `frame`, `{number, tick, confidence, lost, holds, levels, steady}`, which refers to
 * `before`, `distance` frames back, 0 for none. Returns the moment that a receiver reads.
 */
export function writeFrame(encoder, before, distance, frame) {
  const { number, tick, confidence, lost, holds, levels } = frame;
  if (Math.max(number, tick) > LAST) throw new CodingError(`frame ${number} at ${tick}`);
  const set = contextSet(distance);
  if (distance === 0) {
    writeBits(encoder, 32, number);
    writeBits(encoder, 32, tick);
  } else {
    const due = before.tick + distance * before.interval;
    writeNumber(encoder, numberContexts(set + TIME), tick - due);
  }
  writeNumber(encoder, numberContexts(set + CONFIDENCE), confidence - before.confidence);
  encoder.write(set + LOST, lost ? 1 : 0);
  encoder.write(set + HOLDS, holds ? 1 : 0);
  const surprises = writeLevels(encoder, before, set, distance, frame);
  const coded = { number, tick, confidence, lost, holds, levels, surprises };
  return momentAfter(before, distance, coded, encoder.contexts);
}

function writeLevels(encoder, before, set, distance, { levels, steady }) {
  if (distance === 1) encoder.write(set + STEADY, steady ? 1 : 0);
  const expected = expectedLevels(before, steady);
  const surprises = levels.map((level, place) => level - expected[place]);
  const still = surprises.every((surprise) => surprise === 0);
  encoder.write(set + STILL, still ? 1 : 0);
  if (still) return surprises;
  let beside = 0;
  surprises.forEach((surprise, place) => {
    const contexts = levelContexts(set, place, before.surprises[place], beside);
    writeNumber(encoder, contexts, surprise);
    beside = surprise;
  });
  return surprises;
}

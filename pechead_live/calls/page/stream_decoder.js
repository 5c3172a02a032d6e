// Packets of a coefficient stream to frames, in a browser (docs/coefficient-stream.md).

import { CodingError, newContexts } from "./contexts.js";
import { EARLIER, writeFeedback } from "./feedback.js";
import { readFrame } from "./frame_reader.js";
import { CONTEXTS, firstMoment, MOST_CONFIDENCE, TICKS_PER_SECOND } from "./frame_syntax.js";
import { KEPT, remember } from "./memory.js";
import { checkOf, readStart } from "./packet.js";
import { RangeDecoder } from "./range_decoder.js";

export { readHeader } from "./header.js"; // a receiver's page needs no other file

/** The decoder of one stream: whatever comes, it neither fails nor grows. */
export class StreamDecoder {
  /** `priors`: the bytes of priors.bin. */
  constructor(header, priors) {
    if (priors.length !== CONTEXTS) throw new Error("these priors are of another version");
    this.header = header;
    this.first = firstMoment(newContexts([...priors]));
    this.memory = new Map();
    this.checks = new Map();
    this.newest = -1;
    this.stuckAt = null;
    this.dropped = { damaged: 0, repeated: 0, stuck: 0 };
  }

  /**
   * The packet's frames, none from one that is dropped: `{number, seconds, interval, lost, holds,
   * confidence, levels, values}`, `values` being the 52 parameters.
   */
  decode(packet) {
    const start = readStart(packet);
    if (!start) return this.drop("damaged");
    const due = this.newest + 1;
    const number = due + ((start.lowNumber - due + 128) & 255) - 128;
    if (this.checks.get(number) === start.check) return this.drop("repeated");
    const before = start.distance === 0 ? this.first : this.memory.get(number - start.distance);
    if (!before || (start.distance && this.memory.has(number))) {
      this.stuckAt = start.lowNumber;
      return this.drop("stuck");
    }
    const moments = readMoments(packet, start, before);
    if (!moments) {
      this.stuckAt = start.lowNumber;
      return this.drop("damaged");
    }
    if (moments[0].number <= this.newest - KEPT) {
      if (this.stuckAt === null) return this.drop("repeated"); // only without a reference
      this.memory.clear();
      this.newest = -1;
    }
    this.remember(moments, start);
    return moments.map((moment) => this.received(moment));
  }

  /** Ten bytes for the encoder. */
  feedback() {
    const frames = new Set();
    for (let number = this.newest - EARLIER; number <= this.newest; number++) {
      if (this.memory.has(number)) frames.add(number);
    }
    return writeFeedback({ frames, stuckAt: this.stuckAt });
  }

  drop(why) {
    this.dropped[why]++;
    return [];
  }

  remember(moments, start) {
    for (const moment of moments) remember(this.memory, moment);
    this.checks.set(moments[0].number, start.check);
    for (const number of this.checks.keys()) {
      if (!this.memory.has(number)) this.checks.delete(number);
    }
    const last = moments.at(-1).number;
    if (last > this.newest) {
      this.newest = last;
      this.stuckAt = null;
    }
  }

  received(moment) {
    const { steps, origin } = this.header;
    return {
      number: moment.number,
      seconds: moment.tick / TICKS_PER_SECOND,
      interval: moment.interval / TICKS_PER_SECOND,
      lost: moment.lost,
      holds: moment.holds,
      confidence: moment.lost ? 0 : moment.confidence / MOST_CONFIDENCE,
      levels: [...moment.levels],
      values: origin.map((value, place) => value + steps[place] * moment.levels[place]),
    };
  }
}

/** Null for what no encoder wrote. */
function readMoments(packet, start, reference) {
  const decoder = new RangeDecoder(reference.contexts.slice(), packet.subarray(start.at));
  const moments = [];
  let [before, distance] = [reference, start.distance];
  try {
    for (let count = 0; count < start.frames; count++) {
      before = readFrame(decoder, before, distance);
      moments.push(before);
      distance = 1;
    }
  } catch (error) {
    if (error instanceof CodingError) return null;
    throw error;
  }
  const right = moments[0].number % 256 === start.lowNumber && checkOf(moments) === start.check;
  return right ? moments : null;
}

// Packets of a coefficient stream to frames, in a browser (docs/coefficient-stream.md).

import { CONTEXTS, firstMoment, PARAMETERS, readFrame } from "./frame_reader.js";
import { CodingError, newContexts, RangeDecoder } from "./range_decoder.js";

const VERSION = 1;
const HEADER_BYTES = 4 + 1 + 8 * PARAMETERS + 4;
const MOST_BYTES = 1200;
const MOST_FRAMES = 3;
const NEAR = 15;
const KEPT = 128;
const EARLIER = 32;
const LARGEST = 1e6; // step and origin
const TICKS_PER_SECOND = 250;

/** Steps and origin of a stream, each 52 numbers; throws an Error for what is no header. */
export function readHeader(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 5 || view.getUint32(0) !== 0x50484353) {
    throw new Error("this is no header of a coefficient stream: it begins with PHCS");
  }
  if (bytes[4] !== VERSION) {
    throw new Error(`a stream of version ${bytes[4]}; this page reads ${VERSION}: load it anew`);
  }
  const whole = bytes.length === HEADER_BYTES;
  if (!whole || crc32(bytes.subarray(0, -4)) !== view.getUint32(HEADER_BYTES - 4)) {
    throw new Error(`a stream's header is damaged (${bytes.length} bytes)`);
  }
  const numbers = (first) =>
    Float64Array.from({ length: PARAMETERS }, (_, place) => view.getFloat32(first + 4 * place));
  const header = { steps: numbers(5), origin: numbers(5 + 4 * PARAMETERS) };
  const usable = (value) => Number.isFinite(value) && Math.abs(value) <= LARGEST;
  if (!header.steps.every((step) => usable(step) && step >= 0) || !header.origin.every(usable)) {
    throw new Error("a stream's header is damaged: a step or an origin is no usable number");
  }
  return header;
}

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
    const bytes = new Uint8Array(10);
    const view = new DataView(bytes.buffer);
    const known = (number) => this.memory.has(number);
    let newest = this.newest;
    while (newest >= this.newest - EARLIER && !known(newest)) newest--;
    if (!known(newest)) newest = -1;
    bytes[0] = (VERSION << 6) | (this.stuckAt === null ? 0 : 1);
    view.setUint32(1, newest < 0 ? 0xffffffff : newest);
    let mask = 0;
    for (let k = 0; k < EARLIER; k++) if (known(newest - 1 - k)) mask += 2 ** k;
    view.setUint32(5, mask);
    bytes[9] = this.stuckAt ?? 0;
    return bytes;
  }

  drop(why) {
    this.dropped[why]++;
    return [];
  }

  remember(moments, start) {
    for (const moment of moments) {
      this.memory.set(moment.number, moment);
      if (this.memory.size > KEPT) this.memory.delete(Math.min(...this.memory.keys()));
    }
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
      confidence: moment.lost ? 0 : moment.confidence / 7,
      levels: [...moment.levels],
      values: origin.map((value, place) => value + steps[place] * moment.levels[place]),
    };
  }
}

function readStart(packet) {
  if (packet.length < 3 || packet.length > MOST_BYTES || packet[0] >> 6 !== VERSION) return null;
  const frames = 1 + ((packet[0] >> 4) & 3);
  let distance = packet[0] & 15;
  let at = 3;
  if (frames > MOST_FRAMES) return null;
  if (distance === NEAR) {
    if (packet.length < 4 || packet[3] < NEAR) return null;
    distance = packet[3];
    at = 4;
  }
  return { frames, distance, at, lowNumber: packet[1], check: packet[2] };
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

/** 8 bits of the CRC-32 of the decoded frames. */
function checkOf(moments) {
  const bytes = new Uint8Array(moments.length * (9 + 2 * PARAMETERS));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { number, tick, confidence, lost, holds, levels } of moments) {
    view.setUint32(at, number);
    view.setUint32(at + 4, tick);
    view.setUint8(at + 8, (confidence << 2) | (lost ? 2 : 0) | (holds ? 1 : 0));
    levels.forEach((level, place) => view.setInt16(at + 9 + 2 * place, level));
    at += 9 + 2 * PARAMETERS;
  }
  return crc32(bytes) & 255;
}

/** CRC-32 of ITU-T V.42, as in PNG and zip. */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

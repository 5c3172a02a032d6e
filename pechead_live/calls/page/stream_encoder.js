// Coefficients to packets of a coefficient stream, in a browser (docs/coefficient-stream.md).

import { choose, roundEven } from "./choice.js";
import { newContexts } from "./contexts.js";
import { encoderConfig } from "./encoder_config.js";
import { EARLIER, readFeedback } from "./feedback.js";
import { CONTEXTS, firstMoment, MOST_CONFIDENCE, TICKS_PER_SECOND } from "./frame_syntax.js";
import { writeFrame } from "./frame_writer.js";
import { KEPT, remember } from "./memory.js";
import { FARTHEST, MOST_FRAMES, writePacket } from "./packet.js";
import { areFinite, inSteps } from "./parameters.js";
import { RangeEncoder } from "./range_encoder.js";

// Ticks by which a frame may be off its time, 35 minutes: after a longer pause comes one without a
// reference. A packet that is not full then is sent instead of the frame that ended the pause.
const LONGEST_SURPRISE = 2 ** 19;

/** The encoder of one stream. */
export class StreamEncoder {
  /**
   * `header`: of header.js; `priors`: the bytes of priors.bin; `settings`: those of
   * encoder_config.js that are not as usual.
   */
  constructor(header, priors, settings = {}) {
    if (priors.length !== CONTEXTS) throw new Error("these priors are of another version");
    this.header = header;
    this.first = firstMoment(newContexts([...priors]));
    this.config = encoderConfig(settings);
    this.sent = new Map(); // moments, by number
    this.had = new Set(); // numbers of those that the receiver is known to have
    this.chainFrom = 0; // earlier frames the receiver cannot refer to
    this.lossyUntil = -1; // tick
    this.last = null; // moment
    this.stills = 0;
    this.began = null; // seconds
    this.open = null; // {coder, distance, moments}: a packet that is not full yet
    this.lostShare = 0; // of the frames that the receiver told of last, what it lacks
  }

  /**
   * A packet (Uint8Array), or null while one is filled or nothing changes.
   *
   * `coefficients`: the avatar's (see parameters.js), null where no face was seen; what is not
   * finite is no face either. `capturedAt`: seconds, growing; what comes within the same 4 ms as
   * the frame before is left out.
   */
  encode(coefficients, capturedAt) {
    if (!Number.isFinite(capturedAt)) {
      throw new RangeError(`a frame captured at ${capturedAt}: give seconds`);
    }
    this.began ??= capturedAt;
    const tick = roundEven((capturedAt - this.began) * TICKS_PER_SECOND);
    if (this.last && tick <= this.last.tick) return null;
    let [before, distance] = this.reference();
    const due = before.tick + distance * before.interval;
    if (Math.abs(tick - due) > LONGEST_SURPRISE) {
      if (this.open) return this.finish();
      [before, distance] = [this.first, 0];
    }
    const frame = this.frame(coefficients, tick, before, distance);
    this.stills = this.isAsBefore(frame) ? this.stills + 1 : 0;
    if (this.stills && this.mayBeSilent(frame)) return null;
    return this.write(frame, before, distance);
  }

  /** Takes the receiver's feedback (bytes); false if it is no such thing. */
  hear(bytes) {
    const told = readFeedback(bytes);
    if (!told) return false;
    this.lostShare = this.lostOf(told);
    const { last } = this;
    if (last && this.isLossy(told)) {
      this.lossyUntil = last.tick + roundEven(this.config.calm * TICKS_PER_SECOND);
    }
    const had = [...this.had, ...told.frames];
    this.had = new Set(had.filter((number) => this.sent.has(number)));
    if (told.stuckAt !== null && last) {
      const stuck = last.number - ((last.number - told.stuckAt) & 255);
      if (stuck >= this.chainFrom) this.mend(told);
    }
    return true;
  }

  /** The packet that is not full yet, before a pause or the end; null if there is none. */
  flush() {
    return this.open && this.finish();
  }

  /** Frames in the packet that is not full yet. */
  get waiting() {
    return this.open ? this.open.moments.length : 0;
  }

  /** Whether the next frames refer only to what the receiver is known to have. */
  get refersToAcknowledged() {
    if (this.config.reference !== "measured") return this.config.reference === "acknowledged";
    return this.last !== null && this.last.tick < this.lossyUntil;
  }

  /** What refers to the newest frames cannot be read: the next packet refers to others. */
  mend(told) {
    // Had the last mending been of use, the receiver would have something since then.
    if (Math.max(-1, ...told.frames) < this.chainFrom) this.sent.clear();
    this.had = new Set([...told.frames].filter((number) => this.sent.has(number)));
    const rest = this.open ? this.config.framesPerPacket - this.open.moments.length : 0;
    this.chainFrom = this.last.number + 1 + rest;
  }

  /** Whether something that was sent before the newest frame there is missing. */
  isLossy(told) {
    return told.stuckAt !== null || this.lostOf(told) > 0;
  }

  lostOf({ frames }) {
    const newest = Math.max(0, ...frames);
    let [sent, lost] = [0, 0];
    for (let number = newest - EARLIER; number < newest; number++) {
      sent += this.sent.has(number);
      lost += this.sent.has(number) && !frames.has(number);
    }
    return lost / Math.max(sent, 1);
  }

  /** What the next frame refers to, and how far before it that is. */
  reference() {
    if (this.open) return [this.open.moments.at(-1), 1];
    const chained = this.last && this.last.number >= this.chainFrom;
    if (chained && !this.refersToAcknowledged) return [this.last, 1];
    const known = Math.max(...this.had); // -Infinity if there is none
    const distance = this.number - known;
    if (distance > Math.min(FARTHEST, KEPT - MOST_FRAMES)) return [this.first, 0];
    return [this.sent.get(known), distance];
  }

  /** Of the next frame. */
  get number() {
    return this.last ? this.last.number + 1 : 0;
  }

  frame(coefficients, tick, before, distance) {
    const { number } = this;
    if (!coefficients || !areFinite(coefficients)) {
      const { confidence, levels } = this.last ?? before;
      return { number, tick, confidence, lost: true, levels, steady: false };
    }
    const wanted = inSteps(coefficients, this.header);
    const { levels, steady } = choose(wanted, before, distance, this.config.thrift);
    const confidence = this.confidence(coefficients.confidence);
    return { number, tick, confidence, lost: false, levels, steady };
  }

  /** Kept as it was until it is nearer to the next but one. */
  confidence(measured) {
    const exact = MOST_CONFIDENCE * Math.min(Math.max(measured, 0), 1);
    const near = this.last && Math.abs(exact - this.last.confidence) < 0.75;
    return near ? this.last.confidence : roundEven(exact);
  }

  isAsBefore({ levels, lost, confidence }) {
    const { last } = this;
    if (!last || last.lost !== lost || last.confidence !== confidence) return false;
    return levels.every((level, place) => level === last.levels[place]);
  }

  /** Whether nothing is lost if `frame`, which is as the one before, is not sent. */
  mayBeSilent(frame) {
    const { last } = this;
    if (!last.holds || this.open) return false;
    if (last.number < this.chainFrom) return false; // the receiver waits for what it can read
    const late = frame.tick - last.tick >= this.config.keepAlive * TICKS_PER_SECOND;
    return !late && (!this.refersToAcknowledged || this.had.has(last.number));
  }

  write(frame, before, distance) {
    const open = this.open ?? {
      coder: new RangeEncoder(before.contexts.slice()),
      distance,
      moments: [],
    };
    const holds = this.stills >= this.config.stillFrames;
    this.last = writeFrame(open.coder, before, distance, { ...frame, holds });
    open.moments.push(this.last);
    this.open = open;
    remember(this.sent, this.last);
    return open.moments.length < this.config.framesPerPacket && !holds ? null : this.finish();
  }

  finish() {
    const { coder, distance, moments } = this.open;
    this.open = null;
    return writePacket(moments, distance, coder.finish());
  }
}

// This end's coefficients out, the other's in, and what each has of the other's
// (calling/motion_wire.py). Times are passed in, seconds.

import { readHeader } from "../calls/header.js";
import { MOST_FRAMES } from "../calls/packet.js";
import { StreamEncoder } from "../calls/stream_encoder.js";
import { COEFFICIENTS, EARLIER, FEEDBACK, HEADER, packRiders } from "./riders.js";

const RIDES = 0.5; // sound that went out so lately will go on
const [HEADER_AGAIN, HEADER_RARELY] = [1.5, 6]; // seconds, each time twice as long
const STUCK = 0.05; // seconds between two words that the receiver is stuck
const FEEDBACK_EVERY = 0.4;
const ALONE = 0.15; // how long feedback waits for coefficients that it can go with
const LONGEST_RIDER = 255;

export class MotionWire {
  /**
   * `send`: a message (Uint8Array) over the unreliable channel; `ride`: packed riders into the next
   * packet of sound.
   */
  constructor({ arrivals, priors, send, ride, framesPerMessage = 2 }) {
    Object.assign(this, { arrivals, priors, send, ride, framesPerMessage });
    this.encoder = this.headerBytes = null;
    [this.headerDue, this.headerAgain] = [-Infinity, HEADER_AGAIN];
    this.heardHeader = "";
    this.wasHeard = false;
    this.packets = [];
    this.soundWentAt = this.toldAt = -Infinity;
    this.urgent = false;
    this.peerFindsRiders = false;
    this.onLoss = null; // told the share of this end's frames that the other lacks
    this.counts = { messages: 0, rides: 0, heard: 0 };
  }

  /** This end's stream begins. */
  begin({ bytes, header }) {
    this.headerBytes = bytes;
    this.encoder = new StreamEncoder(header, this.priors, { framesPerPacket: MOST_FRAMES });
  }

  /** This end's motion (null: no face). */
  say(coefficients, capturedAt, now) {
    if (!this.encoder) return;
    const packet = this.encoder.encode(coefficients, capturedAt);
    if (packet) this.packets.push(packet);
    if (this.rides(now)) return;
    if (this.encoder.waiting >= this.framesPerMessage) this.flush();
    if (this.packets.length) this.sendAll(now);
  }

  /** What rode in sound, or came alone. */
  hear(riders, now) {
    if (riders.has(HEADER)) this.beginTheirs(riders.get(HEADER));
    for (const number of [EARLIER, COEFFICIENTS]) {
      if (!riders.has(number)) continue;
      this.urgent = this.arrivals.take(riders.get(number), now) || this.urgent;
      this.counts.heard += 1;
    }
    if (riders.has(FEEDBACK)) {
      this.wasHeard = true;
      if (this.encoder?.hear(riders.get(FEEDBACK))) this.onLoss?.(this.encoder.lostShare);
    }
    if (this.urgent && !this.rides(now) && now - this.toldAt > STUCK) this.sendAll(now);
  }

  /** A packet of sound has gone out: what waits, and `more`, rides in the next. */
  soundWent(now, more = new Map()) {
    this.soundWentAt = now;
    if (!this.peerFindsRiders) return;
    this.flush();
    const riders = new Map([...this.feedback(now)]);
    for (const number of [COEFFICIENTS, EARLIER]) {
      if (this.packets.length && this.packets.at(-1).length <= LONGEST_RIDER) {
        riders.set(number, this.packets.pop());
      }
    }
    for (const packet of this.packets.splice(0)) this.message(new Map([[COEFFICIENTS, packet]]));
    for (const [number, content] of more) riders.set(number, content);
    if (!riders.size) return;
    this.counts.rides += 1;
    this.ride(packRiders(riders));
  }

  /** Some twenty times a second: what is due by time alone. `moves`: the other end has use for
   * this end's motion. */
  tick(now, moves = true) {
    if (moves && this.headerBytes && !this.wasHeard && now >= this.headerDue) {
      this.headerDue = now + this.headerAgain;
      this.headerAgain = Math.min(2 * this.headerAgain, HEADER_RARELY);
      this.message(new Map([[HEADER, this.headerBytes]]));
    }
    if (this.rides(now)) return;
    const waits = now - this.toldAt <= FEEDBACK_EVERY + ALONE;
    if (this.packets.length || !(waits || this.arrivals.counts.frames === 0)) this.sendAll(now);
  }

  /** The other end's stream begins; it says so until it is heard. */
  beginTheirs(bytes) {
    this.urgent = true;
    const told = String(bytes);
    if (told === this.heardHeader) return;
    try {
      this.arrivals.begin(readHeader(bytes));
      this.heardHeader = told;
    } catch (error) {
      console.warn(`a stream's header cannot be read: ${error.message}`);
    }
  }

  /** Whether there is sound that things can ride in. */
  rides(now) {
    return this.peerFindsRiders && now - this.soundWentAt < RIDES;
  }

  flush() {
    const packet = this.encoder?.flush();
    if (packet) this.packets.push(packet);
  }

  feedback(now) {
    if (!this.urgent && now - this.toldAt <= FEEDBACK_EVERY) return new Map();
    const feedback = this.arrivals.feedback();
    if (!feedback) return new Map();
    [this.toldAt, this.urgent] = [now, false];
    return new Map([[FEEDBACK, feedback]]);
  }

  sendAll(now) {
    const riders = this.feedback(now);
    if (this.packets.length) riders.set(COEFFICIENTS, this.packets.shift());
    if (riders.size) this.message(riders);
    for (const packet of this.packets.splice(0)) this.message(new Map([[COEFFICIENTS, packet]]));
  }

  message(riders) {
    this.send(packRiders(riders));
    this.counts.messages += 1;
  }
}

// What two ends of a call say to each other, whatever carries it (calling/dialogue.py).

import { VERSION } from "../calls/header.js";
import { FreshExchange } from "./fresh_exchange.js";
import { LOW, RUNGS, STILL, VIDEO } from "./ladder.js";
import { isDigest, isOfLadder, takenRungs } from "./ladder_messages.js";
import { MotionWire } from "./motion_wire.js";
import { unpackRiders } from "./riders.js";
import { StillExchange } from "./still_exchange.js";

const [PING, FIRST_PING, FIRST_PINGS] = [10, 0.7, 3]; // seconds, and how many
const VIDEO_PING = 1; // while this end sends video: they tell whether the line carries it
const HOLDS_MS = 40; // two frames in a message
const TAKES = [RUNGS[STILL], RUNGS[LOW], RUNGS[VIDEO]]; // above motion, that this page can show

export class Dialogue {
  /**
   * `me`: `{name, stills, header}` of this end, `header` null if it sends no motion (its bytes
   * and what they say: `{bytes, header}`). `wires`: `{control, motion, ride}`. Times are seconds.
   */
  constructor({ me, wires, arrivals, priors, known, onAvatar, onFresh }) {
    Object.assign(this, { me, wires, arrivals });
    const send = wires.motion;
    this.motion = new MotionWire({ arrivals, priors, send, ride: wires.ride });
    this.stills = new StillExchange({ mine: me.stills, known, send, onAvatar });
    this.fresh = new FreshExchange({ stills: this.stills, say: (told) => this.say(told), onFresh });
    if (me.header) this.motion.begin(me.header);
    this.peerName = null;
    this.peerIsReady = false;
    this.ended = null; // why the call is over
    this.climber = null; // hears what is said of the ladder
    this.pings = 0;
    this.pingedAt = -Infinity;
    this.quickest = null; // [seconds there and back, how far their clock is ahead]
    this.peerBeganAt = null;
    this.isReady = this.began = false;
  }

  /** The channels are there. */
  open(rides) {
    const { name } = this.me;
    const stills = this.stills.offered();
    this.say({
      type: "hello",
      versions: [VERSION],
      name,
      stills,
      rides,
      holds_ms: HOLDS_MS,
      takes: TAKES,
    });
  }

  /** This end's motion; null: no face. */
  sayMotion(coefficients, capturedAt, now) {
    this.climber.note(coefficients?.confidence ?? 0);
    if (!this.mayMove(now) || this.climber.rung === VIDEO) return;
    if (!this.began) {
      this.began = true;
      this.say({ type: "began", at: capturedAt });
      this.wires.began(capturedAt);
    }
    this.motion.say(coefficients, capturedAt, now);
  }

  /** Whether motion is of use to the other end: it has this end's avatar, or soon will. */
  mayMove(now) {
    return this.peerIsReady || this.stills.firstComes(now);
  }

  /** What came over the reliable channel. */
  hearControl(message, now) {
    const told = typeof message === "string" ? parsed(message) : null;
    if (told) this.hear(told, now);
  }

  /** What came over the unreliable channel, or rode in sound (Uint8Array). */
  hearMotion(message, now) {
    const riders = unpackRiders(message);
    this.stills.hear(riders, now);
    this.motion.hear(riders, now);
    return riders;
  }

  /** A packet of sound has gone out. */
  soundWent(now) {
    this.motion.soundWent(now, this.motion.rides(now) ? this.stills.riders(now) : new Map());
  }

  /** Some twenty times a second. */
  tick(now) {
    this.stills.tick(now, this.motion.rides(now));
    this.motion.tick(now, this.mayMove(now));
    this.peerIsReady ||= this.stills.firstIsThere;
    if (!this.isReady && this.stills.hasAvatar) {
      this.isReady = true;
      this.say({ type: "ready" });
    }
    if (this.peerName === null) return;
    if (this.ended === null) {
      this.climber.tick(now, this.peerIsReady);
      this.fresh.keep(this.climber);
    }
    const usual = this.climber.rung < LOW ? PING : VIDEO_PING;
    if (now - this.pingedAt > (this.pings < FIRST_PINGS ? FIRST_PING : usual)) {
      this.pingedAt = now;
      this.pings += 1;
      this.say({ type: "ping", at: now });
    }
  }

  end(why = "") {
    this.say({ type: "bye", why });
  }

  say(message) {
    this.wires.control(JSON.stringify(message));
  }

  hear(message, now) {
    switch (message.type) {
      case "hello":
        if (this.peerName === null) this.meet(message);
        break;
      case "ready":
        this.peerIsReady = true;
        break;
      case "ping":
        this.say({ type: "pong", at: message.at, here: now });
        break;
      case "pong":
        this.measure(message, now);
        break;
      case "began":
        this.peerBeganAt = Number(message.at);
        this.placeInTime();
        break;
      case "bye":
        this.ended = String(message.why || "the other end has hung up").slice(0, 200);
        break;
      case "still":
        if (isOfLadder(message)) this.fresh.hear(message, now, this.climber.theirs);
        break;
      default:
        this.climber.hear(message, now);
        this.fresh.look(this.climber.theirs);
    }
  }

  meet(message) {
    const { name, versions, rides, holds_ms: holds, stills } = message;
    this.peerName = String(name).slice(0, 200);
    if (!Array.isArray(versions) || !versions.includes(VERSION)) {
      this.ended = `the other end's stream is of version ${versions}`;
      this.end("no version of the stream that both ends know");
      return;
    }
    this.motion.peerFindsRiders = rides === true;
    this.arrivals.allowFor(Math.min(Math.max(Number(holds) || 0, 0), 250) / 1000);
    if (Array.isArray(stills)) this.stills.want(stills.slice(0, 4).filter(isStill));
    this.climber.allow(takenRungs(message));
  }

  measure({ at, here }, now) {
    const took = now - at;
    if (!(took >= 0) || !Number.isFinite(here)) return;
    this.climber.line.cameBack(took);
    if (this.quickest && took >= this.quickest[0]) return;
    this.quickest = [took, here - (at + now) / 2];
    this.placeInTime();
  }

  placeInTime() {
    if (!this.quickest || this.peerBeganAt === null) return;
    this.arrivals.beganAt = this.peerBeganAt - this.quickest[1];
  }
}

function parsed(text) {
  try {
    const told = text.length <= 8192 && JSON.parse(text);
    return told && typeof told === "object" ? told : null;
  } catch {
    return null; // of a later release, or damaged
  }
}

const isStill = ({ digest, bytes }) => isDigest(digest) && Number.isInteger(bytes);

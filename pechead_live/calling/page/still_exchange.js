// Each end gets the other's avatar, in as little as it needs (calling/still_exchange.py).

import { PIECE, RECEIPT, WANT, packRiders } from "./riders.js";
import { digestOf, openStill } from "./still.js";
import { ALONE, PIECE_BYTES, Receipts, Receiving, Sending, isOf, newPace } from "./transfer.js";

const LARGEST = 256 * 1024;
const ASK_AGAIN = 1.5; // seconds until something of a still comes
const STALLED = 10; // seconds after its last piece

const hexOf = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const bytesOf = (digest) =>
  Uint8Array.from(digest.match(/../g), (two) => parseInt(two, 16));

export class StillExchange {
  /**
   * `mine`: `{content, digest}` of this end's avatar, the smallest first. `known`: of
   * known_stills.js. `send` sends over the unreliable channel. `onAvatar` gets the other end's,
   * first a glimpse of it, then all.
   */
  constructor({ mine, known, send, onAvatar }) {
    Object.assign(this, { mine, known, send, onAvatar });
    this.askedAt = this.cameAt = -Infinity;
    this.sending = null;
    this.pace = newPace();
    this.receiving = null;
    this.came = null;
    this.receipts = new Receipts();
    this.wanted = [];
    this.hasAvatar = false;
    this.firstIsThere = this.sentAny = false;
  }

  /** What this end has, for its hello. */
  offered() {
    return this.mine.map(({ digest, content }) => ({ digest, bytes: content.length }));
  }

  /** The other end has `stills`: takes the best that is known already, asks for better ones. */
  async want(stills) {
    let wanted = stills.filter(({ bytes }) => bytes > 0 && bytes <= LARGEST);
    for (let at = wanted.length - 1; at >= 0; at--) {
      const content = await this.known.find(wanted[at].digest);
      if (content) {
        await this.take(content, wanted[at].digest);
        wanted = wanted.slice(at + 1);
        break;
      }
    }
    this.wanted = wanted;
    this.ask();
  }

  /** The other end wants one. */
  asked(digest) {
    const still = this.mine.find((each) => each.digest === digest);
    if (!still || this.sending?.digest === digest) return;
    if (this.sentAny) {
      // it has the first, and what follows must not hold up motion
      this.firstIsThere = true;
      this.pace = { ...this.pace, window: Math.min(this.pace.window, 2 * PIECE_BYTES) };
    }
    this.sentAny = true;
    this.sending = new Sending(still, this.pace);
  }

  /** What came over the unreliable way. */
  hear(riders, now) {
    if (riders.has(WANT)) this.asked(hexOf(riders.get(WANT)));
    if (riders.has(RECEIPT) && this.sending) {
      this.sending.hear(riders.get(RECEIPT), now);
      this.pace = this.sending.pace;
      if (this.sending.done) [this.sending, this.firstIsThere] = [null, true];
    }
    if (!riders.has(PIECE)) return;
    this.cameAt = now;
    this.hearPiece(riders.get(PIECE));
  }

  /** What shall ride in the next sound: a Map of at most a receipt and a piece. */
  riders(now) {
    const riders = new Map();
    const receipt = this.receipts.take();
    if (receipt) riders.set(RECEIPT, receipt);
    const piece = this.sending?.due(now);
    if (piece) riders.set(PIECE, piece);
    return riders;
  }

  /** Sends what is due in messages of its own, unless all `rides` in sound. */
  tick(now, rides) {
    if (this.receiving && now - this.askedAt > ASK_AGAIN && now - this.cameAt > STALLED) {
      this.askedAt = now;
      this.send(packRiders(new Map([[WANT, bytesOf(this.receiving.digest)]])));
    }
    if (rides) return;
    for (let receipt; (receipt = this.receipts.take()); ) {
      this.send(packRiders(new Map([[RECEIPT, receipt]])));
    }
    for (let piece; (piece = this.sending?.due(now, ALONE)); ) {
      this.send(packRiders(new Map([[PIECE, piece]])));
    }
  }

  hearPiece(pieces) {
    const { receiving } = this;
    if (receiving?.take(pieces)) {
      this.receipts.add(receiving.digest, pieces);
      if (!receiving.done) return;
      [this.receiving, this.came] = [null, receiving.digest];
      this.take(receiving.content, receiving.digest).then(() => this.ask());
    } else if (this.came && isOf(pieces, this.came)) {
      this.receipts.add(this.came, pieces); // it was sent twice: its receipt was lost
    }
  }

  ask() {
    if (!this.wanted.length || this.receiving) return;
    const still = this.wanted.shift();
    this.receiving = new Receiving(still);
    this.askedAt = this.cameAt = -Infinity;
  }

  async take(content, digest) {
    try {
      if ((await digestOf(content)) !== digest) throw new Error("it is not what was promised");
      const avatar = await openStill(content);
      await this.known.keep(digest, content);
      this.hasAvatar = true;
      this.onAvatar(avatar);
    } catch (error) {
      console.warn(`a still cannot be opened: ${error.message}`);
    }
  }
}

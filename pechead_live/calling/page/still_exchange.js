// Each end gets the other's avatar, in as little as it needs (calling/still_exchange.py).

import { PIECE, RECEIPT, WANT, packRiders } from "./riders.js";
import { digestOf, openStill } from "./still.js";
import { ALONE, PIECE_BYTES, Receipts, Receiving, Sending, isOf, newPace } from "./transfer.js";

const LARGEST = 256 * 1024;
const ASK_AGAIN = 1.5; // seconds until something of a still comes; at their first word, too
const SOON = 0.8; // seconds that a first still takes on a thin line, once it was sent
const STALLED = 10; // seconds after its last piece
const REPEATED = [0.3, 0.8, 1.6]; // seconds after it: its sender waits for the word that it is there

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
    this.askAt = this.cameAt = -Infinity;
    this.hasHeard = false;
    this.sending = null;
    this.had = new Set(); // digests of what the other end has received
    this.wentAt = null; // when all of the first still had been sent
    this.pace = newPace();
    this.receiving = null;
    this.came = null;
    this.receipts = new Receipts();
    this.lastCame = false;
    this.repeats = []; // when all is told again, after the last piece
    this.wanted = [];
    this.myFresh = null; // digest of the still of this end's camera that was offered last
    this.fresh = null; // of theirs that is wanted: `{digest, take(avatar)}`
    // What waits for a fresh still to pass, with all that there is of it.
    this.pausedSending = this.pausedReceiving = null;
    this.hasAvatar = false;
    this.firstIsThere = false;
  }

  /** Whether the other end has the first still that it wanted, or should have it soon. */
  firstComes(now) {
    return this.firstIsThere || (this.wentAt !== null && now - this.wentAt > SOON);
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

  /** `{content, digest}` of this end's camera: the other end may have it, in the last one's place. */
  offer(still) {
    this.withdraw();
    this.mine = [...this.mine, still];
    this.myFresh = still.digest;
    this.had.delete(still.digest);
  }

  /** What was offered of this end's camera is not to be had any more. */
  withdraw() {
    const fresh = this.myFresh;
    if (fresh === null) return;
    this.myFresh = null;
    this.mine = this.mine.filter(({ digest }) => digest !== fresh);
    if (this.sending?.digest === fresh) this.sending = null;
  }

  /** Whether the other end has what was offered last. */
  get freshIsThere() {
    return this.myFresh !== null && this.had.has(this.myFresh);
  }

  /** The other end has one of its camera: asked for before all else, and not kept. */
  wantFresh({ digest, bytes }, take) {
    this.forgetFresh();
    if (!(bytes > 0 && bytes <= LARGEST)) return;
    if (this.receiving) [this.pausedReceiving, this.receiving] = [this.receiving, null];
    this.fresh = { digest, take };
    this.wanted.unshift({ digest, bytes });
    this.ask();
  }

  /** It is of no use any more. */
  forgetFresh() {
    const digest = this.fresh?.digest;
    this.fresh = null;
    this.wanted = this.wanted.filter((still) => still.digest !== digest);
    if (!digest || this.receiving?.digest !== digest) return;
    this.receiving = null;
    this.ask();
  }

  /** The other end wants one. */
  asked(digest) {
    const still = this.mine.find((each) => each.digest === digest);
    if (!still || this.sending?.digest === digest || this.had.has(digest)) return;
    if (this.sending) {
      if (this.sending.digest === this.myFresh) return; // that comes first
      if (digest === this.myFresh) {
        this.sending.pause();
        this.pausedSending = this.sending;
      }
    }
    if (digest !== this.mine[0].digest) {
      // it has the first, and what follows must not hold up motion
      this.firstIsThere = true;
      this.pace = { ...this.pace, window: Math.min(this.pace.window, 2 * PIECE_BYTES) };
    }
    if (this.pausedSending?.digest === digest) {
      [this.sending, this.pausedSending] = [this.pausedSending, null];
      this.sending.pace = this.pace;
    } else {
      this.sending = new Sending(still, this.pace);
    }
  }

  /** What came over the unreliable way. */
  hear(riders, now) {
    if (!this.hasHeard) {
      this.hasHeard = true;
      this.askAt = Math.min(this.askAt, now);
    }
    if (riders.has(WANT)) this.asked(hexOf(riders.get(WANT)));
    if (riders.has(RECEIPT) && this.sending) {
      this.sending.hear(riders.get(RECEIPT), now);
      this.pace = this.sending.pace;
      if (this.sending.done) {
        this.had.add(this.sending.digest);
        [this.sending, this.firstIsThere] = [null, true];
      }
    }
    if (riders.has(PIECE)) this.hearPiece(riders.get(PIECE), now);
  }

  /** What shall ride in the next sound: a Map of at most a receipt and a piece. */
  riders(now) {
    const riders = new Map();
    const receipt = this.receipts.take();
    if (receipt) riders.set(RECEIPT, receipt);
    const piece = this.piece(now);
    if (piece) riders.set(PIECE, piece);
    return riders;
  }

  piece(now, most = 1) {
    const piece = this.sending?.due(now, most);
    if (this.sending?.allWent) this.wentAt ??= now;
    return piece;
  }

  /** Sends what is due in messages of its own, unless all `rides` in sound. */
  tick(now, rides) {
    if (this.receiving && now >= this.askAt && now - this.cameAt > STALLED) {
      this.askAt = now + ASK_AGAIN;
      this.send(packRiders(new Map([[WANT, bytesOf(this.receiving.digest)]])));
    }
    if (this.lastCame) {
      this.lastCame = false;
      this.repeats = REPEATED.map((later) => now + later);
    }
    if (now >= this.repeats[0]) {
      this.repeats.shift();
      this.receipts.repeat();
    }
    if (rides) return;
    for (let receipt; (receipt = this.receipts.take()); ) {
      this.send(packRiders(new Map([[RECEIPT, receipt]])));
    }
    for (let piece; (piece = this.piece(now, ALONE)); ) {
      this.send(packRiders(new Map([[PIECE, piece]])));
    }
  }

  hearPiece(pieces, now) {
    const { receiving } = this;
    if (receiving?.take(pieces)) {
      this.cameAt = now;
      this.receipts.add(receiving.digest, pieces);
      if (!receiving.done) return;
      [this.receiving, this.came] = [null, receiving.digest];
      this.lastCame = true;
      this.take(receiving.content, receiving.digest).then(() => this.ask());
    } else if (this.came && isOf(pieces, this.came)) {
      this.receipts.add(this.came, pieces); // it was sent twice: its receipt was lost
    }
  }

  ask() {
    if (this.receiving) return;
    if (this.pausedReceiving && !this.fresh) {
      [this.receiving, this.pausedReceiving] = [this.pausedReceiving, null];
    } else if (this.wanted.length) {
      this.receiving = new Receiving(this.wanted.shift());
    }
    if (this.receiving) this.askAt = this.cameAt = -Infinity;
  }

  async take(content, digest) {
    const fresh = digest === this.fresh?.digest ? this.fresh : null;
    try {
      if ((await digestOf(content)) !== digest) throw new Error("it is not what was promised");
      const avatar = await openStill(content);
      if (fresh) {
        if (fresh === this.fresh) fresh.take(avatar); // else it came too late
        return;
      }
      await this.known.keep(digest, content);
      this.hasAvatar = true;
      this.onAvatar(avatar);
    } catch (error) {
      console.warn(`a still cannot be opened: ${error.message}`);
    } finally {
      if (fresh && fresh === this.fresh) this.fresh = null;
    }
  }
}

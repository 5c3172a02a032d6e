// Keeps an end of a call on its rung of the ladder, and takes the other end's video
// (calling/ladder/climber.py). Times are passed in, seconds.

import { DrawingWatch } from "./drawing_watch.js";
import {
  climbed,
  initialLadder,
  isOfCamera,
  ladderConfig,
  LOW,
  MOTION,
  READ,
  RUNGS,
  stepped,
  STILL,
  UNREAD,
} from "./ladder.js";
import { isOfLadder, LONGEST_SDP } from "./ladder_messages.js";
import { LineWatch } from "./line_watch.js";
import { PicturesSeen } from "./pictures_seen.js";
import { PicturesSent } from "./pictures_sent.js";

const LOOK = 0.2; // from one look at the line to the next
const TELL = 1; // how often a receiver of video says what it saw
const KEEP = 20; // video that is not needed any more keeps its connection for so long
const CONNECT = 8; // video that has no connection by then is given up
const OFFERS = 2; // between two offers that are taken, at least

/** Of one call. A stand is `{rung, shows, why}`; `shows`: "avatar" or "camera". */
export class Climber {
  /**
   * `config`: of ladder.js. `say`: a message over the reliable channel. `openPeer()`: a connection
   * that has not begun. `video`: the element for the other end's. `drawn()`: pictures of their
   * motion that were drawn here so far, null while none are. `onMine`, `onTheirs`: told of a stand.
   */
  constructor({ config, say, openPeer, video, drawn, onMine, onTheirs }) {
    Object.assign(this, { config, say, openPeer, video, drawn, onMine, onTheirs });
    this.drawing = new DrawingWatch();
    this.line = new LineWatch();
    this.taken = [MOTION];
    this.allowed = ladderConfig();
    this.ladder = initialLadder();
    this.shows = "avatar"; // in the pictures that this end would send
    this.theirs = { rung: MOTION, shows: "avatar", why: "the call begins" };
    this.confidence = 1;
    this.photo = undefined; // of the newest fresh still on this rung; null: it showed no face
    this.lookedAt = this.toldAt = this.offerAt = this.wantedAt = -1e9;
    this.sent = this.seen = null;
    this.sentBefore = 0;
    this.closed = false;
    this.steps = []; // this end's stands, each with its time
  }

  get rung() {
    return this.ladder.rung;
  }

  /** Whether the other end's video is to be shown `now`: it comes. */
  covers(now) {
    return this.theirs.rung >= LOW && this.seen !== null && this.seen.isFresh(now);
  }

  /** The other end can show `rungs`. */
  allow(rungs) {
    this.taken = rungs;
    const both = this.config.rungs.filter((rung) => rungs.includes(rung));
    this.allowed = ladderConfig({ ...this.config, rungs: both });
  }

  /** Another `config` from now on; what was sent under the old one ends at once. */
  change(config, why, now) {
    const before = this.rung;
    if (before >= LOW) this.dropSent();
    this.config = config;
    this.allow(this.taken);
    this.ladder = { ...initialLadder(), steppedAt: now };
    this.shows = "avatar";
    if (before === MOTION) return;
    this.ladder = stepped(this.ladder, MOTION, why, now);
    this.step(before, now);
  }

  /** The confidence of the tracker in the last frame; 0: no face. */
  note(confidence) {
    this.confidence = confidence;
  }

  /** The other end has a fresh still of this rung, of `photo` (a canvas); null: none could be
   * taken. */
  noteStill(photo) {
    if (photo || this.photo === undefined) this.photo = photo; // else they still have the last one
  }

  /** A picture of the camera or the avatar: sent on rungs that have video. */
  put(picture, now) {
    if (this.rung >= LOW) this.sent?.put(picture, now);
  }

  /** What the other end says; whether it was of the ladder. */
  hear(message, now) {
    if (this.closed || !isOfLadder(message)) return false;
    const { type, sdp } = message;
    if (type === "rung") this.hearRung(message);
    else if (type === "pictures") this.takeOffer(sdp, now);
    else if (type === "pictures taken") guard(this.sent?.takeAnswer(sdp));
    else if (type === "sees") guard(this.hearSeen(message, now));
    else if (type === "draws") this.line.draws(message.pictures, now);
    return true;
  }

  /** Some fifty times a second; `isSeen`: whether the other end can show this one. */
  tick(now, isSeen) {
    if (this.seen && now - this.toldAt > TELL) {
      this.toldAt = now;
      guard(this.tellSeen(this.seen));
    }
    if (now - this.lookedAt < LOOK) return;
    this.lookedAt = now;
    const rate = this.drawing.told(this.theirs.rung < LOW ? this.drawn() : null, now);
    if (rate !== null) this.say({ type: "draws", pictures: Math.round(10 * rate) / 10 });
    if (isSeen) this.climb(now);
  }

  climb(now) {
    const [before, shown] = [this.rung, this.shows];
    const still = this.photo === undefined ? null : this.photo !== null;
    const look = { ...this.line.look(this.confidence, now), still };
    const unconnected = this.sent !== null && !this.sent.connected;
    if (before >= LOW && unconnected && now - this.wantedAt > CONNECT) look.carried = 0;
    this.ladder = climbed(this.ladder, look, now, this.allowed);
    const ofCamera = isOfCamera(shown === "camera", this.ladder, now, this.allowed);
    this.shows = ofCamera ? "camera" : "avatar";
    if (this.rung !== before) this.step(before, now);
    else if (this.rung >= STILL && this.shows !== shown) this.tell(ofCamera ? UNREAD : READ);
    else if (this.sent && this.rung < LOW && now - this.ladder.steppedAt > KEEP) this.dropSent();
  }

  /** Ends both ways of video; the camera is not to be seen any more. */
  close() {
    [this.ladder, this.shows] = [initialLadder(), "avatar"];
    this.closed = true;
    this.dropSent();
    this.seen?.close();
    this.seen = null;
  }

  tell(why) {
    const { shows, rung } = this;
    this.say({ type: "rung", rung: RUNGS[rung], shows, why });
    this.onMine({ rung, shows, why });
  }

  step(before, now) {
    const { rung, why } = this.ladder;
    this.photo = undefined;
    this.steps.push({ at: now, rung, shows: this.shows, why });
    this.tell(why);
    if (rung < LOW) return;
    this.line.beginPictures();
    if (this.sent && before < LOW && !this.sent.connected) this.dropSent(); // it never came about
    if (this.sent) {
      guard(this.sent.takeRung(rung));
      return;
    }
    this.wantedAt = now;
    this.sent = new PicturesSent(this.openPeer(), rung);
    this.sentBefore = 0;
    guard(this.offer(this.sent));
  }

  dropSent() {
    this.sent?.close();
    this.sent = null;
  }

  async offer(sent) {
    const sdp = await sent.offer();
    if (sdp.length > LONGEST_SDP) throw new Error(`an offer of ${sdp.length} characters`);
    if (this.sent === sent) this.say({ type: "pictures", sdp });
  }

  hearRung({ rung, shows, why }) {
    if (shows !== this.theirs.shows) this.seen?.forget();
    this.theirs = { rung: RUNGS.indexOf(rung), shows, why: why.replace(/\p{C}/gu, " ").trim() };
    this.onTheirs(this.theirs);
  }

  async hearSeen({ pictures, lost }, now) {
    const { sent } = this;
    const count = (await sent?.sent()) ?? 0;
    if (this.sent !== sent) return;
    this.line.wereSeen(pictures, lost, count - this.sentBefore, now);
    this.sentBefore = count;
  }

  takeOffer(sdp, now) {
    if (now - this.offerAt < OFFERS) {
      console.warn("an offer of video came too soon after the last one and is left");
      return;
    }
    this.offerAt = now;
    this.seen?.close();
    this.seen = new PicturesSeen(this.openPeer(), this.video);
    guard(this.answer(this.seen, sdp));
  }

  async answer(seen, sdp) {
    try {
      const answer = await seen.answer(sdp);
      if (answer.length > LONGEST_SDP) throw new Error(`an answer of ${answer.length} characters`);
      if (this.seen === seen) this.say({ type: "pictures taken", sdp: answer });
    } catch (error) {
      if (this.seen === seen) this.seen = null;
      seen.close();
      throw error;
    }
  }

  async tellSeen(seen) {
    const { pictures, lost } = await seen.seen();
    if (this.closed || this.theirs.rung < LOW) return;
    this.say({ type: "sees", pictures, lost: Math.round(1000 * lost) / 1000 });
  }
}

/** What becomes of video never ends the call. */
function guard(work) {
  work?.catch((error) => console.warn(`video between the ends failed: ${error.message}`));
}

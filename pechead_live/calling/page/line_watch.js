// What an end of a call knows of its line, from what the other end says (calling/ladder/line_watch.py).
// Times are passed in, seconds.

const SHARE = 0.3; // of each new measurement in the mean
const [ROUND_TRIPS, NEWEST] = [30, 3]; // kept; of which the least is how it is now
const FEWEST = 3; // pictures sent, below which what arrived of them says nothing
const FORGOTTEN = 5; // what was said of pictures so long ago holds no more
const HOLDS = 60; // and of drawing

export class LineWatch {
  constructor() {
    this.lostMotion = this.lostPictures = 0;
    this.roundTrips = [];
    this.carried = null;
    this.sawAt = -1e9;
    [this.drawn, this.drawnAt] = [null, -1e9];
  }

  /** A share of the frames told of lately, [0, 1]. */
  motionWasLost(share) {
    this.lostMotion += SHARE * (share - this.lostMotion);
  }

  /** A ping, after so many seconds. */
  cameBack(took) {
    this.roundTrips = [...this.roundTrips, took].slice(-ROUND_TRIPS);
  }

  /** The other end has shown `pictures` since it last said so, of `sent`; of their packets the
   * share `lost` never came. */
  wereSeen(pictures, lost, sent, now) {
    this.lostPictures += SHARE * (lost - this.lostPictures);
    this.sawAt = now;
    if (sent < FEWEST) return;
    const share = Math.min(pictures / sent, 1);
    const before = this.carried ?? share;
    this.carried = before + SHARE * (share - before);
  }

  /** So many pictures a second, the other end by itself. */
  draws(pictures, now) {
    [this.drawn, this.drawnAt] = [pictures, now];
  }

  /** A video begins, or changes: what was seen of another one is forgotten. */
  beginPictures() {
    [this.carried, this.lostPictures] = [null, 0];
  }

  /** All of it `now`, as ladder.js takes it. */
  look(confidence, now) {
    const pictured = now - this.sawAt < FORGOTTEN;
    const trips = this.roundTrips;
    const late = trips.length ? Math.min(...trips.slice(-NEWEST)) - Math.min(...trips) : 0;
    return {
      confidence,
      drawn: now - this.drawnAt > HOLDS ? null : this.drawn,
      lost: Math.max(this.lostMotion, pictured ? this.lostPictures : 0),
      late,
      carried: pictured ? this.carried : null,
    };
  }
}

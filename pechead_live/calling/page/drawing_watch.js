// Whether this end is quick enough to draw the other one by itself (calling/ladder/drawing_watch.py).

const [SLOW, QUICK] = [10, 14]; // pictures a second
const WINDOW = 3; // seconds that they are counted
const WINDOWS = 2; // in a row that are slow, or quick, before the other end is told
const HOLDS = 60; // seconds that what is told holds: then it is tried again

export class DrawingWatch {
  constructor() {
    this.began = null; // [time, pictures so far]
    this.slow = this.quick = 0;
    this.toldSlowAt = null;
  }

  /**
   * Pictures a second that the other end is to be told; null while there is nothing new. `drawn`:
   * pictures so far; null while this end draws none, which is no matter of speed.
   */
  told(drawn, now) {
    if (drawn === null || this.began === null || drawn < this.began[1]) {
      this.began = drawn === null ? null : [now, drawn];
      return null;
    }
    const [since, before] = this.began;
    if (now - since < WINDOW) return null;
    const rate = (drawn - before) / (now - since);
    this.began = [now, drawn];
    if (this.toldSlowAt !== null && now - this.toldSlowAt > HOLDS) this.toldSlowAt = null;
    this.slow = rate > 0 && rate < SLOW ? this.slow + 1 : 0; // none at all: nothing to draw
    this.quick = rate > QUICK ? this.quick + 1 : 0;
    const wasSlow = this.toldSlowAt !== null;
    if ((wasSlow ? this.quick : this.slow) < WINDOWS) return null;
    this.toldSlowAt = wasSlow ? null : now;
    return rate;
  }
}

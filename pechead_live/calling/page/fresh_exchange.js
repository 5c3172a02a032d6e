// Fresh stills of both ends' cameras, offered and taken (calling/ladder/fresh_exchange.py).

import { anchorFrom, toldStill } from "./fresh_still.js";
import { STILL } from "./ladder.js";

const SOONEST = 1; // seconds between two of the other end's that are taken

/** Of one call. */
export class FreshExchange {
  /**
   * `stills`: a StillExchange. `say`: a message over the reliable channel. `onFresh`: gets the
   * other end's newest, `{avatar, anchor}`, null once it is not to be shown any more.
   */
  constructor({ stills, say, onFresh }) {
    Object.assign(this, { stills, say, onFresh });
    this.takenAt = -Infinity;
    this.any = false;
  }

  /** Whether the other end has what was offered last. */
  get isThere() {
    return this.stills.freshIsThere;
  }

  /** `{content, digest}` of this end's camera; `anchor`: the pose of its avatar at that moment. */
  offer(still, anchor) {
    this.stills.offer(still);
    this.say(toldStill(still, anchor));
  }

  /** This end stands there now: what is not to be shown is not to be had either. */
  keep(stand) {
    if (!hasFresh(stand)) this.stills.withdraw();
  }

  /** The other end, which stands at `theirs` (of climber.js), offers one. */
  hear(message, now, theirs) {
    if (!hasFresh(theirs) || now - this.takenAt < SOONEST) return;
    [this.takenAt, this.any] = [now, true];
    const anchor = anchorFrom(message);
    this.stills.wantFresh(message, (avatar) => this.onFresh({ avatar, anchor }));
  }

  /** The other end stands at `theirs` now. */
  look(theirs) {
    if (!hasFresh(theirs)) this.forget();
  }

  /** The call is over. */
  end() {
    this.stills.withdraw();
    this.forget();
  }

  forget() {
    if (!this.any) return;
    this.any = false;
    this.stills.forgetFresh();
    this.onFresh(null);
  }
}

/** Whether a fresh still is shown; under video of the camera it bridges what is missing. */
const hasFresh = ({ rung, shows }) => rung >= STILL && shows === "camera";

// The other end's video over its avatar, while it comes; the badge says what one looks at.

import { seconds } from "./connection.js";
import { isCameraSeen } from "./rung_words.js";

const BADGES = {
  avatar: ["AI", "Drawn by a program, not seen by a camera"],
  video: ["AI, drawn there", "Drawn by a program at the other end, sent as video"],
  camera: ["Camera", "Seen by the other end's camera"],
};

/** `video`, `badge`: elements. */
export class Cover {
  constructor({ video, badge }) {
    Object.assign(this, { video, badge });
    this.climber = null;
    this.covers = false;
    this.label("avatar");
  }

  /** `climber`: whose call it is. */
  use(climber) {
    this.climber = climber;
  }

  /** Shows the video or not; whether it does. `drawsAnyway`: an avatar is drawn here, as its user
   * wants. */
  look(drawsAnyway) {
    const comes = this.climber?.covers(seconds()) ?? false;
    this.covers = comes && (isCameraSeen(this.climber.theirs) || !drawsAnyway);
    this.video.hidden = !this.covers;
    const kind = this.covers && (isCameraSeen(this.climber.theirs) ? "camera" : "video");
    this.label(kind || "avatar");
    return this.covers;
  }

  end() {
    this.video.hidden = true;
  }

  label(kind) {
    if (this.badge.dataset.shows === kind) return;
    this.badge.dataset.shows = kind;
    [this.badge.textContent, this.badge.title] = BADGES[kind];
  }
}

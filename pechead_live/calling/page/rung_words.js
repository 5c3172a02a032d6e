// The ladder in words, as those who are in a call read it.

import { LOW } from "./ladder.js";

const MOTION_ONLY = ["motion only", "motion and a fresh still"];
const VIDEO_OF = ["a small video of", "video of"];

/** What the other end sees of this one. A stand is that of climber.js. */
export function whatTheySee({ rung, shows, why }) {
  if (rung < LOW) return `They see your avatar move, not your camera: ${why}`;
  const whom = shows === "camera" ? "your camera" : "your avatar";
  return `They see ${VIDEO_OF[rung - LOW]} ${whom}: ${why}`;
}

/** What the other end sends. */
export function whatIsSent({ rung, shows, why }) {
  const what = rung < LOW ? MOTION_ONLY[rung] : `${VIDEO_OF[rung - LOW]} their ${shows}`;
  return `You are sent ${what}: ${why}`;
}

/** Whether a camera is seen. */
export const isCameraSeen = ({ rung, shows }) => rung >= LOW && shows === "camera";

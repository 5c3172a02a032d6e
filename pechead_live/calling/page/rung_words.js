// The ladder in words, as those who are in a call read it.

import { LOW, STILL } from "./ladder.js";

const VIDEO_OF = ["a small video of", "video of"];

/** What the other end sees of this one. A stand is that of climber.js. */
export function whatTheySee({ rung, shows, why }) {
  if (rung === STILL) return `They see a picture that your camera took just now, moved as you move: ${why}`;
  if (rung < LOW) return `They see your avatar move, not your camera: ${why}`;
  const whom = shows === "camera" ? "your camera" : "your avatar";
  return `They see ${VIDEO_OF[rung - LOW]} ${whom}: ${why}`;
}

/** What the other end sends. */
export function whatIsSent({ rung, shows, why }) {
  return `You are sent ${sent(rung, shows)}: ${why}`;
}

function sent(rung, shows) {
  if (rung === STILL) return `motion and a fresh still of their ${shows}`;
  return rung < LOW ? "motion only" : `${VIDEO_OF[rung - LOW]} their ${shows}`;
}

/** Whether a camera is seen. */
export const isCameraSeen = ({ rung, shows }) => rung >= STILL && shows === "camera";

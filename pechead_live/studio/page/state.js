// The one line that says how it stands: from the connection and from the session's STATUS.

import { setText } from "/page/element.js";

const STATES = {
  waiting: ["warn", "Waiting for the first picture"],
  live: ["good", "Live"],
  no_face: ["warn", "No face found"],
  restarting: ["warn", "The renderer starts again; the last picture stands"],
};

/** What a connection's state means: `[tone, words]`, or null when the STATUS says more. */
export function connectionWords({ name, attempt, waitMs, error }) {
  if (name === "connecting") return ["warn", "Connecting…"];
  if (name === "lost") return ["bad", "Connection lost"];
  if (name !== "reconnecting") return null;
  const why =
    error?.code === "unreachable" ? "The server does not answer" : "Connection interrupted";
  const when = waitMs >= 1000 ? `trying again in ${Math.round(waitMs / 1000)} s` : "trying again";
  return ["warn", `${why}: ${when} (${attempt})`];
}

/** Shows `[tone, words]` in the pill. */
export function showWords(pill, [tone, words]) {
  pill.dataset.tone = tone;
  setText(pill, words);
}

/** What a STATUS means: `[tone, words]`. */
export const statusWords = (status) => STATES[status.state] ?? ["warn", status.state];

// What the user reads of the ladder, and their leave for the camera.

import { seconds } from "./connection.js";
import { ladderConfig, LOW, MOTION, STILL, VIDEO } from "./ladder.js";
import { isCameraSeen, whatIsSent, whatTheySee } from "./rung_words.js";

const NOBODY = ladderConfig();
const AVATAR = ladderConfig({ rungs: [MOTION, LOW] });
const CAMERA = ladderConfig({ rungs: [MOTION, STILL, LOW, VIDEO], ofCamera: true });

/**
 * `notice`: says what they see, with `words` and a `preview` in it; `sent`: what they send;
 * `leave`: the box that allows the camera. `hasCamera`: whether there is one; `allowed`: whether it may be
 * seen, so far. Gives what climber.js needs, `use(climber)`, `look()` and `end()`.
 */
export function ladderPanel({ notice, words, preview, sent, leave, hasCamera, allowed }) {
  let climber = null;
  words.textContent = hasCamera ? "They see your avatar move, not your camera" : "They see nobody";
  notice.hidden = false;
  leave.checked = allowed;
  leave.disabled = !hasCamera;
  leave.onchange = () => {
    const why = `the camera may ${leave.checked ? "be seen" : "not be seen any more"}`;
    climber?.change(configNow(), why, seconds());
    look();
  };

  const configNow = () => (hasCamera ? (leave.checked ? CAMERA : AVATAR) : NOBODY);

  function onMine(stand) {
    words.textContent = whatTheySee(stand);
    notice.classList.toggle("seen", isCameraSeen(stand));
  }

  /** A picture of what is sent, as long as it is the camera's. */
  function look() {
    const sentNow = climber?.rung === STILL ? climber.photo : climber?.sent?.canvas;
    const seen = notice.classList.contains("seen") && sentNow;
    if (!seen) preview.replaceChildren();
    else if (preview.firstChild !== seen) preview.replaceChildren(seen);
  }

  return {
    config: configNow(),
    onMine,
    onTheirs: (stand) => (sent.textContent = whatIsSent(stand)),
    use: (other) => (climber = other),
    look,
    end: () => (notice.hidden = true),
  };
}

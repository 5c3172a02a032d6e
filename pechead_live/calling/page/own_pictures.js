// This end's own pictures, for the rungs of the ladder that have video (calling/ladder/own_pictures.py).

import { drawAnalytic, preparePortrait } from "../renderer/analytic.js";
import { seconds } from "./connection.js";
import { LOW } from "./ladder.js";

const SIDE = 192; // of the avatar, pixels
const EVERY = 0.07; // seconds from one of its pictures to the next, at least

/**
 * `climber`: takes them. `camera`: an element that plays it; `avatar`: this end's, of still.js;
 * `model`: of renderer/model.js. Gives `see(coefficients | null)`, for each frame of the camera.
 */
export function ownPictures({ climber, camera, avatar, model }) {
  let [drawing, last, drawnAt] = [null, avatar.rest, -Infinity];

  function see(coefficients) {
    last = coefficients ?? last;
    const now = seconds();
    if (climber.rung < LOW) return;
    if (climber.shows === "camera") {
      climber.put(camera, now);
    } else if (now - drawnAt >= EVERY) {
      drawnAt = now;
      drawing ??= drawingOf(model, avatar);
      climber.put(drawing(last), now);
    }
  }

  return { see };
}

function drawingOf(model, avatar) {
  const portrait = preparePortrait(model, avatar, { width: SIDE, height: SIDE });
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext("2d", { alpha: false });
  const picture = new ImageData(SIDE, SIDE);
  return (coefficients) => {
    picture.data.set(drawAnalytic(portrait, coefficients).pixels);
    context.putImageData(picture, 0, 0);
    label(context);
    return canvas;
  };
}

/** "AI", as the program's pictures have it (sink/label.py). */
function label(context) {
  context.fillStyle = "rgb(0 0 0 / 60%)";
  context.fillRect(5, SIDE - 16, 16, 11);
  context.fillStyle = "#fff";
  context.font = "bold 9px sans-serif";
  context.fillText("AI", 8, SIDE - 7);
}

// Draws the other end's avatar, as often as the screen shows a picture.

import { appear, initialPresence, presenceConfig } from "../calls/presence.js";
import { drawAnalytic, preparePortrait } from "../renderer/analytic.js";
import { seconds } from "./connection.js";

/**
 * `canvas`: square. `arrivals`: of arrivals.js. `onShown(streamSeconds, now)`: after each picture.
 * `show(avatar)` takes another avatar (of still.js); `stop()` ends it.
 */
export function keepDrawing({ canvas, model, arrivals, onShown }) {
  const context = canvas.getContext("2d", { alpha: false });
  const config = presenceConfig();
  const picture = new ImageData(canvas.width, canvas.height);
  const figures = { pictures: 0, drawingMs: 0 };
  let [portrait, rest, presence, handle] = [null, null, null, 0];

  function draw() {
    handle = requestAnimationFrame(draw);
    if (!portrait) return;
    const now = seconds();
    const pose = arrivals.pose(now);
    const measured = pose?.face ? pose.coefficients : null;
    let coefficients;
    [coefficients, presence] = appear(measured, rest, now, presence, config);
    const { pixels } = drawAnalytic(portrait, coefficients);
    picture.data.set(pixels);
    context.putImageData(picture, 0, 0);
    figures.pictures += 1;
    figures.drawingMs += 0.1 * (1000 * (seconds() - now) - figures.drawingMs);
    if (pose) onShown(pose.seconds, seconds());
  }

  handle = requestAnimationFrame(draw);
  return {
    figures,
    show(avatar) {
      const { width, height } = canvas;
      portrait = preparePortrait(model, avatar, { width, height });
      rest = avatar.rest;
      presence ??= initialPresence(rest, seconds());
    },
    stop: () => cancelAnimationFrame(handle),
  };
}

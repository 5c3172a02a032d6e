// Draws the other end's avatar, thirty times a second where the machine can.

import { appear, initialPresence, presenceConfig } from "../calls/presence.js";
import { drawAnalytic, preparePortrait } from "../renderer/analytic.js";
import { drawLite, initialState, prepareLite } from "../renderer/lite.js";
import { seconds } from "./connection.js";
import { movedAs } from "./fresh_still.js";

const EVERY = 0.9 / 30; // seconds from one picture to the next: a screen may show twice as many

/**
 * `canvas`: square. `arrivals`: of arrivals.js. `isCovered()`: whether something else is seen in
 * its place. `onShown(streamSeconds, now)`: after each picture.
 *
 * `show(avatar)` takes another avatar (of still.js); `showFresh(fresh)` draws a fresh still (of
 * fresh_exchange.js) in its place, null the avatar again; `drawWith(network)` a network of
 * renderer/lite_network.js, null for none; `stop()` ends it.
 */
export function keepDrawing({ canvas, model, arrivals, isCovered, onShown }) {
  const context = canvas.getContext("2d", { alpha: false });
  const config = presenceConfig();
  const picture = new ImageData(canvas.width, canvas.height);
  const figures = { pictures: 0, drawingMs: 0, failures: 0, network: null, fresh: 0 };
  let [portrait, rest, presence, handle] = [null, null, null, 0];
  let fresh = null; // `{portrait, moved(coefficients)}`
  let [network, lite, memory] = [null, null, null];
  let [drawnAt, stopped] = [-Infinity, false];

  async function draw() {
    const covered = isCovered();
    const now = seconds();
    if (portrait && !covered && now - drawnAt >= EVERY) {
      drawnAt = now;
      await drawOne().catch((error) => console.error(error));
    }
    if (!stopped) handle = requestAnimationFrame(draw);
  }

  const shownNow = () => fresh?.portrait ?? portrait;

  async function drawOne() {
    const began = seconds();
    const drawn = shownNow();
    if (network && lite?.portrait !== drawn) {
      lite = await prepareLite(drawn, network);
      memory = initialState(lite);
      if (drawn !== shownNow()) return; // it was taken away meanwhile
    }
    const pose = arrivals.pose(seconds());
    const measured = pose?.face ? pose.coefficients : null;
    let coefficients;
    [coefficients, presence] = appear(measured, rest, seconds(), presence, config);
    if (fresh?.portrait === drawn) coefficients = fresh.moved(coefficients, seconds());
    const pixels = await pixelsOf(drawn, coefficients);
    if (drawn !== shownNow()) return;
    picture.data.set(pixels);
    context.putImageData(picture, 0, 0);
    figures.pictures += 1;
    figures.drawingMs += 0.1 * (1000 * (seconds() - began) - figures.drawingMs);
    figures.fresh += drawn !== portrait;
    if (pose) onShown(pose.seconds, seconds());
  }

  async function pixelsOf(of, coefficients) {
    if (!network || lite?.portrait !== of) return drawAnalytic(of, coefficients).pixels;
    const drawn = await drawLite(lite, coefficients, memory);
    memory = drawn.state;
    figures.failures += drawn.failure !== null;
    return drawn.pixels;
  }

  function portraitOf(avatar) {
    const { width, height } = canvas;
    return preparePortrait(model, avatar, { width, height });
  }

  handle = requestAnimationFrame(draw);
  return {
    figures,
    show(avatar) {
      portrait = portraitOf(avatar);
      rest = avatar.rest;
      presence ??= initialPresence(rest, seconds());
    },
    showFresh(other) {
      fresh = other && { portrait: portraitOf(other.avatar), moved: movedAs(other) };
    },
    drawWith(other) {
      [network, lite] = [other, null];
      figures.network = other?.provider ?? null;
    },
    stop() {
      stopped = true;
      cancelAnimationFrame(handle);
    },
  };
}

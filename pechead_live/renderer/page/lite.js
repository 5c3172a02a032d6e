// The `lite` renderer in a browser: the analytic picture, corrected by a small network.
//
// The network works on the picture's middle square at its own size (256). What it finds comes back
// to the picture's size, over the analytic picture, which keeps its detail where it may stand.

import { portraitPicture } from "./analytic.js";
import { compose, composerOf } from "./compose.js";
import { drawGuide } from "./guide.js";
import { keep, maskOf } from "./kept.js";
import { firstMemory, openNetwork, sourceOf, step } from "./lite_network.js";
import { squareOf, writeSquare } from "./square.js";

export { openNetwork };

const LARGEST_MEAN_RESIDUAL = 0.2; // picture coordinates; a network that moves more is lost
const SMALLEST_MEAN_ALPHA = 0.15; // one that paints nearly everything anew is lost, too

/** A `portrait` (of `preparePortrait`) made ready to be drawn with `network` (`openNetwork`). */
export async function prepareLite(portrait, network) {
  const { width, height, rest } = portrait;
  const { size, lattice } = network;
  const square = squareOf(width, height, size);
  writeSquare(portraitPicture(portrait), square);
  const condition = conditionOf(rest, rest.expression);
  const source = await sourceOf(network, square.picture.slice(), condition);
  return {
    ...{ portrait, network, source, square },
    composer: composerOf(width, height, size, lattice),
    masks: [maskOf(lattice), maskOf(size)],
    residual: new Float32Array(2 * lattice * lattice),
    alpha: new Float32Array(size * size),
  };
}

/** The memory before the first frame. */
export function initialState(lite) {
  return firstMemory(lite.network);
}

/**
 * Draws `lite` with `coefficients` (see `drawAnalytic`): {pixels (RGBA), width, height, state,
 * failure}. `state` handed in is used up; await one drawing before the next begins. Where the
 * network fails or its result cannot be used, `failure` says why (else it is null), the analytic
 * picture is given, and the memory begins anew. Throws an Error if a number is not finite.
 */
export async function drawLite(lite, coefficients, state) {
  const { portrait, network, source, square, composer, masks, residual, alpha } = lite;
  const guide = drawGuide(portrait, coefficients);
  const { pixels, width, height, flow, share, landmarks } = guide;
  writeSquare(pixels, square);
  const condition = conditionOf(coefficients, portrait.cut);
  let drawn = null;
  try {
    drawn = await step(network, source, condition, { picture: square.picture, flow, share }, state);
    check(drawn);
  } catch (error) {
    drawn?.memory.dispose();
    return { pixels, width, height, state: initialState(lite), failure: String(error) };
  }
  residual.set(drawn.residual);
  alpha.set(drawn.alpha);
  keep(residual, alpha, landmarks, ...masks);
  compose(pixels, { residual, painted: drawn.painted, alpha }, composer);
  return { pixels, width, height, state: drawn.memory, failure: null };
}

/** (61) rotation's first column, its second, tx, ty, log scale, 52 expressions. */
function conditionOf({ rotation: r, translation, scale }, expression) {
  const pose = [r[0], r[3], r[6], r[1], r[4], r[7], ...translation, Math.log(scale)];
  return Float32Array.from([...pose, ...expression]);
}

/** Throws an Error unless a network's result can be shown. */
function check({ residual, alpha }) {
  const moved = meanOf(residual, Math.abs);
  const kept = meanOf(alpha, (value) => value);
  // a mean of numbers is finite only where all of them are
  if (!Number.isFinite(moved)) throw new Error("residual is not finite");
  if (!Number.isFinite(kept)) throw new Error("alpha is not finite");
  if (moved > LARGEST_MEAN_RESIDUAL) {
    throw new Error(`mean residual ${moved.toFixed(2)}, at most ${LARGEST_MEAN_RESIDUAL}`);
  }
  if (kept < SMALLEST_MEAN_ALPHA) {
    throw new Error(`mean alpha ${kept.toFixed(2)}, at least ${SMALLEST_MEAN_ALPHA}`);
  }
}

function meanOf(values, of) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += of(values[i]);
  return sum / values.length;
}

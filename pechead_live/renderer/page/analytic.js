// The `analytic` renderer in a browser: no weights, only geometry (renderer/analytic.py).
//
// Expression first, in the portrait's own pose: the face mesh moves the skin, eyeballs and mouth
// are drawn into their openings. Then the pose: the whole person turns, the torso follows, and
// lands on the still background. What a frame works in is made once for all frames.

import { openingsOf, settle } from "./apertures.js";
import { addRings, drawMesh, placeTriangles, ringedMesh } from "./mesh.js";
import { addExpression, EXPRESSIONS, faceOf, POINTS, project } from "./model.js";
import { drawOpenings, findOpenings } from "./openings.js";
import { checkSize, drawStill, stageOf } from "./stage.js";
import { drawTurned } from "./turned.js";
import { gridOf, headOf, turnMap } from "./turn.js";

const SHUTTING = /^eye(Blink|Squint|LookDown)/; // expressions that close the eyes

/**
 * A portrait made ready to be drawn at `size` {width, height}: 64 to 4096 pixels, a shape between
 * 1:1 and 16:9. `still`: {rest: {identity, expression, rotation, translation, scale}, delta
 * (478 x 3), person, background}; both plates are 16:9 {width, height, data RGBA}, the person's
 * alpha is the matte and its colours are not premultiplied.
 */
export function preparePortrait(model, still, size) {
  const { width, height } = size;
  checkSize(width, height);
  const { rest } = still;
  checkPlace(rest);
  const face = faceOf(model, rest.identity);
  still.delta.forEach((value, i) => (face[i] += value));
  const open = Float32Array.from(model.expressions, (name) => (SHUTTING.test(name) ? 0 : 1));
  const portrait = { model, rest, face, open, width, height, ...buffers() };
  shapeInto(portrait, rest.expression, portrait.shape);
  const points = project(portrait.shape, rest, new Float64Array(2 * POINTS));
  shapeInto(portrait, opened(portrait, rest.expression), portrait.openShape);
  const own = openingsOf(model, points, project(portrait.openShape, rest, portrait.openPoints));
  const forehead = toPixels(portrait, [0, 0], points, [...points])[2 * model.forehead + 1];
  const stage = stageOf(still, size, forehead);
  const { layer, origin } = stage;
  const restPixels = toPixels(portrait, origin, points, new Float64Array(points.length));
  const { rotation: r } = rest;
  const depth = Float64Array.from({ length: POINTS }, (_, i) =>
    [0, 1, 2].reduce((sum, k) => sum + r[6 + k] * portrait.shape[3 * i + k], 0));
  const pixels = new Uint8ClampedArray(4 * width * height);
  return Object.assign(portrait, stage, {
    own,
    restPixels,
    mesh: ringedMesh(restPixels, depth, model, layer),
    openings: findOpenings(layer, restPixels, model),
    head: headOf(Float64Array.from(portrait.shape), model),
    grid: gridOf(width, height),
    drawn: { ...layer, data: new Uint8Array(layer.data.length) },
    pixels,
    levels: new Uint8Array(pixels.buffer),
  });
}

/**
 * Draws `portrait` with `coefficients` {expression (52), rotation (9, by rows), translation (2),
 * scale}; expressions are cut to [0, 1]. Returns {pixels (RGBA), width, height}; the pixels are
 * the portrait's own and hold until its next drawing. Throws an Error if a number is not finite.
 */
export function drawAnalytic(portrait, coefficients) {
  checkPlace(coefficients);
  checkNumbers("expression", coefficients.expression, EXPRESSIONS);
  const { model, rest, layer, drawn, mesh, restPixels, grid, pixels, width, height } = portrait;
  express(portrait, coefficients.expression);
  const driven = toPixels(portrait, portrait.origin, portrait.points, portrait.drivenPixels);
  placeTriangles(mesh, addRings(driven, restPixels, model.oval, mesh.moved));
  drawn.data.set(layer.data);
  drawMesh(mesh, layer, drawn);
  drawOpenings(drawn, portrait.openings, driven, restPixels);
  turnMap(grid, portrait.shape, portrait.head, rest, coefficients);
  toPixels(portrait, portrait.origin, grid.map, grid.map);
  pixels.set(portrait.background);
  drawTurned(portrait.levels, width, height, drawn, grid, portrait.extent);
  return { pixels, width, height };
}

/** RGBA pixels of the portrait as it is, person over background. */
export function portraitPicture({ background, layer, origin, width, height }) {
  const pixels = background.slice();
  drawStill(layer, origin, pixels, width, height);
  return pixels;
}

/** (N x 2) picture coordinates to pixels of the layer whose corner is at `origin`. */
function toPixels({ width, height }, origin, points, into) {
  const half = (Math.min(width, height) - 1) / 2;
  const [left, top] = [(width - 1) / 2 + origin[0], (height - 1) / 2 + origin[1]];
  for (let i = 0; i < points.length; i += 2) {
    into[i] = points[i] * half + left;
    into[i + 1] = points[i + 1] * half + top;
  }
  return into;
}

/** The face with `expression` in the portrait's pose: `shape`, `points` as they are drawn. */
function express(portrait, expression) {
  const { model, rest, cut, shape, points, openShape, openPoints } = portrait;
  for (let i = 0; i < EXPRESSIONS; i++) cut[i] = Math.min(1, Math.max(0, expression[i]));
  shapeInto(portrait, cut, shape);
  shapeInto(portrait, opened(portrait, cut), openShape);
  project(shape, rest, points);
  settle(model, points, project(openShape, rest, openPoints), portrait.own);
}

/** `expression` without what closes the eyes. */
function opened({ open, openCut }, expression) {
  for (let i = 0; i < EXPRESSIONS; i++) openCut[i] = expression[i] * open[i];
  return openCut;
}

function shapeInto({ model, face }, expression, shape) {
  shape.set(face);
  addExpression(model, expression, shape);
}

function buffers() {
  const [solid, flat] = [() => new Float64Array(3 * POINTS), () => new Float64Array(2 * POINTS)];
  return {
    ...{ cut: new Float32Array(EXPRESSIONS), openCut: new Float32Array(EXPRESSIONS) },
    ...{ shape: solid(), openShape: solid() },
    ...{ points: flat(), openPoints: flat(), drivenPixels: flat() },
  };
}

function checkPlace({ rotation, translation, scale }) {
  checkNumbers("rotation", rotation, 9);
  checkNumbers("translation", translation, 2);
  if (!(Number.isFinite(scale) && scale > 0)) {
    throw new Error(`a face of scale ${scale} cannot be drawn: give a finite one above 0`);
  }
}

function checkNumbers(name, values, length) {
  if (values?.length !== length) throw new Error(`${name} must be ${length} numbers`);
  for (let i = 0; i < length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new Error(`${name} is not finite and cannot be drawn: measure it again`);
    }
  }
}

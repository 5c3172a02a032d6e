// The rigid part of the motion: which portrait point a turned head shows where (renderer/turn.py).

import { POINTS } from "./model.js";
import { clamp, roundEven } from "./numbers.js";

const CELLS = 64; // of the coarse grid, along the picture's shorter side
const HEAD_KERNEL = 0.2; // deviation of a head point's Gaussian, model units
const [FACE_KERNEL, NARROWEST, WIDEST] = [0.75, 0.035, 0.12]; // of a face point's
const NEIGHBOURS = 4;
const SKIN = 468; // points; the irises' follow
const REST_WEIGHT = 0.02; // of the head centre's depth
const REACH = 5; // deviations beyond which a point counts for nothing: 4e-6 of its weight
const [TORSO_TRANSLATION, TORSO_SCALE] = [0.5, 0.5]; // shares of the head's motion
const [NECK_START, NECK_END] = [-0.15, 1.2]; // below the chin, model units

/** The portrait's head for `shape` (478 x 3), its face at rest, model space. */
export function headOf(shape, model) {
  const count = POINTS + model.head.length / 3;
  const normals = new Float32Array(3 * count);
  normals.set(vertexNormals(shape, model.triangles));
  for (let i = SKIN; i < POINTS; i++) normals.set([0, 0, -1], 3 * i); // irises face the viewer
  normals.set(model.headNormals, 3 * POINTS);
  const kernels = new Float32Array(count).fill(HEAD_KERNEL);
  kernels.set(faceKernels(shape));
  const chin = shape.slice(3 * model.chin, 3 * model.chin + 3);
  return { count, points: model.head, normals, kernels, chin };
}

/** The coarse grid of a picture: its `cell` in pixels, its nodes `x` and `y` in coordinates. */
export function gridOf(width, height) {
  const shorter = Math.min(width, height);
  const cell = Math.max(1, roundEven(shorter / CELLS));
  const nodes = (length) =>
    Float64Array.from({ length: Math.ceil(length / cell) + 2 }, (_, i) =>
      (((i - 0.5) * cell - length / 2) * 2) / (shorter - 1));
  const [x, y] = [nodes(width), nodes(height)];
  const plane = () => new Float64Array(x.length * y.length);
  return {
    ...{ cell, x, y, depth: plane(), total: plane(), map: new Float64Array(2 * plane().length) },
    ...{ across: new Float64Array(x.length) },
    ...{ rowX: new Float64Array(x.length), rowY: new Float64Array(x.length) },
  };
}

/**
 * Writes the portrait's picture coordinates for each node into `grid.map` (rows x columns x 2).
 * `shape` (478 x 3): the driven face, model space; `rest` and `driven`: {rotation, translation,
 * scale}.
 */
export function turnMap(grid, shape, head, rest, driven) {
  const { x, y, map, depth } = grid;
  interpolateDepth(grid, shape, head, driven);
  const relative = product(rest.rotation, driven.rotation);
  const { rotation: r, translation: t, scale } = driven;
  const [cx, cy, cz] = head.chin;
  const chinX = scale * (r[0] * cx + r[1] * cy + r[2] * cz) + t[0];
  const chinY = scale * (r[3] * cx + r[4] * cy + r[5] * cz) + t[1];
  const length = Math.max(Math.hypot(r[1], r[4]), 1e-6);
  const [downX, downY] = [r[1] / length, r[4] / length];
  const size = 1 + TORSO_SCALE * (scale / rest.scale - 1);
  for (let row = 0, i = 0; row < y.length; row++) {
    for (let column = 0; column < x.length; column++, i++) {
      const below = ((x[column] - chinX) * downX + (y[row] - chinY) * downY) / scale;
      const fade = clamp((below - NECK_START) / (NECK_END - NECK_START), 0, 1);
      const torso = fade * fade * (3 - 2 * fade);
      const gx = (x[column] - t[0]) / scale;
      const gy = (y[row] - t[1]) / scale;
      for (let k = 0; k < 2; k++) {
        const turned =
          relative[3 * k] * gx + relative[3 * k + 1] * gy + relative[3 * k + 2] * depth[i];
        const rigid = rest.translation[k] + rest.scale * turned;
        const shift = TORSO_TRANSLATION * (t[k] - rest.translation[k]);
        const place = k ? y[row] : x[column];
        const followed = rest.translation[k] + (place - rest.translation[k] - shift) / size;
        map[2 * i + k] = rigid * (1 - torso) + followed * torso;
      }
    }
  }
}

/** Nadaraya-Watson over the head's visible points, each within its reach, into `grid.depth`. */
function interpolateDepth(grid, shape, head, driven) {
  const { x, y, depth, total, across } = grid;
  const { rotation: r, translation: t, scale } = driven;
  depth.fill(0);
  total.fill(0);
  let centre = 0; // of the points beyond the face
  for (let i = 0; i < head.count; i++) {
    const onFace = i < POINTS;
    const points = onFace ? shape : head.points;
    const at = onFace ? 3 * i : 3 * (i - POINTS);
    const px = points[at];
    const py = points[at + 1];
    const pz = points[at + 2];
    const z = r[6] * px + r[7] * py + r[8] * pz;
    if (!onFace) centre += z / (head.count - POINTS);
    const n = head.normals;
    const facing = -(r[6] * n[3 * i] + r[7] * n[3 * i + 1] + r[8] * n[3 * i + 2]);
    const weight = clamp(0.3 + facing, 0, 1) * (onFace ? 1 : 0.35);
    if (weight === 0) continue;
    const middleX = scale * (r[0] * px + r[1] * py + r[2] * pz) + t[0];
    const middleY = scale * (r[3] * px + r[4] * py + r[5] * pz) + t[1];
    const sigma = head.kernels[i] * scale;
    const [left, right] = within(x, middleX, REACH * sigma);
    const [top, bottom] = within(y, middleY, REACH * sigma);
    for (let column = left; column <= right; column++) {
      const off = (x[column] - middleX) / sigma;
      across[column] = Math.exp(-0.5 * off * off);
    }
    for (let row = top; row <= bottom; row++) {
      const off = (y[row] - middleY) / sigma;
      const share = weight * Math.exp(-0.5 * off * off);
      const first = row * x.length;
      for (let column = left; column <= right; column++) {
        const part = share * across[column];
        total[first + column] += part;
        depth[first + column] += part * z;
      }
    }
  }
  for (let i = 0; i < depth.length; i++) {
    depth[i] = (depth[i] + REST_WEIGHT * centre) / (total[i] + REST_WEIGHT);
  }
}

/** First and last of evenly spaced `nodes` within `reach` of `middle`. */
function within(nodes, middle, reach) {
  const step = nodes[1] - nodes[0];
  const first = Math.ceil((middle - reach - nodes[0]) / step);
  const last = Math.floor((middle + reach - nodes[0]) / step);
  return [Math.max(0, first), Math.min(nodes.length - 1, last)];
}

/** `one` times `other` transposed, (9, by rows) each. */
function product(one, other) {
  const dot = (i, j) =>
    one[i] * other[j] + one[i + 1] * other[j + 1] + one[i + 2] * other[j + 2];
  return [0, 3, 6].flatMap((i) => [0, 3, 6].map((j) => dot(i, j)));
}

function faceKernels(shape) {
  return Float32Array.from({ length: POINTS }, (_, i) => {
    const distances = Float64Array.from({ length: POINTS }, (_, j) =>
      Math.hypot(shape[3 * i] - shape[3 * j], shape[3 * i + 1] - shape[3 * j + 1])).sort();
    const near = distances.subarray(1, NEIGHBOURS + 1).reduce((sum, d) => sum + d) / NEIGHBOURS;
    return clamp(FACE_KERNEL * near, NARROWEST, WIDEST);
  });
}

/** (SKIN x 3) unit normals of the skin, towards the viewer (z < 0) on the whole. */
function vertexNormals(shape, triangles) {
  const normals = new Float64Array(3 * SKIN);
  for (let i = 0; i < triangles.length; i += 3) {
    const [a, b, c] = [triangles[i], triangles[i + 1], triangles[i + 2]].map((v) => 3 * v);
    const u = [0, 1, 2].map((k) => shape[b + k] - shape[a + k]);
    const v = [0, 1, 2].map((k) => shape[c + k] - shape[a + k]);
    const face = [0, 1, 2].map((k) =>
      u[(k + 1) % 3] * v[(k + 2) % 3] - u[(k + 2) % 3] * v[(k + 1) % 3]);
    for (const corner of [a, b, c]) for (let k = 0; k < 3; k++) normals[corner + k] += face[k];
  }
  let towards = 0;
  for (let i = 2; i < normals.length; i += 3) towards += normals[i];
  for (let i = 0; i < normals.length; i += 3) {
    const length = Math.hypot(normals[i], normals[i + 1], normals[i + 2]);
    const by = (towards > 0 ? -1 : 1) / Math.max(length, 1e-6);
    for (let k = 0; k < 3; k++) normals[i + k] *= by;
  }
  return normals;
}

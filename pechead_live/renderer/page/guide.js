// The guide: what geometry alone knows of a picture, for networks that go on from there.

import { drawAnalytic } from "./analytic.js";
import { project } from "./model.js";
import { clamp } from "./numbers.js";

export const LATTICE = 64; // points along a side of the flow

/**
 * `drawAnalytic` and how it came about: {pixels, width, height, flow (64 x 64 x 2): the portrait's
 * point that a lattice point shows, share (64 x 64): how much of the person is seen there,
 * landmarks (70 x 2): the driven face's}. Picture coordinates; the lattice spans the middle square
 * from edge to edge. All of it holds until the portrait's next drawing.
 */
export function drawGuide(portrait, coefficients) {
  const picture = drawAnalytic(portrait, coefficients);
  portrait.traced ??= {
    flow: new Float32Array(2 * LATTICE * LATTICE),
    share: new Float32Array(LATTICE * LATTICE),
  };
  trace(portrait, portrait.traced);
  return { ...picture, ...portrait.traced, landmarks: landmarksOf(portrait, coefficients) };
}

/** Follows the lattice's pixels back through both warps. */
function trace({ grid, drawn, mesh, origin, width, height }, { flow, share }) {
  const half = (Math.min(width, height) - 1) / 2;
  const middle = [(width - 1) / 2, (height - 1) / 2];
  const place = [0, 0];
  for (let row = 0, i = 0; row < LATTICE; row++) {
    for (let column = 0; column < LATTICE; column++, i++) {
      const step = (2 * half) / (LATTICE - 1);
      turnedAt(grid, middle[0] - half + column * step, middle[1] - half + row * step, place);
      share[i] = alphaAt(drawn, place[0], place[1]) / 255;
      const { region } = mesh;
      addMoved(mesh, place[0] - region.left, place[1] - region.top, place);
      for (let k = 0; k < 2; k++) flow[2 * i + k] = (place[k] - origin[k] - middle[k]) / half;
    }
  }
}

/** The layer's pixel that the picture shows at (x, y), into `place`. */
function turnedAt({ cell, map, x: nodes }, x, y, place) {
  const [across, down] = [(x + 0.5) / cell + 0.5, (y + 0.5) / cell + 0.5];
  const [column, row] = [Math.floor(across), Math.floor(down)];
  const [u, v] = [across - column, down - row];
  const [a, b] = [2 * (row * nodes.length + column), 2 * ((row + 1) * nodes.length + column)];
  for (let k = 0; k < 2; k++) {
    place[k] = (1 - v) * ((1 - u) * map[a + k] + u * map[a + 2 + k]) +
      v * ((1 - u) * map[b + k] + u * map[b + 2 + k]);
  }
}

function alphaAt({ data, width, height }, x, y) {
  const [across, down] = [clamp(x, 0, width - 1), clamp(y, 0, height - 1)];
  const [column, row] = [Math.floor(across), Math.floor(down)];
  const [u, v] = [across - column, down - row];
  const at = (i, j) =>
    data[4 * (Math.min(row + j, height - 1) * width + Math.min(column + i, width - 1)) + 3];
  return (1 - v) * ((1 - u) * at(0, 0) + u * at(1, 0)) + v * ((1 - u) * at(0, 1) + u * at(1, 1));
}

/** Adds to `place` how far the expression moved the skin at (x, y) of the region; 0 beside it. */
function addMoved({ region, labels, maps }, x, y, place) {
  const { width, height } = region;
  if (x <= -1 || y <= -1 || x >= width || y >= height) return;
  const [left, top] = [Math.floor(x), Math.floor(y)];
  for (let corner = 0; corner < 4; corner++) {
    const [column, row] = [left + (corner & 1), top + (corner >> 1)];
    if (column < 0 || row < 0 || column >= width || row >= height) continue;
    const map = 6 * labels[row * width + column];
    const weight = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
    place[0] += weight * (maps[map] * column + maps[map + 1] * row + maps[map + 2] - column);
    place[1] += weight * (maps[map + 3] * column + maps[map + 4] * row + maps[map + 5] - row);
  }
}

/** The settled face's landmarks with the driven pose, (70 x 2). */
function landmarksOf({ model, shape, points, rest }, coefficients) {
  const plain = project(shape, rest, new Float64Array(points.length));
  const { rotation: r, scale } = rest;
  const settled = new Float64Array(3 * model.landmarks.length);
  model.landmarks.forEach((vertex, i) => {
    const [dx, dy] = [0, 1].map((k) => (points[2 * vertex + k] - plain[2 * vertex + k]) / scale);
    for (let k = 0; k < 3; k++) {
      settled[3 * i + k] = shape[3 * vertex + k] + dx * r[k] + dy * r[3 + k];
    }
  });
  return project(settled, coefficients, new Float32Array(2 * model.landmarks.length));
}

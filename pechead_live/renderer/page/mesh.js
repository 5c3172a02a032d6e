// The face mesh as a picture warp: triangles from where they are drawn to where they come from.

import { widen } from "./polygon.js";

const RINGS = [[1.12, 0.6], [1.27, 0.22], [1.48, 0]]; // size, share of the outline's motion
const FINE = 16; // places a pixel's side is divided into
const NUMBERS = 6; // of an affine map

/**
 * The portrait's mesh: `source` (V x 2) where each vertex lies in the layer, V = 478 + rings;
 * `triangles` (F x 3) in drawing order, far ones first; `region`, its box within the layer
 * {left, top, width, height}, and buffers of that size. `depth` (478): away from the viewer.
 */
export function ringedMesh(points, depth, model, layer) {
  const source = addRings(points, points, model.oval);
  const triangles = [...strips(model.oval, points.length / 2)];
  const far = ([a, b, c]) => depth[a] + depth[b] + depth[c];
  const own = Array.from({ length: model.triangles.length / 3 }, (_, i) =>
    model.triangles.subarray(3 * i, 3 * i + 3));
  triangles.push(...own.sort((one, other) => far(other) - far(one)));
  const region = regionOf(source, layer);
  return {
    source,
    triangles: Uint16Array.from(triangles.flatMap((corners) => [...corners])),
    region,
    labels: new Uint16Array(region.width * region.height),
    maps: new Float32Array(NUMBERS * (triangles.length + 1)),
    left: new Int32Array(region.height),
    right: new Int32Array(region.height),
    moved: new Float32Array(source.length),
  };
}

/** (478 x 2) moved `points` to (V x 2): the rings take their share of the outline's motion. */
export function addRings(points, rest, oval, into) {
  const vertices = into ?? new Float32Array(points.length + 2 * RINGS.length * oval.length);
  vertices.set(points);
  let [x0, y0] = [0, 0];
  for (const i of oval) {
    x0 += rest[2 * i] / oval.length;
    y0 += rest[2 * i + 1] / oval.length;
  }
  let at = points.length;
  for (const [size, share] of RINGS) {
    for (const i of oval) {
      const [x, y] = [rest[2 * i], rest[2 * i + 1]];
      vertices[at++] = x0 + (x - x0) * size + (points[2 * i] - x) * share;
      vertices[at++] = y0 + (y - y0) * size + (points[2 * i + 1] - y) * share;
    }
  }
  return vertices;
}

/**
 * Writes for each pixel of the region which triangle is drawn there (`labels`, from 1 on, 0
 * beside the mesh), and each triangle's way back (`maps`), for vertices `driven` (V x 2).
 */
export function placeTriangles(mesh, driven) {
  const { triangles, source, region, labels, maps, left, right } = mesh;
  const { width, height } = region;
  labels.fill(0);
  maps.fill(0, 0, NUMBERS);
  maps[0] = maps[4] = 1;
  for (let i = 0, label = 1; i < triangles.length; i += 3, label++) {
    const [a, b, c] = [2 * triangles[i], 2 * triangles[i + 1], 2 * triangles[i + 2]];
    writeMap(maps, NUMBERS * label, driven, source, region, a, b, c);
    const x0 = Math.round((driven[a] - region.left) * FINE) / FINE;
    const y0 = Math.round((driven[a + 1] - region.top) * FINE) / FINE;
    const x1 = Math.round((driven[b] - region.left) * FINE) / FINE;
    const y1 = Math.round((driven[b + 1] - region.top) * FINE) / FINE;
    const x2 = Math.round((driven[c] - region.left) * FINE) / FINE;
    const y2 = Math.round((driven[c + 1] - region.top) * FINE) / FINE;
    const first = Math.max(0, Math.floor(Math.min(y0, y1, y2) + 0.5));
    const last = Math.min(height - 1, Math.floor(Math.max(y0, y1, y2) + 0.5));
    for (let y = first; y <= last; y++) {
      left[y] = width;
      right[y] = -1;
    }
    widen(left, right, height, x0, y0, x1, y1);
    widen(left, right, height, x1, y1, x2, y2);
    widen(left, right, height, x2, y2, x0, y0);
    for (let y = first; y <= last; y++) {
      const [start, end] = [Math.max(left[y], 0), Math.min(right[y], width - 1)];
      const row = y * width;
      for (let x = start; x <= end; x++) labels[row + x] = label;
    }
  }
}

/** Draws the region of `portrait`, warped by the placed triangles, into `layer` (both RGBA). */
export function drawMesh(mesh, portrait, layer) {
  const { region, labels, maps } = mesh;
  const { width, height } = region;
  const from = portrait.data;
  const to = layer.data;
  const stride = 4 * layer.width;
  const corner = region.top * stride + 4 * region.left;
  const lastX = width - 1;
  const lastY = height - 1;
  for (let y = 0, i = 0; y < height; y++) {
    let at = corner + y * stride;
    for (let x = 0; x < width; x++, i++, at += 4) {
      const label = labels[i];
      if (label === 0) continue; // the layer shows the portrait there
      const map = NUMBERS * label;
      let px = maps[map] * x + maps[map + 1] * y + maps[map + 2];
      let py = maps[map + 3] * x + maps[map + 4] * y + maps[map + 5];
      px = px < 0 ? 0 : px > lastX ? lastX : px;
      py = py < 0 ? 0 : py > lastY ? lastY : py;
      const column = px | 0;
      const row = py | 0;
      const a = corner + row * stride + 4 * column;
      const b = column < lastX ? a + 4 : a;
      const c = row < lastY ? a + stride : a;
      const d = c + b - a;
      const wd = (px - column) * (py - row);
      const wb = px - column - wd;
      const wc = py - row - wd;
      const wa = 1 - wb - wc - wd;
      to[at] = wa * from[a] + wb * from[b] + wc * from[c] + wd * from[d] + 0.5;
      to[at + 1] = wa * from[a + 1] + wb * from[b + 1] + wc * from[c + 1] + wd * from[d + 1] + 0.5;
      to[at + 2] = wa * from[a + 2] + wb * from[b + 2] + wc * from[c + 2] + wd * from[d + 2] + 0.5;
      to[at + 3] = wa * from[a + 3] + wb * from[b + 3] + wc * from[c + 3] + wd * from[d + 3] + 0.5;
    }
  }
}

/** The affine map (a b c d e f) x' = a x + b y + c, y' = d x + e y + f, pixels of the region. */
function writeMap(maps, at, driven, source, { left, top }, a, b, c) {
  const [px, py] = [driven[a] - left, driven[a + 1] - top];
  const [ux, uy] = [driven[b] - driven[a], driven[b + 1] - driven[a + 1]];
  const [vx, vy] = [driven[c] - driven[a], driven[c + 1] - driven[a + 1]];
  const area = ux * vy - uy * vx;
  // a triangle drawn edge-on has no such map; it keeps its first corner's origin
  const inverse = Math.abs(area) < 1e-3 ? 0 : 1 / area;
  for (let k = 0; k < 2; k++) {
    const origin = source[a + k] - (k ? top : left);
    const [s, t] = [source[b + k] - source[a + k], source[c + k] - source[a + k]];
    const byX = (s * vy - t * uy) * inverse;
    const byY = (t * ux - s * vx) * inverse;
    maps[at + 3 * k] = byX;
    maps[at + 3 * k + 1] = byY;
    maps[at + 3 * k + 2] = origin - byX * px - byY * py;
  }
}

function* strips(oval, points) {
  const count = oval.length;
  let inner = [...oval];
  for (let ring = 0; ring < RINGS.length; ring++) {
    const outer = inner.map((_, i) => points + ring * count + i);
    for (let i = 0; i < count; i++) {
      const next = (i + 1) % count;
      yield [inner[i], inner[next], outer[i]];
      yield [inner[next], outer[next], outer[i]];
    }
    inner = outer;
  }
}

function regionOf(source, { width, height }) {
  const [xs, ys] = [source.filter((_, i) => i % 2 === 0), source.filter((_, i) => i % 2 === 1)];
  const left = Math.max(0, Math.floor(Math.min(...xs)));
  const top = Math.max(0, Math.floor(Math.min(...ys)));
  const right = Math.min(width, Math.ceil(Math.max(...xs)) + 1);
  const bottom = Math.min(height, Math.ceil(Math.max(...ys)) + 1);
  return { left, top, width: right - left, height: bottom - top };
}

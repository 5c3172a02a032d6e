// A row of teeth painted from measurements (renderer/teeth.py has the sources); millimetres.

import { clamp, interpolated } from "./numbers.js";

export const UPPER = rowOf({
  ends: [8.3, 14.4, 20.4, 25.0, 28.6, 32.0],
  shorter: [0.0, 0.8, 0.4, 1.6, 2.4, 3.4],
  crown: [10.0, 8.6, 9.6, 8.0, 7.2, 6.5],
  bright: [1.0, 0.97, 0.88, 0.74, 0.6, 0.45],
});

export const LOWER = rowOf({
  ends: [5.1, 10.4, 16.2, 20.8, 24.6, 28.5],
  shorter: [0.0, 0.0, -0.2, 0.8, 1.4, 2.2],
  crown: [8.8, 9.2, 10.0, 8.4, 7.4, 6.5],
  bright: [0.76, 0.76, 0.7, 0.6, 0.48, 0.36],
});

const ROUND = 0.7; // by which a free edge falls back at its tooth's sides
const ARCHED = 1.6; // by which the gum comes down between two teeth
const [GAP, GAP_SHADE] = [0.4, 0.3]; // width and darkness of the line between two teeth
const CURVED = 0.12; // how much less light falls on a tooth's sides

/**
 * The row at a place: `x` from its middle, `y` from the middle incisors' free edge into the mouth
 * (crowns lie at y < 0). {shade, tooth, gum}, each [0, 1]. `pixel`: millimetres of one.
 */
export function teethAt(row, x, y, pixel) {
  const away = Math.abs(x);
  let tooth = row.ends.findIndex((end) => end >= away);
  if (tooth < 0) tooth = row.ends.length - 1;
  const across = clamp((away - row.middles[tooth]) / row.halves[tooth], -1, 1);
  const edge = -row.shorter[tooth] - ROUND * across ** 4;
  const gumLine = edge - row.crown[tooth] + ARCHED * across ** 2;
  const within = soft(row.ends.at(-1) - away, pixel);
  const gum = soft(gumLine - y, pixel) * within;
  const shade =
    interpolated(away, row.places, row.lights) *
    (1 - CURVED * across ** 2) *
    (1 - lineAt(row.halves[tooth] * (1 - Math.abs(across)), pixel));
  return { shade, tooth: soft(edge - y, pixel) * within * (1 - gum), gum };
}

function lineAt(distance, pixel) {
  const width = Math.max(GAP, 0.7 * pixel);
  return GAP_SHADE * (GAP / width) * Math.exp(-((distance / width) ** 2));
}

/** 1 inside (`distance` > 0), 0 outside, over one pixel. */
function soft(distance, pixel) {
  return clamp(distance / pixel + 0.5, 0, 1);
}

function rowOf({ ends, shorter, crown, bright }) {
  const starts = [0, ...ends.slice(0, -1)];
  const halves = ends.map((end, i) => (end - starts[i]) / 2);
  const middles = starts.map((start, i) => start + halves[i]);
  const [places, lights] = [[0, ...middles], [bright[0], ...bright]];
  return { ends, shorter, crown, halves, middles, places, lights };
}

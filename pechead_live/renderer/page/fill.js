// Colours where only some are known, filled smoothly from there (avatar/matte.py, `fill`).

import { clamp } from "./numbers.js";
import { byArea, byCubic, resampled } from "./resample.js";

/** `pixels` (height x width x 3) where `known` (height x width) is not 0, filled elsewhere. */
export function fill(pixels, known, width, height) {
  const weight = Float32Array.from(known, (value) => (value ? 1 : 0));
  const filled = pushPull(Float32Array.from(pixels), weight, width, height);
  return Uint8Array.from(filled, (value) => clamp(value, 0, 255));
}

/** Means over ever larger blocks fill what the finer level does not know. */
function pushPull(colour, weight, width, height) {
  const weighted = colour.map((value, i) => value * weight[Math.floor(i / 3)]);
  if (Math.min(width, height) <= 2) return meanEverywhere(weighted, weight);
  const [w, h] = [(width + 1) >> 1, (height + 1) >> 1];
  const [across, down] = [byArea(width, w), byArea(height, h)];
  const smallWeight = resampled(weight, width, height, 1, across, down);
  const small = resampled(weighted, width, height, 3, across, down);
  small.forEach((value, i) => {
    small[i] = value / Math.max(smallWeight[Math.floor(i / 3)], 1e-6);
  });
  const doubled = smallWeight.map((value) => Math.min(1, 2 * value));
  const coarse = pushPull(small, doubled, w, h);
  const wide = resampled(coarse, w, h, 3, byCubic(w, width), byCubic(h, height));
  return weighted.map((value, i) => value + wide[i] * (1 - weight[Math.floor(i / 3)]));
}

function meanEverywhere(weighted, weight) {
  const total = Math.max(weight.reduce((sum, value) => sum + value, 0), 1e-6);
  const mean = [0, 0, 0];
  weighted.forEach((value, i) => (mean[i % 3] += value / total));
  return weighted.map((_, i) => mean[i % 3]);
}

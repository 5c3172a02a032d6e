// A portrait's plates at a picture's size, and where its points lie on them.

import { withCrown } from "./crown.js";
import { roundEven } from "./numbers.js";
import { byArea, byCubic, levels, resampled } from "./resample.js";

/** Throws an Error for a size that no picture has; `AnalyticRenderer`'s rules. */
export function checkSize(width, height) {
  const whole = Number.isInteger(width) && Number.isInteger(height);
  if (!whole || !(width >= 64 && width <= 4096 && height >= 64 && height <= 4096)) {
    throw new Error(`a picture of ${width} x ${height} pixels: give 64 to 4096 each`);
  }
  if (width < height || width / height > 16 / 9 + 0.01) {
    throw new Error(`a picture of ${width} x ${height} pixels: give a shape between 1:1 and 16:9`);
  }
}

/**
 * The still's plates for a picture of `size`: {layer, origin, extent, background}. `layer` is the
 * person with room around, `origin` (2) where the picture's corner lies on it, `extent` (left,
 * top, right, bottom) where there is a person; `background` the picture behind, RGBA.
 * `forehead`: its row in the picture.
 */
export function stageOf(still, { width, height }, forehead) {
  const stage = scaled(still.person, width, height);
  const layer = withCrown(stage, Math.max(4, roundEven(0.4 * forehead)));
  const origin = [(stage.width - width) / 2, layer.room];
  const behind = scaled(still.background, width, height);
  const background = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 4 * (y * behind.width + (behind.width - width) / 2);
    background.set(behind.data.subarray(from, from + 4 * width), 4 * y * width);
  }
  for (let at = 3; at < background.length; at += 4) background[at] = 255;
  return { layer, origin, extent: extentOf(layer), background };
}

/** Lays the layer's pixels at (x, y), as they are, over the `picture`'s; all RGBA. */
export function drawStill(layer, origin, picture, width, height) {
  for (let y = 0, at = 0; y < height; y++) {
    let from = 4 * ((origin[1] + y) * layer.width + origin[0]);
    for (let x = 0; x < width; x++, at += 4, from += 4) {
      const share = layer.data[from + 3] / 255;
      for (let k = 0; k < 3; k++) {
        picture[at + k] += share * (layer.data[from + k] - picture[at + k]);
      }
    }
  }
}

/** A 16:9 plate at the picture's height, at least `width` wide. */
function scaled(plate, width, height) {
  let full = Math.max(width, roundEven((plate.width * height) / plate.height));
  full += (full - width) % 2;
  if (plate.width === full && plate.height === height) return plate;
  const way = height < plate.height ? byArea : byCubic;
  const tables = [way(plate.width, full), way(plate.height, height)];
  const data = levels(resampled(plate.data, plate.width, plate.height, 4, ...tables));
  return { data, width: full, height };
}

function extentOf({ data, width, height }) {
  const box = [width, height, 0, 0];
  for (let y = 0, at = 3; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      if (data[at] === 0) continue;
      if (x < box[0]) box[0] = x;
      if (y < box[1]) box[1] = y;
      if (x >= box[2]) box[2] = x + 1;
      if (y >= box[3]) box[3] = y + 1;
    }
  }
  if (box[3] === 0) return [0, 0, 0, 0];
  // a person cut by the lower edge goes on below it
  return box[3] < height ? box : [...box.slice(0, 3), 2 * height];
}

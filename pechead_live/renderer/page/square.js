// A picture's middle square at the size at which a network sees it.

import { byArea, byCubic, resampled } from "./resample.js";

/** What `writeSquare` works in; its `picture` (size x size x 3) holds the last square. */
export function squareOf(width, height, size) {
  const side = Math.min(width, height);
  const way = side > size ? byArea : byCubic;
  const scaled = side !== size && {
    table: way(side, size),
    whole: new Uint8Array(3 * side * side),
    rows: new Float32Array(3 * size * side),
    found: new Float32Array(3 * size * size),
  };
  const [left, top] = [(width - side) >> 1, (height - side) >> 1];
  return { side, left, top, width, scaled, picture: new Uint8Array(3 * size * size) };
}

/** Writes the middle square of `pixels` (RGBA) into `square.picture`. */
export function writeSquare(pixels, { side, left, top, width, scaled, picture }) {
  const whole = scaled ? scaled.whole : picture;
  for (let y = 0, to = 0; y < side; y++) {
    let from = 4 * ((top + y) * width + left);
    for (let x = 0; x < side; x++, from += 4, to += 3) {
      whole[to] = pixels[from];
      whole[to + 1] = pixels[from + 1];
      whole[to + 2] = pixels[from + 2];
    }
  }
  if (!scaled) return;
  const { table, rows, found } = scaled;
  resampled(whole, side, side, 3, table, table, found, rows);
  for (let i = 0; i < picture.length; i++) {
    picture[i] = Math.min(255, Math.max(0, found[i] + 0.5));
  }
}

// What a lite network adds to a picture: it is moved a little and painted over.

import { finer } from "./lattice.js";
import { byCubic, byLine, resampled } from "./resample.js";

/** What `compose` works in: pictures of `side`, drawings of `size`, residuals of `lattice`. */
export function composerOf(width, height, size, lattice) {
  const side = Math.min(width, height);
  const enlarged = side !== size && {
    ...{ cubic: byCubic(size, side), line: byLine(size, side) },
    ...{ painted: new Float32Array(3 * side * side), alpha: new Float32Array(side * side) },
    rows: new Float32Array(3 * side * size),
  };
  return {
    ...{ width, height, side, size, lattice, enlarged },
    left: (width - side) >> 1,
    top: (height - side) >> 1,
    moves: new Float32Array(2 * side * side),
    copy: new Uint8Array(4 * width * height),
  };
}

/**
 * Moves and paints over the middle square of `pixels` (RGBA), in place. `drawing`: {residual (h x
 * h x 2), painted (S x S x 3), alpha (S x S): the picture's own share}. The painting comes to the
 * square's size; the picture keeps its own detail.
 */
export function compose(pixels, drawing, composer) {
  const { width, height, side, lattice, left, top, moves, copy } = composer;
  const { painted, alpha } = atSide(drawing, composer);
  finer(drawing.residual, lattice, side, moves);
  copy.set(pixels);
  const half = (side - 1) / 2;
  const [lastX, lastY] = [width - 1, height - 1];
  for (let y = 0, i = 0; y < side; y++) {
    let at = 4 * ((top + y) * width + left);
    for (let x = 0; x < side; x++, i++, at += 4) {
      let px = x + left + half * moves[2 * i];
      let py = y + top + half * moves[2 * i + 1];
      px = px < 0 ? 0 : px > lastX ? lastX : px;
      py = py < 0 ? 0 : py > lastY ? lastY : py;
      const column = px | 0;
      const row = py | 0;
      const a = 4 * (row * width + column);
      const b = column < lastX ? a + 4 : a;
      const c = row < lastY ? a + 4 * width : a;
      const d = c + b - a;
      const wd = (px - column) * (py - row);
      const wb = px - column - wd;
      const wc = py - row - wd;
      const wa = 1 - wb - wc - wd;
      const share = alpha[i] < 0 ? 0 : alpha[i] > 1 ? 1 : alpha[i];
      for (let k = 0; k < 3; k++) {
        const moved = wa * copy[a + k] + wb * copy[b + k] + wc * copy[c + k] + wd * copy[d + k];
        pixels[at + k] = moved * share + painted[3 * i + k] * (1 - share);
      }
    }
  }
}

function atSide({ painted, alpha }, { enlarged, size }) {
  if (!enlarged) return { painted, alpha };
  const { cubic, line, rows } = enlarged;
  resampled(painted, size, size, 3, cubic, cubic, enlarged.painted, rows);
  resampled(alpha, size, size, 1, line, line, enlarged.alpha, rows);
  return enlarged;
}

// The person layer laid over a picture along the turn's map.

/**
 * Draws `layer` {data RGBA, width, height} over `pixels` (height x width RGBA), in place.
 * `grid.map` holds the layer's pixel for each node (x and y); `extent` of the layer is not empty.
 * `pixels` is a Uint8Array: rounding is done here, which is faster than a clamped array's.
 */
export function drawTurned(pixels, width, height, layer, grid, extent) {
  const [left, top, right, bottom] = reached(grid, extent, width, height);
  const { cell, map, rowX, rowY } = grid;
  const nodes = grid.x.length;
  const { data } = layer;
  const stride = 4 * layer.width;
  const lastX = layer.width - 1;
  const lastY = layer.height - 1;
  for (let y = top; y < bottom; y++) {
    // node i is the middle of the pixels from (i - 1) cell on
    const place = (y + 0.5) / cell + 0.5;
    const v = place - Math.floor(place);
    for (let i = 0, at = 2 * Math.floor(place) * nodes; i < nodes; i++, at += 2) {
      rowX[i] = map[at] + v * (map[at + 2 * nodes] - map[at]);
      rowY[i] = map[at + 1] + v * (map[at + 2 * nodes + 1] - map[at + 1]);
    }
    let at = 4 * (y * width + left);
    for (let x = left; x < right; x++, at += 4) {
      const along = (x + 0.5) / cell + 0.5;
      const node = along | 0;
      const u = along - node;
      let sx = rowX[node] + u * (rowX[node + 1] - rowX[node]);
      let sy = rowY[node] + u * (rowY[node + 1] - rowY[node]);
      sx = sx < 0 ? 0 : sx > lastX ? lastX : sx; // the edge goes on beyond it
      sy = sy < 0 ? 0 : sy > lastY ? lastY : sy;
      const column = sx | 0;
      const row = sy | 0;
      const a = row * stride + 4 * column;
      const b = column < lastX ? a + 4 : a;
      const c = row < lastY ? a + stride : a;
      const d = c + b - a;
      if ((data[a + 3] | data[b + 3] | data[c + 3] | data[d + 3]) === 0) continue;
      const p = sx - column;
      const q = sy - row;
      const wd = p * q;
      const wb = p - wd;
      const wc = q - wd;
      const wa = 1 - p - wc;
      const red = wa * data[a] + wb * data[b] + wc * data[c] + wd * data[d];
      const green = wa * data[a + 1] + wb * data[b + 1] + wc * data[c + 1] + wd * data[d + 1];
      const blue = wa * data[a + 2] + wb * data[b + 2] + wc * data[c + 2] + wd * data[d + 2];
      const alpha = wa * data[a + 3] + wb * data[b + 3] + wc * data[c + 3] + wd * data[d + 3];
      const share = alpha * (1 / 255);
      const rest = 1 - share;
      pixels[at] = red * share + pixels[at] * rest + 0.5;
      pixels[at + 1] = green * share + pixels[at + 1] * rest + 0.5;
      pixels[at + 2] = blue * share + pixels[at + 2] * rest + 0.5;
    }
  }
}

/** left, top, right, bottom of the pixels that may show the person. */
function reached({ cell, map, x, y }, [low, above, high, below], width, height) {
  const room = 2 * cell;
  let [left, top, right, bottom] = [x.length, y.length, -1, -1];
  for (let row = 0, i = 0; row < y.length; row++) {
    for (let column = 0; column < x.length; column++, i += 2) {
      const inside = map[i] > low - room && map[i] < high + room &&
        map[i + 1] > above - room && map[i + 1] < below + room;
      if (!inside) continue;
      if (column < left) left = column;
      if (column > right) right = column;
      if (row < top) top = row;
      bottom = row;
    }
  }
  if (right < 0) return [0, 0, 0, 0];
  const limit = (node, size) => Math.max(0, Math.min(size, node * cell));
  // a cell of room on each side
  return [
    ...[limit(left - 2, width), limit(top - 2, height)],
    ...[limit(right + 1, width), limit(bottom + 1, height)],
  ];
}

// Fields on a square lattice that spans a picture from edge to edge (renderer/lattice.py).

/**
 * The (from x from x 2) `field` at side `to`, bilinear between its lattice points, into `into`
 * (to x to x 2).
 */
export function finer(field, from, to, into) {
  const step = to > 1 ? (from - 1) / (to - 1) : 0;
  for (let y = 0, at = 0; y < to; y++) {
    const row = Math.min(Math.floor(y * step), from - 2);
    const v = y * step - row;
    for (let x = 0; x < to; x++, at += 2) {
      const column = Math.min(Math.floor(x * step), from - 2);
      const u = x * step - column;
      const a = 2 * (row * from + column);
      const b = a + 2 * from;
      for (let k = 0; k < 2; k++) {
        into[at + k] = (1 - v) * (field[a + k] + u * (field[a + 2 + k] - field[a + k])) +
          v * (field[b + k] + u * (field[b + 2 + k] - field[b + k]));
      }
    }
  }
}

/**
 * (side x side x channels) `features` at the picture coordinates `flow` (side x side x 2),
 * bilinear, into `into`; the edge goes on beyond it.
 */
export function sampled(features, side, channels, flow, into) {
  const last = side - 1;
  for (let i = 0, to = 0; i < side * side; i++, to += channels) {
    let x = (flow[2 * i] + 1) * (last / 2);
    let y = (flow[2 * i + 1] + 1) * (last / 2);
    x = x < 0 ? 0 : x > last ? last : x;
    y = y < 0 ? 0 : y > last ? last : y;
    const column = Math.min(x | 0, last - 1);
    const row = Math.min(y | 0, last - 1);
    const a = (row * side + column) * channels;
    const c = a + side * channels;
    const wd = (x - column) * (y - row);
    const wb = x - column - wd;
    const wc = y - row - wd;
    const wa = 1 - wb - wc - wd;
    for (let k = 0; k < channels; k++) {
      into[to + k] = wa * features[a + k] + wb * features[a + channels + k] +
        wc * features[c + k] + wd * features[c + channels + k];
    }
  }
}

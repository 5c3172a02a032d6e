// Pictures of another size: means of areas, cubic or linear, as OpenCV's `resize` places them.

import { clamp } from "./numbers.js";

const SHARPNESS = -0.75; // of the cubic kernel

/** Which pixels of `from`, and how much of each, make each of `to` pixels: means of areas. */
export function byArea(from, to) {
  const scale = from / to;
  return tableOf(to, Math.ceil(scale) + 1, (i, add) => {
    const [start, end] = [i * scale, Math.min((i + 1) * scale, from)];
    for (let at = Math.floor(start); at < end - 1e-9; at++) {
      add(at, (Math.min(at + 1, end) - Math.max(at, start)) / (end - start));
    }
  });
}

/** The same, cubic; the edge goes on beyond it. */
export function byCubic(from, to) {
  const a = SHARPNESS;
  return tableOf(to, 4, (i, add) => {
    const place = ((i + 0.5) * from) / to - 0.5;
    const first = Math.floor(place) - 1;
    for (let tap = 0; tap < 4; tap++) {
      const x = Math.abs(place - first - tap);
      const near = ((a + 2) * x - (a + 3)) * x * x + 1;
      const far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
      add(clamp(first + tap, 0, from - 1), x <= 1 ? near : far);
    }
  });
}

/** The same, linear; the edge goes on beyond it. */
export function byLine(from, to) {
  return tableOf(to, 2, (i, add) => {
    const place = clamp(((i + 0.5) * from) / to - 0.5, 0, from - 1);
    const first = Math.floor(place);
    add(first, 1 - place + first);
    add(Math.min(first + 1, from - 1), place - first);
  });
}

/**
 * `data` (height x width x channels) at another size, as numbers that are not rounded. `across`
 * and `down` are tables of `byArea`, `byCubic` or `byLine`; `into` and `rows` are buffers for it.
 */
export function resampled(data, width, height, channels, across, down, into, rows) {
  const [toWidth, toHeight] = [across.length, down.length];
  const half = rows ?? new Float32Array(toWidth * height * channels);
  const whole = into ?? new Float32Array(toWidth * toHeight * channels);
  for (let y = 0, out = 0; y < height; y++) {
    const row = y * width * channels;
    for (let x = 0; x < toWidth; x++) {
      const first = x * across.taps;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let tap = first; tap < first + across.taps; tap++) {
          sum += across.weights[tap] * data[row + across.places[tap] * channels + c];
        }
        half[out++] = sum;
      }
    }
  }
  const stride = toWidth * channels;
  whole.fill(0, 0, stride * toHeight);
  for (let y = 0; y < toHeight; y++) {
    for (let tap = y * down.taps; tap < (y + 1) * down.taps; tap++) {
      const [weight, from, to] = [down.weights[tap], down.places[tap] * stride, y * stride];
      if (weight === 0) continue;
      for (let i = 0; i < stride; i++) whole[to + i] += weight * half[from + i];
    }
  }
  return whole;
}

/** `values` rounded to levels. */
export function levels(values) {
  return Uint8ClampedArray.from(values); // which rounds and cuts
}

function tableOf(length, taps, fill) {
  const table = {
    length,
    taps,
    places: new Int32Array(length * taps),
    weights: new Float32Array(length * taps),
  };
  for (let i = 0; i < length; i++) {
    let at = i * taps;
    fill(i, (place, weight) => {
      table.places[at] = place;
      table.weights[at++] = weight;
    });
  }
  return table;
}

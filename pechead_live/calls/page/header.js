// What a receiver must know once (docs/coefficient-stream.md, "Header").

import { crc32 } from "./crc32.js";
import { PARAMETERS } from "./frame_syntax.js";

export const VERSION = 1;
const MAGIC = 0x50484353; // PHCS
const HEADER_BYTES = 4 + 1 + 8 * PARAMETERS + 4;
const LARGEST = 1e6; // step and origin

/**
 * `{steps, origin}`, each 52 numbers: how far a level goes in each parameter (0 if it is not
 * carried), and the avatar at rest. Rounded to float32, so that both ends compute with the same.
 */
export function newHeader(steps, origin) {
  const usable = (value) => Math.abs(value) <= LARGEST; // NaN is not
  const right =
    [steps, origin].every((list) => list.length === PARAMETERS && list.every(usable)) &&
    steps.every((step) => step >= 0);
  if (!right) {
    throw new Error("a stream's header is damaged: a step or an origin is no usable number");
  }
  const rounded = (list) => Float64Array.from(list, Math.fround);
  return { steps: rounded(steps), origin: rounded(origin) };
}

/** Its bytes, 425. */
export function writeHeader({ steps, origin }) {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  bytes[4] = VERSION;
  [...steps, ...origin].forEach((value, place) => view.setFloat32(5 + 4 * place, value));
  view.setUint32(HEADER_BYTES - 4, crc32(bytes.subarray(0, -4)));
  return bytes;
}

/** The header that `bytes` are; throws an Error for what is none. */
export function readHeader(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 5 || view.getUint32(0) !== MAGIC) {
    throw new Error("this is no header of a coefficient stream: it begins with PHCS");
  }
  if (bytes[4] !== VERSION) {
    throw new Error(`a stream of version ${bytes[4]}; this page reads ${VERSION}: load it anew`);
  }
  const whole = bytes.length === HEADER_BYTES;
  if (!whole || crc32(bytes.subarray(0, -4)) !== view.getUint32(HEADER_BYTES - 4)) {
    throw new Error(`a stream's header is damaged (${bytes.length} bytes)`);
  }
  const numbers = (first) =>
    Array.from({ length: PARAMETERS }, (_, place) => view.getFloat32(first + 4 * place));
  return newHeader(numbers(5), numbers(5 + 4 * PARAMETERS));
}

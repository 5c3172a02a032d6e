// Several small things in one message, or in an Opus packet's padding (calling/riders.py): a byte
// `number << 1 | 1`, a length byte and the content; the last one `number << 1` and its content.

export const WANT = 119; // digest of a still
export const HEADER = 120; // of the coefficient stream
export const EARLIER = 121; // a packet of the coefficient stream, before that of COEFFICIENTS
export const COEFFICIENTS = 122;
export const FEEDBACK = 123; // of the stream's receiver
export const SOUND_TIME = 124; // when the sound was heard, milliseconds of the stream (4 bytes)
export const PIECE = 125; // pieces of a still
export const RECEIPT = 126; // the answer to them

const SHORT = 32; // numbers below have no content that is told so

/** Bytes of `riders`, a Map from number to Uint8Array; each at most 255 long but the last. */
export function packRiders(riders) {
  const entries = [...riders];
  const parts = entries.map(([number, content], at) =>
    at < entries.length - 1
      ? [(number << 1) | 1, content.length, ...content]
      : [number << 1, ...content],
  );
  return Uint8Array.from(parts.flat());
}

/** The riders in `data` (Uint8Array), up to where it makes no sense. */
export function unpackRiders(data) {
  const found = new Map();
  let at = 0;
  while (at < data.length) {
    const [number, hasLength] = [data[at] >> 1, data[at] & 1];
    at += 1;
    if (number < SHORT) {
      at += number ? hasLength : 0;
      continue;
    }
    if (!hasLength) {
      found.set(number, data.slice(at));
      break;
    }
    if (at >= data.length || at + 1 + data[at] > data.length) break;
    found.set(number, data.slice(at + 1, at + 1 + data[at]));
    at += 1 + data[at];
  }
  return found;
}

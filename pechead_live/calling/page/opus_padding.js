// Bytes that ride in an Opus packet's padding (RFC 6716, 3.2.5; calling/opus_padding.py).

const MOST_BYTES = 1000;

/** `opus` (Uint8Array) with `padding` in it; null if it cannot take it. */
export function padded(opus, padding) {
  const shape = shapeOf(opus);
  if (!shape || !padding.length || padding.length > MOST_BYTES) return null;
  if (shape.padding.some((byte) => byte)) return null;
  let whole = Math.floor(padding.length / 254);
  let rest = padding.length % 254;
  if (rest === 0) [whole, rest] = [whole - 1, 254]; // 255 says that another length byte follows
  const head = [shape.toc, shape.frames | 0x40, ...Array(whole).fill(255), rest];
  const made = new Uint8Array(head.length + shape.rest.length + padding.length);
  made.set(head);
  made.set(shape.rest, head.length);
  made.set(padding, head.length + shape.rest.length);
  return made;
}

/** The padding of `opus`, empty if it has none or is damaged. */
export function paddingOf(opus) {
  return shapeOf(opus)?.padding ?? new Uint8Array();
}

/** How long the sound of `opus` is (RFC 6716, 3.1). */
export function secondsOf(opus) {
  const [toc, frames] = [opus[0], (shapeOf(opus)?.frames ?? 0) & 0x3f];
  const config = toc >> 3;
  if (config < 12) return frames * [0.01, 0.02, 0.04, 0.06][config % 4];
  if (config < 16) return frames * [0.01, 0.02][config % 2];
  return frames * [0.0025, 0.005, 0.01, 0.02][config % 4];
}

/** The packet as one of code 3: `frames` is its count byte, `rest` what follows. */
function shapeOf(opus) {
  if (!opus.length) return null;
  const toc = opus[0] | 3;
  const code = opus[0] & 3;
  const none = new Uint8Array();
  if (code < 3) {
    return { toc, frames: [1, 2, 0x82][code], rest: opus.subarray(1), padding: none };
  }
  if (opus.length < 2 || (opus[1] & 0x3f) === 0) return null;
  const frames = opus[1] & ~0x40;
  const rest = opus.subarray(2);
  if (!(opus[1] & 0x40)) return { toc, frames, rest, padding: none };
  let [length, at] = [0, 0];
  while (at < rest.length && rest[at] === 255) [length, at] = [length + 254, at + 1];
  if (at === rest.length || length + rest[at] > rest.length - at - 1) return null;
  [length, at] = [length + rest[at], at + 1];
  const end = rest.length - length;
  return { toc, frames, rest: rest.subarray(at, end), padding: rest.subarray(end) };
}

// A packet: three or four bytes, then a codeword (docs/coefficient-stream.md, "Packet").

import { crc32 } from "./crc32.js";
import { PARAMETERS } from "./frame_syntax.js";
import { VERSION } from "./header.js";

export const MOST_FRAMES = 3;
export const FARTHEST = 255; // frames to the reference
const MOST_BYTES = 1200;
const NEAR = 15;

/** `{frames, distance, at, lowNumber, check}`, `at`: where the codeword begins; null for none. */
export function readStart(packet) {
  if (packet.length < 3 || packet.length > MOST_BYTES || packet[0] >> 6 !== VERSION) return null;
  const frames = 1 + ((packet[0] >> 4) & 3);
  let distance = packet[0] & 15;
  let at = 3;
  if (frames > MOST_FRAMES) return null;
  if (distance === NEAR) {
    if (packet.length < 4 || packet[3] < NEAR) return null;
    distance = packet[3];
    at = 4;
  }
  return { frames, distance, at, lowNumber: packet[1], check: packet[2] };
}

/** The packet of `moments`, the first of which refers to the frame `distance` before it. */
export function writePacket(moments, distance, codeword) {
  const near = Math.min(distance, NEAR);
  const first = (VERSION << 6) | ((moments.length - 1) << 4) | near;
  const start = [first, moments[0].number % 256, checkOf(moments)];
  if (near === NEAR) start.push(distance);
  return Uint8Array.from([...start, ...codeword]);
}

/** 8 bits of the CRC-32 of the decoded frames. */
export function checkOf(moments) {
  const bytes = new Uint8Array(moments.length * (9 + 2 * PARAMETERS));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { number, tick, confidence, lost, holds, levels } of moments) {
    view.setUint32(at, number);
    view.setUint32(at + 4, tick);
    view.setUint8(at + 8, (confidence << 2) | (lost ? 2 : 0) | (holds ? 1 : 0));
    levels.forEach((level, place) => view.setInt16(at + 9 + 2 * place, level));
    at += 9 + 2 * PARAMETERS;
  }
  return crc32(bytes) & 255;
}

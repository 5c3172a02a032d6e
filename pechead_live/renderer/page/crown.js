// What the photo cuts off at its upper and lower edge (renderer/crown.py says why).

import { clamp, roundEven } from "./numbers.js";

const [ROOM, FOOT] = [0.18, 0.15]; // added above and below, in stage heights
const RADIUS = 0.3; // of a round head, in stage heights

/**
 * The person layer `stage` {data RGBA, width, height} with room above and below: {data, width,
 * height, room}; its old first row is row `room`. `hair`: how many of its first rows are hair.
 */
export function withCrown(stage, hair) {
  const { width, height } = stage;
  const [room, foot] = [roundEven(ROOM * height), roundEven(FOOT * height)];
  const data = new Uint8Array(width * (room + height + foot) * 4);
  const copyRow = (from, to) =>
    data.set(stage.data.subarray(from * width * 4, (from + 1) * width * 4), to * width * 4);
  for (let y = 0; y < room; y++) {
    const away = (room - 1 - y) % (2 * hair);
    copyRow(Math.min(away, 2 * hair - 1 - away), y);
  }
  for (let y = 0; y < height; y++) copyRow(y, room + y);
  for (let y = 0; y < foot; y++) copyRow(height - 1 - y, room + height + y);
  cutDome(data, stage, room);
  return { data, width, height: room + height + foot, room };
}

function cutDome(data, stage, room) {
  const { width, height } = stage;
  const touching = [];
  for (let x = 0; x < width; x++) if (stage.data[4 * x + 3] > 127) touching.push(x);
  const [left, right] = [touching[0], touching.at(-1)];
  const half = (right - left) / 2 + 1;
  const radius = Math.max(RADIUS * height, 1.15 * half);
  const sunk = Math.sqrt(radius ** 2 - half ** 2);
  for (let y = 0; y < room; y++) {
    for (let x = 0; x < width; x++) {
      const away = x - (left + right) / 2;
      const arc = Math.sqrt(Math.max(radius ** 2 - away ** 2, 0)) - sunk;
      const within = y > 0 && touching.length > 2 && Math.abs(away) < half;
      const share = within ? clamp((arc - room + y) / 3 + 0.5, 0, 1) : 0;
      const at = (y * width + x) * 4 + 3;
      data[at] = data[at] * share + 0.5;
    }
  }
}

// What ends say of the ladder, checked before it is used (calling/messages.py).

import { MOTION, RUNGS } from "./ladder.js";

const LONGEST_NAME = 200;

/** Characters of an SDP that ends take; they leave a longer one. */
export const LONGEST_SDP = 7000;

const MOST_RUNGS = 16;
const MOST_COUNT = 2 ** 40;
const MOST_NUMBER = 10; // of a pose: radians, picture units, logarithms
const EXPRESSION_SIZE = 52;

const isBetween = (most) => (value) => typeof value === "number" && value >= 0 && value <= most;
const isCount = (value) => Number.isInteger(value) && value >= 0 && value < MOST_COUNT;
const isNumber = (value) => typeof value === "number" && Math.abs(value) <= MOST_NUMBER;
const areNumbers = (count) => (value) =>
  Array.isArray(value) && value.length === count && value.every(isNumber);
const isSdp = (value) => typeof value === "string" && value.length <= LONGEST_SDP;

/** Whether `value` names a still. */
export const isDigest = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);

const FIELDS = {
  rung: {
    rung: (value) => RUNGS.includes(value),
    shows: (value) => ["avatar", "camera"].includes(value),
    why: (value) => typeof value === "string" && value.length <= LONGEST_NAME,
  },
  pictures: { sdp: isSdp },
  "pictures taken": { sdp: isSdp },
  sees: {
    pictures: isCount,
    lost: isBetween(1),
  },
  draws: { pictures: isBetween(1000) },
  still: {
    digest: isDigest,
    bytes: isCount,
    turn: areNumbers(3),
    place: areNumbers(3),
    expression: areNumbers(EXPRESSION_SIZE),
  },
};

/** Whether `message` is one of the ladder's, and holds what it must. */
export function isOfLadder(message) {
  if (typeof message.type !== "string" || !Object.hasOwn(FIELDS, message.type)) return false;
  return Object.entries(FIELDS[message.type]).every(([name, check]) => check(message[name]));
}

/** Of a hello, the rungs that the other end can show; an earlier release's says nothing of them. */
export function takenRungs({ takes }) {
  const words = Array.isArray(takes) ? takes.slice(0, MOST_RUNGS) : [];
  const rungs = RUNGS.map((_, rung) => rung);
  return rungs.filter((rung) => rung === MOTION || words.includes(RUNGS[rung]));
}

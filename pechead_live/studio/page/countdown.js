// 3, 2, 1: over an element, read out once, and stopped when the user turns away.

import { announce } from "/page/notices.js";

const STEP_MS = 900;

/** Counts from three; `show(number)` draws each. True at the end, false if `signal` was aborted. */
export async function countDown(show, signal) {
  for (const number of [3, 2, 1]) {
    if (signal?.aborted) return false;
    show(number);
    announce(String(number));
    await new Promise((done) => setTimeout(done, STEP_MS));
  }
  return !signal?.aborted;
}

// When what came is shown: the jitter buffer, and the stream's time.

const WINDOW = 2; // seconds that ways are remembered, to know the shortest and how much they differ
const SPREAD = 0.9; // share of the frames that shall be there in time
const HURRY = 0.1; // the stream's time runs by up to a tenth faster or slower to where it should be
const JUMP = 0.5; // seconds: where it is farther from there, it jumps

/**
 * `{quickest, wait}`, seconds: the shortest way of late, from capture (`time`) to the receiver
 * (`came`), and how long to wait for the longer ones, at most `longestWait`.
 */
export function bufferTime(samples, longestWait) {
  const newest = Math.max(...samples.map((sample) => sample.came));
  const near = samples.filter((sample) => sample.came >= newest - WINDOW);
  const ways = near.map((sample) => sample.came - sample.time).sort((a, b) => a - b);
  const most = ways[Math.ceil(SPREAD * ways.length) - 1] - ways[0];
  // Until the next frame is due there must be one to move towards.
  const wait = most + samples.at(-1).interval;
  return { quickest: ways[0], wait: Math.min(wait, longestWait) };
}

/** The stream's time, `elapsed` seconds after it was `time`; it should be `due`. */
export function streamTime(time, elapsed, due) {
  if (!Number.isFinite(time) || Math.abs(due - time - elapsed) > JUMP) return due;
  const step = Math.max(due - time, (1 - HURRY) * elapsed);
  return time + Math.min(step, (1 + HURRY) * elapsed);
}

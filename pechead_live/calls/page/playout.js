// What the receiver shows at a moment: frames in their time, joined, and gaps bridged.
//
// Frames come early, late or never. They are shown a little after the quickest of them could have
// been (the jitter buffer), values between two frames on the line from one to the other. Where the
// next one is missing the motion goes on for a moment, ever more slowly; when frames come again,
// what is shown moves over to them instead of jumping.

import { fromParameters, PARAMETER_NAMES, toParameters } from "./parameters.js";
import { bufferTime, streamTime } from "./playout_clock.js";
import { checkedTimes } from "./settings.js";

const DAMPING = 0.05; // a motion that goes on without frames loses its speed by 1/e in this time
const JUMP = 0.25; // seconds: where the stream's time jumps so far, the values must not
const KEPT = 64; // frames that are remembered

// Seconds.
const USUAL = {
  // Of the jitter buffer, at most.
  longestWait: 0.06,
  // So long a motion goes on without frames; then it stands.
  bridged: 0.12,
  // Time constant with which what is shown moves over to frames that come again: a spring that is
  // damped critically, so that it sets off gently, too.
  recovery: 0.08,
  // Without frames for so long, nobody is there: a silence is shorter.
  lost: 1,
};

/** The settings, those that are not given as usual; throws a RangeError for what is none. */
export function playoutConfig(settings = {}) {
  return checkedTimes(USUAL, settings);
}

/** The state before the first frame. */
export function initialPlayout() {
  const nothing = new Float64Array(PARAMETER_NAMES.length);
  return {
    samples: [], // frames, in the order of their times
    time: -Infinity, // of the stream, as it was shown last; seconds
    shownAt: -Infinity, // on the receiver's clock
    correction: nothing, // what is still added to the frames' values, so that nothing jumps
    correctionSpeed: nothing, // by which it changes, per second
  };
}

/** The state with a `frame` of StreamDecoder that came `at` seconds of the receiver's clock. */
export function arrived(state, frame, at, config) {
  const { number, seconds: time, interval, lost, holds, confidence } = frame;
  const values = toParameters(fromParameters(frame.values, confidence)); // within their ranges
  const sample = { number, time, values, interval, lost, holds, confidence, came: at };
  // Times grow with numbers; what does not fit to this frame goes.
  const earlier = state.samples.filter((s) => s.number < number && s.time < time);
  const later = state.samples.filter((s) => s.number > number && s.time > time);
  const samples = [...earlier, sample, ...later].slice(-KEPT);
  let { correction } = state;
  if (state.samples.length && Number.isFinite(state.time)) {
    const before = valuesAt(state.samples, state.time, config);
    const after = valuesAt(samples, state.time, config);
    correction = correction.map((value, k) => value + before[k] - after[k]);
  }
  return { ...state, samples, correction };
}

/**
 * What to draw `now`, seconds of the receiver's clock, and the state after it:
 * `[{coefficients, seconds, bridged, face, delay}, state]`, null in place of the first before the
 * first frame. `seconds`: the stream's time; `bridged`: the frame that belongs here is missing;
 * `face`: false where the sender's face is not there, and the avatar should rest; `delay`: how long
 * ago this was captured, seconds, by the quickest frame's way: the jitter buffer's share.
 */
export function shown(state, now, config) {
  const { samples } = state;
  if (!samples.length) return [null, state];
  const elapsed = Number.isFinite(state.shownAt) ? Math.max(0, now - state.shownAt) : 0;
  const { quickest, wait } = bufferTime(samples, config.longestWait);
  const time = streamTime(state.time, elapsed, now - quickest - wait);
  let [correction, correctionSpeed] = relaxed(state, elapsed, config);
  const values = valuesAt(samples, time, config);
  if (Number.isFinite(state.time) && Math.abs(time - state.time - elapsed) > JUMP) {
    const onward = valuesAt(samples, state.time + elapsed, config);
    correction = correction.map((value, k) => value + onward[k] - values[k]);
  }
  const newest = samples.at(-1);
  const current = samples[Math.max(0, countUntil(samples, time) - 1)];
  const face = !current.lost && time - newest.time <= config.lost;
  const said = {
    coefficients: fromParameters(
      values.map((value, k) => value + correction[k]),
      face ? current.confidence : 0,
    ),
    seconds: time,
    bridged: time > newest.time + 1e-6 && !newest.holds,
    face,
    delay: now - quickest - time,
  };
  return [said, { ...state, time, shownAt: now, correction, correctionSpeed }];
}

/** Correction and its speed after `elapsed` seconds. */
function relaxed({ correction, correctionSpeed }, elapsed, { recovery }) {
  const rate = 1 / recovery;
  const left = Math.exp(-rate * elapsed);
  const both = correctionSpeed.map((speed, k) => speed + rate * correction[k]);
  return [
    correction.map((value, k) => (value + both[k] * elapsed) * left),
    correctionSpeed.map((speed, k) => (speed - rate * both[k] * elapsed) * left),
  ];
}

/** How many of the samples are not later than `time`. */
function countUntil(samples, time) {
  return samples.findLastIndex((sample) => sample.time <= time) + 1;
}

/** Float64Array(52) between the frames around `time`, or beyond the newest. */
function valuesAt(samples, time, config) {
  const place = countUntil(samples, time);
  if (place === 0) return samples[0].values;
  const before = samples[place - 1];
  if (place < samples.length) return valuesBetween(before, samples[place], time);
  const earlier = samples.at(-2);
  if (before.holds || before.lost || !earlier || earlier.lost) return before.values;
  const apart = before.time - earlier.time;
  if (apart > config.bridged) return before.values;
  const beyond = Math.min(time - before.time, config.bridged);
  const goneOn = DAMPING * (1 - Math.exp(-beyond / DAMPING));
  return before.values.map((value, k) => value + ((value - earlier.values[k]) / apart) * goneOn);
}

function valuesBetween(before, after, time) {
  // After a silence the motion began one interval before its first frame.
  const began = before.holds ? Math.max(before.time, after.time - after.interval) : before.time;
  const share = Math.max(0, time - began) / Math.max(after.time - began, 1e-6);
  const weight = Math.min(share, 1);
  return before.values.map((value, k) => value + (after.values[k] - value) * weight);
}

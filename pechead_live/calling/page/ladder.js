// The ladder: what an end of a call sends, by how well its face is read and what the line carries
// (calling/ladder/rungs.py). Pure: `climbed` takes the state, what was seen and the time. Seconds.

import { roundEven } from "../calls/choice.js";

/** Rungs are numbers, these their words in messages. */
export const RUNGS = ["motion", "still", "low", "video"];
export const [MOTION, STILL, LOW, VIDEO] = [0, 1, 2, 3];

// Seconds of an unread face that a second of a read one makes good (calling/ladder/rungs.py).
const FORGIVEN = 0.5;

const LEAST_CARRIED = 0.6; // share of the pictures that arrive on a line that carries them

const USUAL = {
  rungs: [MOTION], // that may be used, from the lowest
  ofCamera: false, // whether pictures are the camera's; else they are the avatar's, drawn here
  // Confidence of the tracker: below it coefficients say too little, above it enough.
  unsure: 0.6,
  sure: 0.75,
  // So long, before it goes up (FORGIVEN counts what was read in between), and down.
  unsureFor: 1.5,
  sureFor: 5,
  slow: 10, // pictures a second that the other end draws, below which it is sent video
  // Share of what is lost: above it the line does not carry it, below it may carry more.
  lossy: 0.1,
  lossless: 0.04,
  // Delay beyond the line's own, likewise.
  late: 0.25,
  prompt: 0.12,
  badFor: 1, // the line is bad for so long, before it goes down
  stillFor: 8, // a fresh still is waited for so long, before more is sent
  settle: 3, // after a step, before the next one up, and before what the line did counts
  // After a step down for the line, before it is tried again; twice as long each time, at most.
  hold: 10,
  mostHold: 160,
};

/** The settings, those that are not given as usual; a RangeError for rungs that cannot be. */
export function ladderConfig(settings = {}) {
  const config = { ...USUAL, ...settings };
  const { rungs, ofCamera } = config;
  const grow = rungs.every((rung, k) => rung in RUNGS && (k === 0 || rung > rungs[k - 1]));
  const ofAvatar = !rungs.includes(STILL) && !rungs.includes(VIDEO);
  if (rungs[0] !== MOTION || !grow || !(ofCamera || ofAvatar)) {
    throw new RangeError(`the ladder's rungs cannot be ${rungs}`);
  }
  return Object.freeze(config);
}

/** Why, in the words that both ends see. */
export const UNREAD = "the face cannot be read well";
export const READ = "the face is read well again";

/** Where an end stands before its first step. */
export function initialLadder() {
  return {
    rung: MOTION,
    why: "the call begins", // of the last step
    steppedAt: -1e9,
    // Since when coefficients say too little: later by what was read in between (FORGIVEN).
    unsureAt: null,
    isUnsure: false, // whether coefficients said too little in the last look
    lookedAt: -1e9, // of the last look
    sureAt: null, // since when they say enough
    badAt: null, // since when the line is bad
    heldUntil: -1e9, // no step up before
    hold: null, // of the last step down for the line
    stillAt: null, // since when the other end has a fresh still of this rung
  };
}

/**
 * After what was seen `now`; the rung is the next one that is of use, at most. `look`: `{confidence,
 * drawn, lost, late, carried, still}`; `still`: whether the other end has a fresh still of this rung,
 * false if none could be taken; it, `drawn` and `carried` are null where that is not known.
 */
export function climbed(before, look, now, config) {
  let ladder = noted(before, look, now, config);
  if (now - ladder.steppedAt >= config.mostHold) ladder = { ...ladder, hold: null };
  const faceless = ladder.rung === STILL && look.still === false;
  if (now - ladder.steppedAt < config.settle && !faceless) return ladder;
  const slow = look.drawn !== null && look.drawn < config.slow;
  const unread = config.ofCamera && isUnread(ladder, now, config);
  if (ladder.rung >= LOW && since(ladder.badAt, now) >= config.badFor) {
    const below = rungBelow(ladder.rung, config, unread);
    if (below !== undefined) return fallen(ladder, below, look, now, config);
  }
  const below = rungBelow(ladder.rung, config, false);
  const enough = since(ladder.sureAt, now) >= config.sureFor;
  if (below !== undefined && enough && !(slow && ladder.rung === LOW)) {
    return stepped(ladder, below, READ, now);
  }
  const above = config.rungs.find((rung) => rung > ladder.rung && (unread || rung !== STILL));
  if (above === undefined) return ladder;
  if (ladder.rung === STILL && !wasShown(ladder, look, now, config)) return ladder;
  if (above >= LOW && (now < ladder.heldUntil || isStrained(look, config))) return ladder;
  if (unread) return stepped(ladder, above, UNREAD, now);
  if (slow && ladder.rung < LOW) {
    const why = `motion is drawn only ${roundEven(look.drawn)} times a second`;
    return stepped(ladder, above, why, now);
  }
  return ladder;
}

/** Whether the fresh still has been seen for a while, or was waited for in vain. */
function wasShown({ steppedAt, stillAt }, { still }, now, { stillFor, settle }) {
  return still === false || now - steppedAt >= stillFor || since(stillAt, now) >= settle;
}

/** `still`: a fresh still is of use, as the face is not read. */
const rungBelow = (from, { rungs }, still) =>
  rungs.findLast((rung) => rung < from && (still || rung !== STILL));

/** Another rung; what was measured on the one before says nothing about it. */
export function stepped(ladder, rung, why, now) {
  return { ...ladder, rung, why, steppedAt: now, badAt: null, stillAt: null };
}

/** Whether pictures are the camera's from `now` on: while the face is not read, and only then. */
export function isOfCamera(before, ladder, now, config) {
  if (!config.ofCamera) return false;
  return before ? since(ladder.sureAt, now) < config.sureFor : isUnread(ladder, now, config);
}

/** In the last look, and for long enough. */
const isUnread = ({ isUnsure, unsureAt }, now, { unsureFor }) =>
  isUnsure && since(unsureAt, now) >= unsureFor;

function noted(ladder, { confidence, lost, late, carried, still }, now, config) {
  const isUnsure = confidence < config.unsure;
  const enough = confidence > config.sure || !config.ofCamera;
  const few = carried !== null && carried < LEAST_CARRIED;
  const bad = lost > config.lossy || late > config.late || few;
  return {
    ...ladder,
    unsureAt: sinceUnsure(ladder, now, config, isUnsure),
    isUnsure,
    lookedAt: now,
    sureAt: held(ladder.sureAt, now, enough),
    badAt: held(ladder.badAt, now, bad),
    stillAt: held(ladder.stillAt, now, still === true),
  };
}

/** From one look to the next, what the earlier one saw is taken to hold. */
function sinceUnsure({ unsureAt, isUnsure: wasUnsure, lookedAt }, now, { unsureFor }, isUnsure) {
  let at = unsureAt;
  if (at !== null && !wasUnsure) at += (1 + FORGIVEN) * (now - lookedAt);
  // No more than that is to be made good.
  else if (at !== null && !isUnsure) at = Math.max(at, lookedAt - unsureFor);
  if (at === null || at > now) return isUnsure ? now : null;
  return at;
}

const held = (at, now, holds) => (holds ? (at ?? now) : null);

/** Seconds that something has held; less than none if it does not hold. */
const since = (at, now) => (at === null ? -1 : now - at);

const isStrained = ({ lost, late }, config) => lost > config.lossless || late > config.prompt;

function fallen(ladder, below, { lost, late }, now, config) {
  let why = "too few of the pictures arrive";
  if (lost > config.lossy) why = `the line loses ${roundEven(100 * lost)} % of it`;
  else if (late > config.late) why = `the line delays it by ${roundEven(1000 * late)} ms`;
  const hold = Math.min(ladder.hold === null ? config.hold : 2 * ladder.hold, config.mostHold);
  return { ...stepped(ladder, below, why, now), heldUntil: now + hold, hold };
}

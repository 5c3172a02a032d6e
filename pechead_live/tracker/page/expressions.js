// The 52 expressions by their ARKit names, and which of them move together
// (pechead_live/expressions.py, pechead_live/expression_groups.py).

export const EXPRESSION_NAMES = `
  eyeBlinkLeft eyeLookDownLeft eyeLookInLeft eyeLookOutLeft eyeLookUpLeft eyeSquintLeft eyeWideLeft
  eyeBlinkRight eyeLookDownRight eyeLookInRight eyeLookOutRight eyeLookUpRight eyeSquintRight
  eyeWideRight jawForward jawRight jawLeft jawOpen mouthClose mouthFunnel mouthPucker mouthRight
  mouthLeft mouthSmileLeft mouthSmileRight mouthFrownLeft mouthFrownRight mouthDimpleLeft
  mouthDimpleRight mouthStretchLeft mouthStretchRight mouthRollLower mouthRollUpper
  mouthShrugLower mouthShrugUpper mouthPressLeft mouthPressRight mouthLowerDownLeft
  mouthLowerDownRight mouthUpperUpLeft mouthUpperUpRight browDownLeft browDownRight browInnerUp
  browOuterUpLeft browOuterUpRight cheekPuff cheekSquintLeft cheekSquintRight noseSneerLeft
  noseSneerRight tongueOut`.trim().split(/\s+/);

export const EXPRESSION_SIZE = EXPRESSION_NAMES.length;

/** Name to index. */
export const EXPRESSION_INDEX = new Map(EXPRESSION_NAMES.map((name, index) => [name, index]));

const startingWith = (...prefixes) =>
  [...EXPRESSION_NAMES.keys()].filter((index) =>
    prefixes.some((prefix) => EXPRESSION_NAMES[index].startsWith(prefix)));

// Indices; every expression is in exactly one group.
export const BROWS = startingWith("brow", "cheekSquint", "noseSneer");
export const LIDS = startingWith("eyeBlink", "eyeSquint", "eyeWide");
export const GAZE = startingWith("eyeLook");
export const MOUTH = startingWith("jaw", "mouth", "cheekPuff", "tongueOut");

/** Pairs of indices that are two ends of one movement. */
export const OPPOSITES = [
  ["eyeLookOutLeft", "eyeLookInLeft"],
  ["eyeLookOutRight", "eyeLookInRight"],
  ["eyeLookUpLeft", "eyeLookDownLeft"],
  ["eyeLookUpRight", "eyeLookDownRight"],
  ["jawLeft", "jawRight"],
  ["mouthLeft", "mouthRight"],
].map((pair) => pair.map((name) => EXPRESSION_INDEX.get(name)));

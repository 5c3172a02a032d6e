// An avatar as it comes over a line (avatar/still.py); nothing in it is believed
// (avatar/received_still.py).

import { addExpression, faceOf, POINTS, project } from "../renderer/model.js";
import { faceModel } from "./face_model.js";

const LARGEST = 256 * 1024;
const LONGEST_TEXT = 400; // characters
const PLATE = 1.25; // picture coordinates: a face is not farther out than a little beyond the crop
const LACK = 0.5; // of the face model, half a face's width: what it lacks of any face is less
const REST = 9 + 2 + 1 + 50 + 52;

/** The SHA-256 of `bytes`, hexadecimal. */
export async function digestOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * What is in a still, as renderer/page/analytic.js takes it: `{name, consent, rest, delta, person,
 * background, height}`. Rejected with an Error if it is none.
 */
export async function openStill(bytes) {
  const { card, parts } = unpacked(bytes);
  const rest = restFrom(parts[0]);
  const missing = await inflated(parts[1]);
  const step = Number(card.missing_step);
  if (missing.length !== 2 * POINTS || !(step > 0 && step <= 1)) throw new Error("points");
  const lacks = lackOf(new Int8Array(missing.buffer), step);
  if (!isFace(await faceModel(), rest, lacks)) throw new Error("the still's face is none");
  const [person, matte, background] = await Promise.all(
    parts.slice(2).map((part) => pixelsOf(part, card.width, card.height)),
  );
  for (let at = 0; at < person.data.length; at += 4) person.data[at + 3] = matte.data[at];
  const [name, consent] = ["name", "consent", "created"].map((text) => shownText(card, text));
  return {
    name,
    consent,
    height: card.height,
    rest,
    delta: deltaFrom(lacks, rest),
    person,
    background,
  };
}

/** Without anything that a terminal obeys. */
function shownText(card, name) {
  const told = card[name];
  const text = typeof told === "string" && told.replace(/\p{C}|(?! )\p{Z}/gu, " ").trim();
  if (!text || [...told].length > LONGEST_TEXT) throw new Error(`the still has no ${name}`);
  return text;
}

function unpacked(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  if (magic !== "PHST" || bytes.length > LARGEST) throw new Error("this is no still");
  if (bytes[4] !== 1) throw new Error(`the still is of version ${bytes[4]}, this page reads 1`);
  let at = 9 + view.getUint32(5);
  if (at > 9 + 8192) throw new Error("the still's card is too long");
  const card = JSON.parse(new TextDecoder().decode(bytes.subarray(9, at)));
  const sizes = card.parts;
  if (!sizes.every((size) => Number.isInteger(size) && size >= 0)) throw new Error("no sizes");
  if (sizes.length !== 5 || at + sizes.reduce((a, b) => a + b) !== bytes.length) {
    throw new Error("the still is longer or shorter than it says");
  }
  const isSide = (side, least, most) => Number.isInteger(side) && side >= least && side <= most;
  if (!isSide(card.height, 48, 1080) || !isSide(card.width, card.height, 2 * card.height)) {
    throw new Error(`the still's pictures are ${card.width} x ${card.height}`);
  }
  const parts = sizes.map((size) => bytes.slice(at, (at += size)));
  return { card, parts };
}

function restFrom(part) {
  if (part.length !== 4 * REST) throw new Error("the still's pose is none");
  const values = new Float32Array(part.buffer);
  const finite = values.every((value) => Math.abs(value) <= 20);
  if (!finite || !(values[11] >= 1e-3) || !isRotation(values)) {
    throw new Error("the still's pose is none");
  }
  return {
    rotation: values.slice(0, 9),
    translation: values.slice(9, 11),
    scale: values[11],
    identity: values.slice(12, 62),
    expression: values.slice(62).map((value) => Math.min(Math.max(value, 0), 1)),
    confidence: 1,
  };
}

function isRotation(r) {
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) {
      const dot = r[3 * i] * r[3 * j] + r[3 * i + 1] * r[3 * j + 1] + r[3 * i + 2] * r[3 * j + 2];
      if (Math.abs(dot - (i === j)) > 1e-3) return false;
    }
  }
  const across = [r[1] * r[5] - r[2] * r[4], r[2] * r[3] - r[0] * r[5], r[0] * r[4] - r[1] * r[3]];
  return across[0] * r[6] + across[1] * r[7] + across[2] * r[8] > 0; // no mirror
}

/** (478 * 2) picture coordinates: what the face model lacks at rest. */
function lackOf(levels, step) {
  return Float32Array.from({ length: 2 * POINTS }, (_, at) =>
    step * levels[(at % 2) * POINTS + (at >> 1)]);
}

/** Whether the still's points can be those of a face. */
function isFace(model, rest, lacks) {
  const face = faceOf(model, rest.identity);
  addExpression(model, rest.expression, face);
  const points = project(face, rest, new Float64Array(2 * POINTS));
  return lacks.every(
    (lack, at) => Math.abs(points[at] + lack) <= PLATE && Math.abs(lack / rest.scale) <= LACK,
  );
}

/** (478 * 3) model space. */
function deltaFrom(lacks, { rotation, scale }) {
  const delta = new Float32Array(3 * POINTS);
  for (let point = 0; point < POINTS; point++) {
    const [x, y] = [lacks[2 * point] / scale, lacks[2 * point + 1] / scale];
    for (let k = 0; k < 3; k++) delta[3 * point + k] = x * rotation[k] + y * rotation[3 + k];
  }
  return delta;
}

async function inflated(part) {
  const stream = new Blob([part]).stream().pipeThrough(new DecompressionStream("deflate"));
  const reader = stream.getReader();
  const found = [];
  while (found.length <= 2 * POINTS) {
    const { value, done } = await reader.read();
    if (done) return Uint8Array.from(found);
    found.push(...value.subarray(0, 2 * POINTS + 1));
  }
  await reader.cancel();
  throw new Error("the still's points are not those of a face");
}

/** Width and height in the header of a lossy WebP without alpha (RFC 9649), null of anything else. */
function sizeOf(part) {
  const text = (at) => String.fromCharCode(...part.subarray(at, at + 4));
  if (part.length < 30 || text(0) !== "RIFF" || text(8) !== "WEBP" || text(12) !== "VP8 ") return null;
  const view = new DataView(part.buffer, part.byteOffset);
  return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
}

/** ImageData of a WebP. */
async function pixelsOf(part, width, height) {
  const size = sizeOf(part); // before anything is unpacked
  if (size?.[0] !== width || size[1] !== height) throw new Error("the still's pictures differ");
  const blob = new Blob([part], { type: "image/webp" });
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  if (bitmap.width !== width || bitmap.height !== height) throw new Error("sizes differ");
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, width, height);
}

// Reading the file of `pechead_live/tracker/page_solver.py`: what a fit needs that does not depend on
// the frame.

import { basisOf } from "./basis.js";

const MAGIC = 0x50485053; // "PHPS"
const VERSION = 1;
const START = 8; // of the directory

/**
 * @typedef {object} Solver
 * @property {Float64Array} mean (N * 3) model space
 * @property {import("./basis.js").Basis} identity
 * @property {import("./basis.js").Basis} expression
 * @property {Float64Array} weights (N * 3) of the coordinates, and (N) `steady` of the points in
 *   the pose
 * @property {Float64Array[]} sides (N) each: 1 on the far side when x > 0, and when x < 0 is far
 * @property {object} settings by name, as in Python
 */

/** The solver in `file`, an ArrayBuffer; throws an Error for what is no such file. */
export function readSolver(file) {
  const view = new DataView(file);
  if (file.byteLength < START || view.getUint32(0) !== MAGIC) {
    throw new Error("this is no file of a page's solver: it begins with PHPS");
  }
  const start = START + view.getUint32(4, true);
  const text = new TextDecoder().decode(new Uint8Array(file, START, start - START));
  const { version, arrays, settings } = JSON.parse(text);
  if (version !== VERSION) {
    throw new Error(`a solver of version ${version}; this page reads ${VERSION}: load it anew`);
  }
  const read = (name) => readArray(view, start, arrays[name]);
  const last = Math.max(...Object.values(arrays).map(endOf));
  if (start + last > file.byteLength) throw new Error("a solver's file is cut short: load it anew");
  const [mean, weights, outward] = ["mean", "weights", "outward"].map(read);
  const points = outward.length;
  const basis = (name, prior) => basisOf(read(name), weights, prior / points);
  return {
    mean,
    identity: basis("identity_basis", settings.identity_prior),
    expression: basis("expression_basis", settings.expression_prior),
    weights,
    steady: read("steady"),
    sides: [1, -1].map((sign) => outward.map((x) => (sign * x > settings.far_side ? 1 : 0))),
    settings,
  };
}

const bytesOf = (type) => (type === "float16" ? 2 : 4);
const countOf = (shape) => shape.reduce((product, length) => product * length, 1);
const endOf = ({ type, shape, offset }) => offset + bytesOf(type) * countOf(shape);

function readArray(view, start, { type, shape, offset }) {
  const number =
    type === "float16"
      ? (place) => half(view.getUint16(place, true))
      : (place) => view.getFloat32(place, true);
  const place = (at) => start + offset + bytesOf(type) * at;
  return Float64Array.from({ length: countOf(shape) }, (_, at) => number(place(at)));
}

/** The number whose bits as a float16 are `bits`; Float16Array is too new to rely on. */
function half(bits) {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 0 ? fraction / 2 ** 24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits >> 15 ? -size : size;
}

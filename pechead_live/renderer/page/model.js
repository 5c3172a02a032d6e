// The linear face model: coefficients to 3-D points (renderer/page_model.py writes its file).

const MAGIC = 0x4d464850; // PHFM, little-endian
const VERSION = 1;
const ARRAYS = { float32: Float32Array, int16: Int16Array, uint16: Uint16Array };

export const EXPRESSIONS = 52;
export const POINTS = 478;

/**
 * The face model in `bytes` (Uint8Array); throws an Error for what is none.
 *
 * Points are 478 x 3, model space, flat; edges are lists of vertices, upper and lower facing each
 * other; `follow` holds for each edge (edge points x 478) how far a point goes along with it.
 */
export function openModel(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || view.getUint32(0, true) !== MAGIC) {
    throw new Error("this is no face model: it begins with PHFM");
  }
  const version = view.getUint32(4, true);
  if (version !== VERSION) {
    throw new Error(`a face model of version ${version}; this page reads ${VERSION}: load it anew`);
  }
  const first = 12 + view.getUint32(8, true);
  if (first > bytes.length) throw new Error("the face model's file is cut off: load it anew");
  const directory = JSON.parse(new TextDecoder().decode(bytes.subarray(12, first)));
  const body = bytes.slice(first).buffer; // a copy begins at a multiple of eight
  const read = (name) => arrayOf(name, directory, body);
  const pair = (what) => [read(`${what}_upper_lid`), read(`${what}_lower_lid`)];
  return {
    mean: read("mean"),
    identityBasis: read("identity_basis"),
    expressionBasis: read("expression_basis"),
    triangles: read("triangles"),
    head: read("head"),
    headNormals: read("head_normals"),
    lids: [pair("right"), pair("left")],
    lips: [read("upper_lip"), read("lower_lip")],
    follow: {
      lids: [pair("follow_right"), pair("follow_left")],
      lips: [read("follow_upper_lip"), read("follow_lower_lip")],
    },
    oval: read("oval"),
    landmarks: read("landmarks"),
    irises: [directory.points.right_iris, directory.points.left_iris],
    chin: directory.points.chin,
    forehead: directory.points.forehead,
    expressions: directory.expressions,
  };
}

/** (478 x 3) the face of `identity` (50) at rest, model space. */
export function faceOf(model, identity) {
  const points = Float64Array.from(model.mean);
  addRows(points, model.identityBasis, identity);
  return points;
}

/** Adds the displacement of `expression` (52) to `points` (478 x 3), in place. */
export function addExpression(model, expression, points) {
  addRows(points, model.expressionBasis, expression);
}

/**
 * `points` (N x 3), model space, to `into` (N x 2), picture coordinates: scaled orthographic.
 * `place`: rotation (9, by rows, from model space to the camera), translation (2), scale.
 */
export function project(points, place, into) {
  const { rotation: r, translation: t, scale } = place;
  for (let i = 0, k = 0; i < points.length; i += 3, k += 2) {
    const [x, y, z] = [points[i], points[i + 1], points[i + 2]];
    into[k] = scale * (r[0] * x + r[1] * y + r[2] * z) + t[0];
    into[k + 1] = scale * (r[3] * x + r[4] * y + r[5] * z) + t[1];
  }
  return into;
}

function addRows(sum, rows, weights) {
  const length = sum.length;
  for (let row = 0; row < weights.length; row++) {
    const weight = weights[row];
    if (weight === 0) continue;
    const first = row * length;
    for (let i = 0; i < length; i++) sum[i] += weight * rows[first + i];
  }
}

function arrayOf(name, directory, body) {
  const [kind, shape, offset, steps] = directory.arrays[name];
  const length = shape.reduce((product, size) => product * size, 1);
  const stored = new ARRAYS[kind](body, offset, length);
  if (!steps) return stored;
  const values = new Float32Array(length);
  const row = length / shape[0];
  for (let i = 0; i < length; i++) values[i] = stored[i] * steps[Math.floor(i / row)];
  return values;
}

// A lite network on onnxruntime-web, cut at its warps (engines/networks/lite.py): `encode` and
// `motion` on WebAssembly, the features' warp here, `decode`, most of the work, on WebGPU where
// there is one. `motion` stays off WebGPU: onnxruntime-web 1.30 convolves its 39 channels wrongly
// there (microsoft/onnxruntime#29651; the flow was off by 0.1, encode and decode by 1e-6).

import { finer, sampled } from "./lattice.js";

const FEATURES = ["64", "128"];
const HIDDEN = "state_hidden";
const NEXT_HIDDEN = "next_state_hidden";
const MOST_LEVELS = 1; // by which a provider's painting may differ from WebAssembly's on average

/**
 * The network of the ONNX files at `urls` {encode, motion, decode}. `ort`: the module
 * onnxruntime-web, its `env` as it is. `decode` runs on the first of `providers` that can open it
 * and paints as WebAssembly does; by default WebGPU, if there is one, then WebAssembly. Throws
 * what the last of them threw.
 */
export async function openNetwork(ort, urls, providers = offered()) {
  let thrown = new Error("no execution provider is given: try webgpu or wasm");
  for (const provider of providers) {
    try {
      const network = await openOn(ort, urls, provider);
      const painted = await tryOut(network); // the first run compiles, too
      if (provider !== "wasm") {
        checkPainted(painted, await tryOut(await openOn(ort, urls, "wasm")), provider);
      }
      return network;
    } catch (error) {
      thrown = error;
    }
  }
  throw thrown;
}

/** What depends on the portrait alone: tensors. `picture` (S x S x 3), `condition` (61). */
export async function sourceOf({ ort, encode, size }, picture, condition) {
  return encode.run({
    portrait: new ort.Tensor("uint8", picture, [size, size, 3]),
    condition: new ort.Tensor("float32", condition, [condition.length]),
  });
}

/** The memory before the first frame: zeros. */
export function firstMemory({ ort, memoryShape }) {
  const length = memoryShape.reduce((product, side) => product * side, 1);
  return new ort.Tensor("float32", new Float32Array(length), memoryShape);
}

/**
 * The next frame: {residual (h x h x 2), painted (S x S x 3), alpha (S x S), memory}, the memory a
 * tensor where `decode` runs. `memory` handed in is used up. `guide`: {picture (S x S x 3), flow
 * (h x h x 2), share (h x h)}. Throws an Error if the memory is seen to be no longer finite.
 */
export async function step(network, source, condition, guide, memory) {
  const { ort, motion, decode, size, lattice } = network;
  const told = new ort.Tensor("float32", condition, [condition.length]);
  const share = new ort.Tensor("float32", guide.share, [lattice, lattice]);
  const { flow, residual, occlusion } = await motion.run({
    source_motion_features: source.source_motion_features,
    source_keypoints: source.source_keypoints,
    condition: told,
    guide_flow: new ort.Tensor("float32", guide.flow, [lattice, lattice, 2]),
    guide_share: share,
  });
  const { painted, alpha, [NEXT_HIDDEN]: after } = await decode.run({
    ...featuresAlong(network, source, flow.data),
    ...{ occlusion, condition: told, guide_share: share },
    guide_picture: new ort.Tensor("uint8", guide.picture, [size, size, 3]),
    [HIDDEN]: memory,
  });
  memory.dispose();
  if (after.location === "cpu" && !after.data.every(Number.isFinite)) {
    throw new Error("the network's memory is not finite");
  }
  return { residual: residual.data, painted: painted.data, alpha: alpha.data, memory: after };
}

/** The portrait's features where `flow` (h x h x 2) takes them from, inputs of `decode`. */
function featuresAlong({ ort, lattice, warped }, source, flow) {
  const features = {};
  for (const name of FEATURES) {
    const { data, dims } = source[`source_features_${name}`];
    const [side, , channels] = dims;
    warped[name] ??= {
      flow: new Float32Array(2 * side * side),
      features: new Float32Array(data.length),
    };
    finer(flow, lattice, side, warped[name].flow);
    sampled(data, side, channels, warped[name].flow, warped[name].features);
    features[`features_${name}`] = new ort.Tensor("float32", warped[name].features, dims);
  }
  return features;
}

function offered() {
  return globalThis.navigator?.gpu ? ["webgpu", "wasm"] : ["wasm"];
}

async function openOn(ort, urls, provider) {
  const open = (url, on, more) =>
    ort.InferenceSession.create(url, { executionProviders: [on], ...more });
  const kept = { preferredOutputLocation: { [NEXT_HIDDEN]: "gpu-buffer" } };
  const encode = await open(urls.encode, "wasm");
  const motion = await open(urls.motion, "wasm");
  const decode = await open(urls.decode, provider, provider === "webgpu" ? kept : {});
  return {
    ...{ ort, provider, encode, motion, decode, warped: {} },
    size: shapeOf(encode, "portrait")[0],
    conditions: shapeOf(encode, "condition")[0],
    lattice: shapeOf(motion, "guide_share")[0],
    memoryShape: shapeOf(decode, HIDDEN),
  };
}

/** What `network` paints over a made-up guide, (S x S x 3). */
async function tryOut(network) {
  const { size, lattice, conditions } = network;
  const picture = new Uint8Array(3 * size * size);
  for (let i = 0; i < picture.length; i++) picture[i] = 128 + 99 * Math.sin(i / 700);
  const guide = {
    picture,
    flow: Float32Array.from({ length: 2 * lattice * lattice }, (_, i) => Math.sin(i / 900)),
    share: new Float32Array(lattice * lattice).fill(0.5),
  };
  const condition = new Float32Array(conditions).fill(0.1);
  const source = await sourceOf(network, picture, condition);
  const drawn = await step(network, source, condition, guide, firstMemory(network));
  drawn.memory.dispose();
  return drawn.painted;
}

function checkPainted(painted, wanted, provider) {
  let sum = 0;
  for (let i = 0; i < wanted.length; i++) sum += Math.abs(painted[i] - wanted[i]);
  const levels = sum / wanted.length;
  if (!(levels <= MOST_LEVELS)) {
    throw new Error(`${provider} paints ${levels.toFixed(1)} levels beside WebAssembly`);
  }
}

function shapeOf(session, name) {
  const port = session.inputMetadata.find((input) => input.name === name);
  if (!port) throw new Error(`this is no part of a lite network: it has no input ${name}`);
  return port.shape;
}

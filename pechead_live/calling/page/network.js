// The lite network on onnxruntime-web: WebGPU where there is one, else WebAssembly.

import { openNetwork } from "../renderer/lite.js";

const LIBRARY = "/page/library/";

/** Opens the network that the host serves. Rejected with an Error where it cannot be opened. */
export async function fetchNetwork() {
  const build = navigator.gpu ? "ort.webgpu.min.mjs" : "ort.wasm.min.mjs";
  const ort = await import(LIBRARY + build);
  ort.env.wasm.wasmPaths = LIBRARY;
  ort.env.wasm.numThreads = 1; // more need a page that is isolated from other origins
  const urls = Object.fromEntries(
    ["encode", "motion", "decode"].map((part) => [part, `/page/weights/${part}.onnx`]),
  );
  return openNetwork(ort, urls);
}

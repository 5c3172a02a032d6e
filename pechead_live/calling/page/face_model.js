// The face model, fetched once.

import { openModel } from "../renderer/model.js";

let model = null;

/** Of renderer/model.js. Rejected where it cannot be had; the next call tries again. */
export function faceModel() {
  model ??= fetched().catch((error) => {
    model = null;
    throw error;
  });
  return model;
}

async function fetched() {
  const answer = await fetch("/page/data/model.bin");
  if (!answer.ok) throw new Error(`the face model cannot be had (${answer.status})`);
  return openModel(new Uint8Array(await answer.arrayBuffer()));
}

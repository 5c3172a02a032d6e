// The controls' values: what the page shows, what it sends, and what the server says they are.

import { changeControls } from "/page/api.js";

const INTERVAL_MS = 50; // at most 20 changes a second; between two of them the newest value wins
const BUSY_MS = 1000;

/** The values of a session that nobody has touched. */
export function defaultControls(options) {
  return {
    avatar: null,
    model: options.models[0]?.name ?? "analytic",
    engine: null,
    size: options.sizes.includes("512") ? "512" : options.sizes[0],
    motion: "calibrated",
    gains: Object.fromEntries(options.gains.map((name) => [name, 1])),
    look_at_camera: false,
    pose: { yaw: 0, pitch: 0, roll: 0 },
    expressions: {},
    preset: null,
    presence: "follow",
    mirror: false,
    background: null,
    label: true,
    sound: "delayed",
  };
}

/** `values` changed by `patch` as the server does it: gains and pose field by field. */
export function patched(values, patch) {
  const next = { ...values, ...patch };
  for (const key of ["gains", "pose"]) {
    if (patch[key]) next[key] = { ...values[key], ...patch[key] };
  }
  return next;
}

/**
 * The store: `values`, `change(patch)`, `watch(listener)`; with `attach(id)` changes go to a
 * session. `onError(error)` gets what the server refused, after the values went back.
 */
export function createControls(first, onError) {
  const listeners = new Set();
  let values = first;
  let agreed = first; // what the server said last
  let session = null;
  let pending = null;
  let sending = false;
  let revision = 0;

  const tell = () => {
    for (const listener of listeners) listener(values);
  };

  async function send() {
    if (sending || session === null || pending === null) return;
    sending = true;
    const [id, patch] = [session, pending];
    pending = null;
    let waitMs = INTERVAL_MS;
    try {
      const answer = await changeControls(id, patch);
      if (id === session) agreed = answer;
    } catch (error) {
      if (error.code === "too_fast") {
        pending = patched(patch, pending ?? {});
        waitMs = error.retryMs || BUSY_MS;
      } else if (error.code !== "unknown_session" && id === session) {
        values = pending === null ? agreed : patched(agreed, pending);
        onError(error);
      }
    }
    await new Promise((done) => setTimeout(done, waitMs));
    sending = false;
    if (pending !== null) send();
    else if (session !== null && id === session) {
      values = agreed;
      tell();
    }
  }

  return {
    get values() {
      return values;
    },
    /** Grows with each change made here: an answer from before it is older than the page. */
    get revision() {
      return revision;
    },
    get idle() {
      return !sending && pending === null;
    },
    change(patch) {
      revision += 1;
      values = patched(values, patch);
      if (session !== null) {
        pending = patched(pending ?? {}, patch);
        send();
      }
      tell();
    },
    /** Takes the server's values: another program may have changed them. */
    take(answer) {
      agreed = answer;
      if (JSON.stringify(answer) === JSON.stringify(values)) return;
      values = answer;
      tell();
    },
    /** Changes go to this session from now on; null: they are only kept. */
    attach(id) {
      session = id;
      pending = null;
    },
    /** Calls `listener(values)` now and after each change. */
    watch(listener) {
      listeners.add(listener);
      listener(values);
    },
  };
}

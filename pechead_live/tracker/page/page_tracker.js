// The tracker in a page: camera to coefficients. The camera's picture goes to MediaPipe's Face
// Landmarker in this page and nowhere else; only numbers leave this module.

import { initialMotionState, requestCalibration } from "./anchor.js";
import { allFinite } from "./coefficients.js";
import { fit, initialFitState } from "./fit.js";
import { measurementOf } from "./measure.js";
import { MOTION, retarget } from "./retarget.js";
import { initialSmoothingState, smooth } from "./smoothing.js";
import { readSolver } from "./solver_file.js";

/**
 * A tracker for one person's stream; it keeps the identity that it has learned.
 *
 * @param {object} parts
 * @param {object} parts.visionModule what `import()` gave of tasks-vision's vision_bundle.mjs
 * @param {string} parts.wasmUrl folder of its vision_wasm_internal.js and .wasm; in a worker of
 *   their `module` variants
 * @param {string} parts.modelUrl of face_landmarker.task
 * @param {ArrayBuffer} parts.solver the file of `page_solver.py`
 * @param {"CPU" | "GPU"} [parts.delegate] what runs the networks
 * @returns {Promise<PageTracker>} rejected with an Error where the browser cannot do it
 */
export async function openTracker({ visionModule, wasmUrl, modelUrl, solver, delegate = "CPU" }) {
  // Pictures go to the networks through WebGL 2, whatever runs them.
  if (!new OffscreenCanvas(1, 1).getContext("webgl2")) {
    throw new Error("this browser has no WebGL 2: turn on its hardware acceleration");
  }
  const kind = typeof document === "undefined" ? "wasm_module" : "wasm";
  const fileset = {
    wasmLoaderPath: `${wasmUrl}/vision_${kind}_internal.js`,
    wasmBinaryPath: `${wasmUrl}/vision_${kind}_internal.wasm`,
  };
  const landmarker = await visionModule.FaceLandmarker.createFromOptions(fileset, {
    baseOptions: { modelAssetPath: modelUrl, delegate },
    runningMode: "VIDEO",
    numFaces: 1,
    outputFaceBlendshapes: true,
  });
  return new PageTracker(landmarker, readSolver(solver));
}

export class PageTracker {
  /** `landmarker`: of tasks-vision, for videos; `solver`: of `readSolver`. */
  constructor(landmarker, solver) {
    this.landmarker = landmarker;
    this.solver = solver;
    this.stampMs = -1;
    this.person = initialFitState(solver);
    this.smoothing = initialSmoothingState();
    this.motion = initialMotionState();
    this.avatar = null;
  }

  /**
   * What `track` gives from now on: the motion of the portrait whose own coefficients are `rest`;
   * null: the driver's as it is. Settings that `config` does not name are those of MOTION.
   */
  setAvatar(rest, config = {}) {
    this.avatar = rest && { rest, config: { ...MOTION, ...config } };
  }

  /** Watches a neutral face again, from the next frame on. */
  calibrate() {
    this.motion = requestCalibration(this.motion);
  }

  /**
   * The face in `video` (an element, a canvas, a bitmap or a frame), believed, smoothed, and as the
   * avatar's motion; null when there is none. `capturedAt`: seconds.
   *
   * @returns {import("./coefficients.js").Coefficients | null}
   */
  track(video, capturedAt) {
    const read = this.read(video, capturedAt);
    if (!read) return null;
    const [believed, smoothing] = smooth(read, this.smoothing);
    this.smoothing = smoothing;
    if (!believed || !this.avatar) return believed;
    const [moved, motion] = retarget(believed, this.avatar.rest, this.motion, this.avatar.config);
    this.motion = motion;
    return allFinite(moved) ? moved : null;
  }

  /** As `track`, but as the camera sees it: neither smoothed nor moved to the avatar. */
  read(video, capturedAt) {
    const [width, height] = sizeOf(video);
    const drawn = Math.min(width, height) > 1; // a video may have no picture yet
    if (!drawn || !Number.isFinite(capturedAt)) return null;
    // MediaPipe refuses time stamps that do not grow
    this.stampMs = Math.max(this.stampMs + 1, Math.round(capturedAt * 1000));
    const found = this.landmarker.detectForVideo(video, this.stampMs);
    const measurement = measurementOf(found, width, height);
    // A number that is none would stay in the person's identity for good.
    if (!measurement?.points.every(Number.isFinite)) return null;
    const [coefficients, person] = fit(measurement, this.solver, this.person, capturedAt);
    if (!allFinite(coefficients)) return null;
    this.person = person;
    return coefficients;
  }

  /** Frees the landmarker. */
  close() {
    this.landmarker.close();
  }
}

/** [width, height] in pixels of whatever can be drawn. */
function sizeOf(video) {
  return [
    video.videoWidth ?? video.displayWidth ?? video.naturalWidth ?? video.width,
    video.videoHeight ?? video.displayHeight ?? video.naturalHeight ?? video.height,
  ];
}

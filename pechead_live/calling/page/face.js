// This end's face: the camera is read in this page, and only coefficients leave it.

import { openTracker } from "../tracker/page_tracker.js";
import { seconds } from "./connection.js";

/**
 * `video`: an element that plays the camera. `rest`: of the avatar that shall move. `say(
 * coefficients | null, capturedAt)`: for each frame. Gives `{calibrate, stop, figures}`.
 */
export async function keepWatching({ video, rest, say }) {
  const [visionModule, solver] = await Promise.all([
    import("/page/library/vision_bundle.mjs"),
    fetch("/page/data/solver.bin").then((answer) => answer.arrayBuffer()),
  ]);
  const tracker = await openTracker({
    visionModule,
    wasmUrl: "/page/library",
    modelUrl: "/page/data/face_landmarker.task",
    solver,
  });
  tracker.setAvatar(rest);
  const figures = { frames: 0, faces: 0, trackingMs: 0 };
  let running = true;

  function look(_now, { captureTime, presentationTime } = {}) {
    if (!running) return;
    const capturedAt = (captureTime ?? presentationTime ?? performance.now()) / 1000;
    const began = seconds();
    const coefficients = tracker.track(video, capturedAt);
    figures.trackingMs += 0.1 * (1000 * (seconds() - began) - figures.trackingMs);
    figures.frames += 1;
    figures.faces += coefficients !== null;
    say(coefficients, capturedAt);
    video.requestVideoFrameCallback(look);
  }

  video.requestVideoFrameCallback(look);
  return {
    figures,
    calibrate: () => tracker.calibrate(),
    stop() {
      running = false;
      tracker.close();
    },
  };
}

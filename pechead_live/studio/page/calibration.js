// Taking the neutral face: three seconds to look straight ahead, then one to hold still.

import * as api from "/page/api.js";
import { countDown } from "/page/countdown.js";
import { announce, dismiss, notify } from "/page/notices.js";
import { showCountdown } from "/page/stage.js";

const TAKING_MS = 1100;

let running = null;

/** Calibrates the session; a second call, or Escape, stops the countdown. */
export async function calibrate(id) {
  if (running) {
    running.abort();
    return;
  }
  running = new AbortController();
  const { signal } = running;
  const text = "Look straight ahead: relaxed face, mouth closed";
  const escape = (event) => event.key === "Escape" && running?.abort();
  document.addEventListener("keydown", escape);
  announce(text);
  const stopped = new Promise((done) => signal.addEventListener("abort", () => done(false)));
  try {
    const going = countDown((number) => !signal.aborted && showCountdown(text, number), signal);
    if (await Promise.race([going, stopped])) {
      await api.calibrate(id);
      showCountdown("Hold still…");
      await new Promise((done) => setTimeout(done, TAKING_MS));
      dismiss("calibrate");
      announce("Calibrated.");
    }
  } catch (error) {
    notify("calibrate", error.message);
  }
  document.removeEventListener("keydown", escape);
  showCountdown(null);
  running = null;
}

// The page at /?view=ID: one more viewer of a session, receive only.

import { offerToView, readStatus } from "/page/api.js";
import { connect } from "/page/connection.js";
import { byId, setIcon } from "/page/element.js";
import { makeFigures } from "/page/figures.js";
import { dismiss, notify } from "/page/notices.js";
import { toggleButton } from "/page/parts.js";
import { bindFullScreen, showStream } from "/page/stage.js";
import { connectionWords, showWords, statusWords } from "/page/state.js";

const POLL_MS = 500;
const SLOW_POLL_MS = 2000;

/** Shows session `id`. */
export async function startViewer({ id, iceServers }) {
  document.body.classList.add("viewing", "is-live");
  byId("keys-button").hidden = true;
  byId("panel").hidden = true;
  document.querySelector(".skip").hidden = true;
  const video = byId("avatar-video");
  const sound = toggleButton({
    sign: "sound-off",
    text: "Sound",
    change: (on) => {
      video.muted = !on;
      sound.set(on);
      setIcon(sound.button, on ? "sound" : "sound-off");
    },
  });
  byId("bar").append(sound.button);
  byId("bar").hidden = false;
  byId("figures").hidden = false;
  bindFullScreen();
  const figures = makeFigures(byId("figures"));
  let words = null; // the connection's, while they matter
  let ended = false;

  const over = () => {
    ended = true;
    showWords(byId("state"), ["bad", "The session has ended"]);
    notify("view", "This session has ended: ask for a new link.", { tone: "warn" });
    connection?.close();
  };
  let connection = null;
  const onState = (state) => {
    words = connectionWords(state);
    if (words && !ended) showWords(byId("state"), words);
    if (state.error?.code === "unknown_session") over();
    else if (state.name === "lost") {
      notify("view", state.error?.message ?? "No way for the pictures was found.", {
        action: { text: "Try again", run: () => connection.retry() },
      });
    }
  };

  async function poll() {
    if (ended) return;
    let waitMs = POLL_MS;
    try {
      const status = await readStatus(id);
      dismiss("status");
      figures(status);
      if (!words) showWords(byId("state"), statusWords(status));
    } catch (error) {
      if (error.code === "unknown_session") return over();
      waitMs = Math.max(SLOW_POLL_MS, error.retryMs);
      if (error.code !== "too_fast") notify("status", error.message);
    }
    setTimeout(poll, waitMs);
  }

  try {
    connection = await connect({
      iceServers,
      media: null,
      exchange: (offer) => offerToView(id, offer),
      onStream: showStream,
      onState,
    });
  } catch (error) {
    if (error.code === "unknown_session") return over();
    showWords(byId("state"), ["bad", "Not connected"]);
    notify("view", error.message, { action: { text: "Try again", run: () => location.reload() } });
    return;
  }
  poll();
  addEventListener("pagehide", () => connection.close());
}

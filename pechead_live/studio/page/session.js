// One session of this page from Start to Stop: opened, kept connected, asked how it goes, ended.

import * as api from "/page/api.js";
import { connect } from "/page/connection.js";

const POLL_MS = 500;
const SLOW_POLL_MS = 2000; // while the server does not answer

/**
 * Starts a session. `camera` is "browser" or the name of one of the server's, `media` the browser's
 * stream or null. `onSession(answer)` gets `GET /sessions/ID` twice a second, `onTrouble(error)`
 * what hindered it (null: it is well again); the rest as in `connect`.
 */
export async function startSession({
  camera,
  media,
  iceServers,
  controls,
  onStream,
  onState,
  onSession,
  onTrouble,
}) {
  let id = null;
  let over = false;
  let timer = 0;

  async function exchange(offer) {
    if (id !== null) {
      try {
        return await api.offerAgain(id, offer);
      } catch (error) {
        if (error.code !== "unknown_session") throw error;
        id = null; // it ended on the server; the next try opens a new one
        controls.attach(null);
        throw error;
      }
    }
    const made = await api.openSession({ camera, offer, controls: controls.values });
    if (over) {
      api.closeSession(made.id).catch(() => {});
      throw new api.ApiError(0, "stopped", "The session was stopped before it began.");
    }
    id = made.id;
    controls.attach(id);
    controls.take(made.controls);
    return made.answer;
  }

  async function poll() {
    let waitMs = POLL_MS;
    const [asked, revision] = [id, controls.revision];
    if (asked !== null) {
      try {
        const answer = await api.readSession(asked);
        if (over) return;
        if (asked === id && controls.idle && controls.revision === revision) {
          controls.take(answer.controls);
        }
        if (asked === id) onSession(answer);
        onTrouble(null);
      } catch (error) {
        if (over) return;
        waitMs = Math.max(SLOW_POLL_MS, error.retryMs ?? 0);
        if (error.code === "unknown_session" && asked === id) {
          id = null;
          controls.attach(null);
          connection.retry();
        } else if (error.code !== "too_fast") onTrouble(error);
      }
    }
    if (!over) timer = setTimeout(poll, waitMs);
  }

  const connection = await connect({
    iceServers,
    media,
    exchange,
    onStream,
    onState,
  });
  poll();

  return {
    get id() {
      return id;
    },
    retry: connection.retry,
    replace: connection.replace,
    /** Ends it; `leaving`: the page is going away. */
    stop({ leaving = false } = {}) {
      over = true;
      clearTimeout(timer);
      controls.attach(null);
      connection.close();
      if (id === null) return Promise.resolve();
      return api.closeSession(id, { keepalive: leaving });
    },
  };
}

// From Start to Stop: the camera is opened, the session begun, devices exchanged, all of it ended.

import * as api from "/page/api.js";
import { openCamera, openMicrophone, release, whyRefused } from "/page/camera.js";
import { dismiss, notify } from "/page/notices.js";
import { startSession } from "/page/session.js";
import { endStream, showOwn, showStream } from "/page/stage.js";

const NO_WAY =
  "No way for the pictures was found between this browser and the server. A firewall may block " +
  "UDP: a TURN server in the studio's settings helps.";

/**
 * One live session at a time. `on.phase(phase)` is called with "idle", "starting" and "live",
 * `on.connection(state)` as in `connect`, `on.session(answer)` and `on.trouble(error)` as in
 * `startSession`.
 */
export function makeLive({ iceServers, controls, devices, on }) {
  let phase = "idle";
  let session = null;
  let media = null;

  function enter(next) {
    phase = next;
    on.phase(phase);
  }

  function backToIdle() {
    release(media);
    [session, media] = [null, null];
    showOwn(null);
    endStream();
    enter("idle");
  }

  async function openMedia() {
    const { camera, device, microphone } = devices.choice;
    if (camera !== "browser") return microphone === null ? null : openSound(microphone);
    const { stream, soundError } = await openCamera({ camera: device, microphone });
    if (soundError) warnOfSound(soundError);
    return stream;
  }

  async function openSound(microphone) {
    try {
      return await openMicrophone(microphone);
    } catch (error) {
      warnOfSound(error);
      return null;
    }
  }

  function warnOfSound(error) {
    const why = whyRefused(error, "microphone");
    notify("sound", `${why} The picture goes without sound.`, { tone: "warn" });
  }

  function take(stream) {
    media = stream;
    const [video] = stream?.getVideoTracks() ?? [];
    showOwn(video ? stream : null);
    video?.addEventListener("ended", () => {
      if (stream !== media) return;
      notify("camera", "The camera was unplugged or switched off: choose one under Output.");
    });
  }

  async function start() {
    if (phase !== "idle") return;
    enter("starting");
    for (const key of ["camera", "sound", "start", "lost", "trouble"]) dismiss(key);
    let opened = null;
    try {
      opened = await openMedia();
    } catch (error) {
      notify("camera", whyRefused(error), { action: { text: "Try again", run: start } });
      return backToIdle();
    }
    take(opened);
    try {
      session = await startSession({
        camera: devices.choice.camera,
        media,
        iceServers,
        controls,
        onStream: showStream,
        onState: showConnection,
        onSession: on.session,
        onTrouble: showTrouble,
      });
    } catch (error) {
      notify("start", error.message, { action: { text: "Try again", run: start } });
      return backToIdle();
    }
    enter("live");
    devices.refresh();
  }

  async function stop() {
    const ending = session?.stop();
    for (const key of ["lost", "trouble"]) dismiss(key);
    backToIdle();
    try {
      await ending;
    } catch (error) {
      if (error.code !== "unknown_session") notify("start", error.message, { tone: "warn" });
    }
  }

  function showConnection(state) {
    on.connection(state);
    if (state.name === "connected") dismiss("lost");
    if (state.name === "lost") {
      notify("lost", state.error?.message ?? NO_WAY, {
        action: { text: "Try again", run: () => session?.retry() },
      });
    }
  }

  function showTrouble(error) {
    if (error) notify("trouble", error.message);
    else dismiss("trouble");
    on.trouble(error);
  }

  const sound = () => media?.getAudioTracks() ?? [];

  function mute(muted) {
    for (const track of sound()) track.enabled = !muted;
  }

  /** Takes another camera or microphone: in the running session if it can, else in a new one. */
  async function changeDevice(what) {
    if (phase !== "live") return;
    const { camera, device, microphone } = devices.choice;
    const same = media && camera === "browser" && sound().length > 0 === (microphone !== null);
    if (!same) {
      await stop();
      await start();
      return;
    }
    try {
      const { stream } = await openCamera({ camera: device, microphone });
      const [before, muted] = [media, sound()[0]?.enabled === false];
      for (const track of stream.getTracks()) await session.replace(track);
      take(stream);
      release(before);
      mute(muted);
      dismiss("camera");
    } catch (error) {
      notify("camera", whyRefused(error, what));
    }
  }

  addEventListener("pagehide", () => {
    session?.stop({ leaving: true }).catch(() => {});
    release(media);
  });
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  return {
    get phase() {
      return phase;
    },
    /** The session's id; null while there is none. */
    get id() {
      return session?.id ?? null;
    },
    /** Whether a microphone is sent. */
    get sending() {
      return sound().length > 0;
    },
    get muted() {
      return sound()[0]?.enabled === false;
    },
    start,
    stop,
    mute,
    changeDevice,
    /** Opens or closes a sink; the session's sinks, or null if the server refused. */
    async switchSink(name, open) {
      if (!session?.id) return null;
      try {
        const sinks = await api.switchSink(session.id, name, open);
        dismiss("sink");
        return sinks;
      } catch (error) {
        notify("sink", error.message);
        return null;
      }
    },
  };
}

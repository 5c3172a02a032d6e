// A dialogue over WebRTC, with sound.

import { Climber } from "./climber.js";
import { Dialogue } from "./dialogue.js";
import { gathered } from "./gathered.js";
import { SOUND_TIME } from "./riders.js";

const TICK_MS = 20;
const FULL = 4096; // bytes that wait in the unreliable channel; more would be late

let seat = null; // by which this page may come again after a loss

export const seconds = () => performance.now() / 1000;

/** Whether this browser can put riders into sound and find them. */
export const findsRiders = () => "RTCRtpScriptTransform" in globalThis;

/**
 * Joins the call that this page's server hosts, as its guest.
 *
 * `microphone`: a MediaStream, or null. `onSound(stream, receiver)`: gets the other end's sound;
 * `onSoundTime(rtpTimestamp, seconds)`: what was heard when; `arrivals`, `priors`, `me`, `known`,
 * `onAvatar`: of dialogue.js; `ladder`: what climber.js needs beside the connection. Rejected with
 * an Error that says why not.
 */
export async function join(parts) {
  const call = await opened(parts);
  const { peer } = call;
  try {
    const direction = parts.microphone ? "sendrecv" : "recvonly";
    const voice = peer.addTransceiver(parts.microphone?.getAudioTracks()[0] ?? "audio", {
      direction,
    });
    call.useSound(voice);
    await peer.setLocalDescription(await peer.createOffer());
    await gathered(peer);
    const told = await ask("call", { offer: peer.localDescription, hello: seat && { seat } });
    seat = told.seat ?? seat;
    await peer.setRemoteDescription(told.answer);
  } catch (error) {
    call.close();
    throw error;
  }
  return call;
}

/** Waits for a guest of the call that this page's user hosts (`key`: of the host's link), and
 * answers; else as `join`. */
export async function host(parts, key) {
  let offered = null;
  while (!offered) offered = await ask("call/guest", { key });
  const call = await opened(parts);
  const { peer } = call;
  try {
    let voice = null;
    peer.ontrack = ({ transceiver }) => {
      voice = transceiver;
      call.useSound(voice); // at once: what is set later sees no frame
    };
    await peer.setRemoteDescription(offered.offer);
    if (!voice) {
      // a guest who only listens: no track of theirs is announced
      voice = peer.getTransceivers().find(({ receiver }) => receiver.track.kind === "audio");
      if (voice) call.useSound(voice);
    }
    if (voice && parts.microphone) {
      voice.direction = "sendrecv";
      await voice.sender.replaceTrack(parts.microphone.getAudioTracks()[0]);
    }
    await peer.setLocalDescription(await peer.createAnswer());
    await gathered(peer);
    await ask("call/answer", { key, id: offered.id, answer: peer.localDescription });
  } catch (error) {
    call.close();
    throw error;
  }
  return call;
}

/** A connection that has not begun: `{peer, dialogue, climber, useSound(transceiver), close(why)}` */
async function opened({ microphone, onSound, onSoundTime, ladder, ...parts }) {
  const servers = await iceServers();
  const openPeer = () => new RTCPeerConnection({ iceServers: servers });
  const peer = openPeer();
  const control = peer.createDataChannel("control", { negotiated: true, id: 0 });
  const motion = peer.createDataChannel("motion", {
    negotiated: true,
    id: 1,
    ordered: false,
    maxRetransmits: 0,
  });
  control.binaryType = motion.binaryType = "arraybuffer";
  const worker = findsRiders()
    ? new Worker(new URL("./sound_worker.js", import.meta.url), { type: "module" })
    : null;
  const wires = {
    control: (message) => control.readyState === "open" && control.send(message),
    motion: (message) => {
      if (motion.readyState === "open" && motion.bufferedAmount < FULL) motion.send(message);
    },
    ride: (riders) => worker.postMessage({ riders }),
    began: (at) => worker?.postMessage({ beganAt: performance.timeOrigin + 1000 * at }),
  };
  const dialogue = new Dialogue({ ...parts, wires });
  const climber = new Climber({ ...ladder, say: (message) => dialogue.say(message), openPeer });
  dialogue.climber = climber;
  dialogue.motion.onLoss = (share) => climber.line.motionWasLost(share);
  const call = { peer, dialogue, climber, openedAt: null, useSound, close };
  const timer = setInterval(() => call.openedAt !== null && dialogue.tick(seconds()), TICK_MS);

  control.onopen = () => {
    call.openedAt = seconds();
    dialogue.open(worker !== null);
  };
  control.onmessage = ({ data }) =>
    dialogue.hearControl(typeof data === "string" ? data : new Uint8Array(data), seconds());
  motion.onmessage = ({ data }) => dialogue.hearMotion(new Uint8Array(data), seconds());
  if (worker) worker.onmessage = ({ data }) => hearWorker(data);

  function hearWorker({ sent, missed, riders, rtpTimestamp }) {
    if (sent) dialogue.soundWent(seconds());
    if (missed) wires.motion(missed);
    if (!riders) return;
    const told = dialogue.hearMotion(riders, seconds()).get(SOUND_TIME);
    if (told?.length !== 4) return;
    onSoundTime(rtpTimestamp, new DataView(told.buffer, told.byteOffset).getInt32(0) / 1000);
  }

  function useSound({ sender, receiver }) {
    if (worker) {
      if (microphone) sender.transform = new RTCRtpScriptTransform(worker, { outgoing: true });
      receiver.transform = new RTCRtpScriptTransform(worker, { outgoing: false });
    }
    onSound(new MediaStream([receiver.track]), receiver);
  }

  /** Hangs up. */
  function close(why) {
    clearInterval(timer);
    climber.close();
    dialogue.fresh.end();
    if (why !== undefined) dialogue.end(why);
    setTimeout(() => peer.close(), 100); // the goodbye goes first
    worker?.terminate();
  }

  return call;
}

/** The server's JSON answer to `body`, null if it has none yet. Rejected with its own words. */
export async function ask(path, body) {
  const request = { method: "POST", body: JSON.stringify(body) };
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`/api/v1/${path}`, { ...request, headers });
  if (answer.status === 204) return null;
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error?.message ?? `the host answers ${answer.status}`);
  return told;
}

async function iceServers() {
  const told = await (await fetch("/api/v1/call")).json();
  return told.ice_servers;
}

// One WebRTC connection to the studio: offer and answer, and back again after the network was gone.

const GATHERING_MS = 2000;
const CONNECTING_MS = 8000;
const GRACE_MS = 1500; // "disconnected" often heals by itself within a second
const BACKOFF_MS = [0, 500, 1000, 2000, 4000, 8000, 8000, 8000];

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Waits until all candidates are known, at most two seconds. */
function gathered(peer) {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  const complete = new Promise((done) => {
    peer.addEventListener("icegatheringstatechange", () => {
      if (peer.iceGatheringState === "complete") done();
    });
  });
  return Promise.race([complete, sleep(GATHERING_MS)]);
}

/** Whether the peer is connected within `CONNECTING_MS`. */
function connects(peer) {
  if (peer.connectionState === "connected") return Promise.resolve(true);
  const reached = new Promise((done) => {
    peer.addEventListener("connectionstatechange", () => {
      if (peer.connectionState === "connected") done(true);
      if (["failed", "closed"].includes(peer.connectionState)) done(false);
    });
  });
  return Promise.race([reached, sleep(CONNECTING_MS).then(() => false)]);
}

/** The newest picture at once: nothing waits in the browser's jitter buffer. */
function playAtOnce(receiver) {
  if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
  if ("playoutDelayHint" in receiver) receiver.playoutDelayHint = 0;
}

/**
 * Connects, and stays connected until `close()`.
 *
 * `media` is the camera's stream, or null to receive only. `exchange(offer)` asks the server and
 * gives its answer; what it throws the first time is thrown here, later it counts as a failed try.
 * `onStream(stream)` gets what is received. `onState(state)` gets `{name, attempt, waitMs, error}`
 * with name "connecting", "connected", "reconnecting" or "lost" (given up: call `retry()`).
 */
export async function connect({ iceServers, media, exchange, onStream, onState }) {
  let peer = null;
  let closed = false;
  let recovering = false;

  const say = (name, more = {}) => {
    if (!closed) onState({ name, attempt: 0, waitMs: 0, error: null, ...more });
  };

  function newPeer() {
    peer?.close();
    const made = new RTCPeerConnection({ iceServers });
    const received = new MediaStream();
    made.addEventListener("track", ({ track, receiver }) => {
      playAtOnce(receiver);
      received.addTrack(track);
      onStream(received);
    });
    for (const kind of ["video", "audio"]) {
      const track = media?.getTracks().find((one) => one.kind === kind);
      if (track?.kind === "video") track.contentHint = "motion";
      if (track) made.addTransceiver(track, { direction: "sendrecv", streams: [media] });
      else made.addTransceiver(kind, { direction: "recvonly" });
    }
    made.addEventListener("connectionstatechange", () => watch(made));
    return made;
  }

  async function negotiate() {
    await peer.setLocalDescription(await peer.createOffer());
    await gathered(peer);
    const { type, sdp } = peer.localDescription;
    const answer = await exchange({ type, sdp });
    if (closed) return;
    await peer.setRemoteDescription(answer);
    watchTransport(peer);
  }

  async function watch(of) {
    if (of !== peer || closed || recovering) return;
    if (of.connectionState === "connected") say("connected");
    if (of.connectionState === "disconnected") await sleep(GRACE_MS);
    const gone = ["disconnected", "failed"].includes(of.connectionState);
    if (gone && of === peer && !closed && !recovering) recover();
  }

  /** A server that ends its side says so by DTLS, seconds before the connection looks lost. */
  function watchTransport(of) {
    const transport = of.getReceivers()[0]?.transport;
    if (!transport) return;
    transport.onstatechange = () => {
      const ended = ["closed", "failed"].includes(transport.state);
      if (ended && of === peer && !closed && !recovering) recover();
    };
  }

  async function recover() {
    recovering = true;
    let error = null;
    for (const [attempt, backoffMs] of BACKOFF_MS.entries()) {
      const waitMs = Math.max(backoffMs, error?.retryMs ?? 0);
      say("reconnecting", { attempt: attempt + 1, waitMs, error });
      await sleep(waitMs);
      if (closed) return;
      try {
        peer = newPeer(); // the server's side has a new key each time: no ICE restart
        await negotiate();
        if (await connects(peer)) {
          recovering = false;
          say("connected");
          return;
        }
        error = null;
      } catch (failure) {
        error = failure;
      }
      if (closed) return;
    }
    recovering = false;
    say("lost", { error });
  }

  say("connecting");
  peer = newPeer();
  try {
    await negotiate();
  } catch (error) {
    peer.close();
    throw error;
  }
  connects(peer).then((reached) => {
    if (!reached && !closed && !recovering) recover();
  });

  return {
    retry: () => {
      if (!recovering && !closed) recover();
    },
    /** Sends another track of the same kind from now on; nothing is negotiated. */
    replace: async (track) => {
      if (track.kind === "video") track.contentHint = "motion";
      const sender = peer.getSenders().find((one) => one.track?.kind === track.kind);
      await sender?.replaceTrack(track);
    },
    close: () => {
      closed = true;
      peer.close();
    },
  };
}

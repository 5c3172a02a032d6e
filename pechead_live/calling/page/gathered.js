// All of a connection's own addresses at once, as an offer or an answer that goes alone needs them.

const LONGEST_MS = 2000;

/** Resolved once `peer` has found them, or has searched for long enough. */
export function gathered(peer) {
  return new Promise((resolve) => {
    const look = () => peer.iceGatheringState === "complete" && resolve();
    peer.addEventListener("icegatheringstatechange", look);
    setTimeout(resolve, LONGEST_MS);
    look();
  });
}

// Takes fresh stills of this end's camera, on the rung that has them
// (calling/ladder/photographer.py).

import { seconds } from "./connection.js";
import { STILL } from "./ladder.js";
import { digestOf } from "./still.js";

const RENEW = 10; // seconds after a still has arrived, until the next one is taken
const AGAIN = 2; // seconds after a picture of which none could be made
const GIVE_UP = 40; // seconds, after which one that has not arrived is given up
const LONGEST_MS = 20_000; // until the host's program must have answered
const [HEIGHT, QUALITY] = [480, 0.85]; // of the picture that the host's program makes a still of

/**
 * `fresh`: a FreshExchange. `camera`: an element that plays it; `rest`: of this end's avatar.
 * Gives `see(coefficients | null)`, for each frame of the camera.
 */
export function photographer({ climber, fresh, camera, rest }) {
  let [dueAt, stay] = [-Infinity, null];
  let making = null; // an AbortController, while one is made
  let offered = null; // `{photo, at}` of a still that has not arrived

  const mayPhotograph = () => climber.rung === STILL && climber.shows === "camera";

  function see(coefficients) {
    if (!mayPhotograph()) {
      making?.abort();
      offered = null;
      return;
    }
    const { steppedAt } = climber.ladder;
    if (steppedAt !== stay) [stay, dueAt, offered] = [steppedAt, -Infinity, null];
    if (making || seconds() < dueAt) return;
    if (offered && fresh.isThere) {
      climber.noteStill(offered.photo);
      [dueAt, offered] = [seconds() + RENEW, null];
      return;
    }
    if (offered && seconds() - offered.at < GIVE_UP) return;
    making = new AbortController();
    const photo = photoOf(camera); // where no pose is read the avatar is shown at rest
    make(photo, coefficients ?? rest, stay).finally(() => (making = null));
  }

  async function make(photo, anchor, during) {
    const isUseful = () => mayPhotograph() && climber.ladder.steppedAt === during;
    try {
      const still = await stillOf(photo, making.signal);
      if (!isUseful()) return; // it is of no use any more, or not allowed
      if (still) {
        fresh.offer(still, anchor);
        offered = { photo, at: seconds() };
      } else {
        dueAt = seconds() + AGAIN;
        climber.noteStill(null);
      }
    } catch (error) {
      console.info(`no fresh still: ${error.message}`);
      dueAt = seconds() + RENEW;
    }
  }

  return { see };
}

function photoOf(camera) {
  const { videoWidth: width, videoHeight: height } = camera;
  const share = Math.min(1, HEIGHT / height);
  const photo = document.createElement("canvas");
  [photo.width, photo.height] = [Math.round(share * width), Math.round(share * height)];
  photo.getContext("2d").drawImage(camera, 0, 0, photo.width, photo.height);
  return photo;
}

/** Made by the host's program, which forgets it; null where it finds no face. */
async function stillOf(photo, signal) {
  const body = await new Promise((done) => photo.toBlob(done, "image/jpeg", QUALITY));
  const headers = { "Content-Type": "application/octet-stream" };
  const either = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]);
  const request = { method: "POST", body, headers, signal: either };
  const answer = await fetch("/api/v1/still", request);
  if (answer.status === 204) return null;
  if (!answer.ok) throw new Error((await answer.json()).error?.message ?? answer.status);
  const content = new Uint8Array(await answer.arrayBuffer());
  return { content, digest: await digestOf(content) };
}

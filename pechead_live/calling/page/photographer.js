// Takes fresh stills of this end's camera, on the rung that has them
// (calling/ladder/photographer.py).

import { seconds } from "./connection.js";
import { STILL } from "./ladder.js";
import { digestOf } from "./still.js";

const RENEW = 10; // seconds after a still has arrived, until the next one is taken
const AGAIN = 2; // seconds after a picture of which none could be made
const [HEIGHT, QUALITY] = [480, 0.85]; // of the picture that the host's program makes a still of

/**
 * `fresh`: a FreshExchange. `camera`: an element that plays it; `rest`: of this end's avatar.
 * Gives `see(coefficients | null)`, for each frame of the camera.
 */
export function photographer({ climber, fresh, camera, rest }) {
  let [dueAt, stay, busy] = [-Infinity, null, false];
  let offered = null; // the photo of a still that has not arrived

  const mayPhotograph = () => climber.rung === STILL && climber.shows === "camera";

  function see(coefficients) {
    if (!mayPhotograph()) return;
    const { steppedAt } = climber.ladder;
    if (steppedAt !== stay) [stay, dueAt, offered] = [steppedAt, -Infinity, null];
    if (busy || seconds() < dueAt) return;
    if (offered) {
      if (!fresh.isThere) return;
      climber.noteStill(offered);
      [dueAt, offered] = [seconds() + RENEW, null];
      return;
    }
    busy = true;
    const photo = photoOf(camera); // where no pose is read the avatar is shown at rest
    make(photo, coefficients ?? rest, stay).finally(() => (busy = false));
  }

  async function make(photo, anchor, during) {
    const isUseful = () => mayPhotograph() && climber.ladder.steppedAt === during;
    try {
      const still = await stillOf(photo);
      if (!isUseful()) return; // it is of no use any more, or not allowed
      fresh.offer(still, anchor);
      offered = photo;
    } catch (error) {
      console.info(`no fresh still: ${error.message}`);
      dueAt = seconds() + AGAIN;
      if (isUseful()) climber.noteStill(null);
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

/** Made by the host's program, which forgets it. */
async function stillOf(photo) {
  const body = await new Promise((done) => photo.toBlob(done, "image/jpeg", QUALITY));
  const headers = { "Content-Type": "application/octet-stream" };
  const answer = await fetch("/api/v1/still", { method: "POST", body, headers });
  if (answer.status === 204) throw new Error("no face is seen");
  if (!answer.ok) throw new Error((await answer.json()).error?.message ?? answer.status);
  const content = new Uint8Array(await answer.arrayBuffer());
  return { content, digest: await digestOf(content) };
}

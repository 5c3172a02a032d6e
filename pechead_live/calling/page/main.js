// The page of a call: asks for camera and microphone, joins, shows and plays the other end.

import { Arrivals } from "./arrivals.js";
import { host, join, seconds } from "./connection.js";
import { Cover } from "./cover.js";
import { keepWatching } from "./face.js";
import { faceModel } from "./face_model.js";
import * as known from "./known_stills.js";
import { ladderPanel } from "./ladder_panel.js";
import { keepInStep } from "./lip_sync.js";
import { fetchNetwork } from "./network.js";
import { myAvatar } from "./my_avatar.js";
import { openMedia, stopMedia } from "./media.js";
import { ownPictures } from "./own_pictures.js";
import { photographer } from "./photographer.js";
import { keepDrawing } from "./picture.js";

const byId = (id) => document.getElementById(id);
const EVERY_MS = 500; // the figures on the page
const [AGAIN_MS, PAUSE_MS] = [60_000, 1000]; // a lost connection is tried to be made again

/** What tests and the curious look at. */
const watched = {
  call: null,
  climber: null,
  cover: null,
  arrivals: null,
  picture: null,
  face: null,
};
globalThis.pecheadCall = watched;

const hostKey =
  new URLSearchParams(location.hash.slice(1)).get("host") ?? history.state?.host ?? null;
hideSecrets();
if (!isSecureContext) {
  byId("join").disabled = true;
  tell("This page was opened without TLS: a browser gives it no camera and no keys", "bad");
}
if (hostKey) byId("entrance").querySelector("h1").textContent = "Host the call";
byId("avatar").addEventListener("change", askConsent);
askConsent(); // a browser may keep the choice over a reload
byId("entrance").addEventListener("submit", (event) => {
  event.preventDefault();
  begin().catch((error) => tell(error.message, "bad"));
});

/** A photo needs a consent line; an avatar file has one. */
function askConsent() {
  const file = byId("avatar").files[0];
  const isPhoto = file !== undefined && !file.name.endsWith(".avatar");
  byId("ask-consent").hidden = !isPhoto;
  byId("consent").required = isPhoto;
}

async function begin() {
  byId("join").disabled = true;
  const opened = { media: null, picture: null };
  try {
    await take(opened);
  } catch (error) {
    opened.picture?.stop();
    stopMedia(opened.media);
    byId("join").disabled = false;
    throw error;
  }
}

async function take(opened) {
  tell("Asking for camera and microphone");
  const media = await openMedia(byId("use-camera").checked, byId("use-microphone").checked);
  opened.media = media;
  tell("Joining");
  const [priors, model, mine] = await Promise.all([
    bytesOf("/page/data/priors.bin"),
    faceModel(),
    media.camera ? myAvatar(byId("avatar").files[0] ?? null, byId("consent").value) : nobody(),
  ]);
  const arrivals = new Arrivals(priors);
  let step = null;
  let isBusy = media.camera !== null; // until what reads the face is loaded
  const drawn = () => {
    const isSlowAnyway = isBusy || document.hidden || picture.figures.network;
    return isSlowAnyway ? null : arrivals.counts.shown;
  };
  const cover = new Cover({ video: byId("video"), badge: byId("badge") });
  const panel = ladderPanel({
    notice: byId("notice"),
    words: byId("they-see"),
    preview: byId("preview"),
    sent: byId("sent"),
    leave: byId("show-camera-now"),
    hasCamera: media.camera !== null,
    allowed: media.camera !== null && byId("show-camera").checked,
  });
  const picture = keepDrawing({
    canvas: byId("picture"),
    model,
    arrivals,
    isCovered: () => cover.look(picture.figures.network !== null),
    onShown: (streamSeconds, now) => step?.shown(streamSeconds, now),
  });
  opened.picture = picture;
  if (hostKey) tell("Waiting for your guest");
  const call = await (hostKey ? host : join)({
    me: mine.me,
    priors,
    known,
    arrivals,
    microphone: media.microphone,
    ladder: { ...panel, video: byId("video"), drawn },
    onSound(stream, receiver) {
      byId("sound").srcObject = stream;
      step?.stop();
      step = keepInStep(receiver);
    },
    onSoundTime: (...told) => step?.soundTime(...told),
    onAvatar(avatar) {
      picture.show(avatar);
      introduce(avatar);
    },
    onFresh: (fresh) => picture.showFresh(fresh),
  }, hostKey);
  const { climber } = call;
  for (const part of [cover, panel]) part.use(climber);
  Object.assign(watched, { call, climber, cover, arrivals, picture });
  show({ call, arrivals, picture, media, cover, panel });
  if (media.camera) {
    const video = byId("camera");
    video.srcObject = media.camera;
    await video.play();
    const own = ownPictures({ climber, camera: video, avatar: mine.avatar, model });
    const { rest } = mine.avatar;
    const photos = photographer({ climber, fresh: call.dialogue.fresh, camera: video, rest });
    const say = (coefficients, capturedAt) => {
      call.dialogue.sayMotion(coefficients, capturedAt, seconds());
      own.see(coefficients);
      photos.see(coefficients);
    };
    watched.face = await keepWatching({ video, rest, say });
    isBusy = false;
    byId("calibrate").hidden = false;
    byId("calibrate").onclick = () => watched.face.calibrate();
  }
}

function show({ call, arrivals, picture, media, cover, panel }) {
  byId("entrance").hidden = true;
  byId("live").hidden = false;
  for (const angle of ["yaw", "pitch"]) {
    const slider = byId(`turn-${angle}`);
    slider.oninput = () => (arrivals.turn[angle] = Number(slider.value));
    slider.oninput(); // as it stood before a loss
  }
  byId("use-network").checked = false;
  byId("use-network").onchange = ({ target }) => useNetwork(target, picture);
  const timer = setInterval(look, EVERY_MS);
  let before = picture.figures.pictures;

  function look() {
    const pictures = ((picture.figures.pictures - before) * 1000) / EVERY_MS;
    before = picture.figures.pictures;
    panel.look();
    const drawing = [
      `${pictures.toFixed(0)} pictures/s`,
      `${picture.figures.drawingMs.toFixed(0)} ms each`,
      `${arrivals.counts.bridged} of ${arrivals.counts.shown} bridged`,
    ];
    const parts = cover.covers ? ["their video"] : drawing;
    if (watched.face) parts.push(`face read in ${watched.face.figures.trackingMs.toFixed(0)} ms`);
    byId("figures").textContent = parts.join(" · ");
    const state = call.peer.connectionState;
    byId("state").textContent = call.dialogue.ended ?? (state === "connected" ? "In the call" : state);
    if (call.dialogue.ended || state === "failed" || state === "closed") leave();
  }

  function leave(why) {
    clearInterval(timer);
    call.close(why);
    picture.stop();
    cover.end();
    panel.end();
    watched.face?.stop();
    stopMedia(media);
    removeEventListener("pagehide", hangUp);
    byId("waiting").hidden = false;
    byId("picture").hidden = byId("badge").hidden = true;
    const lost = why === undefined && call.dialogue.ended === null;
    if (lost) comeAgain(performance.now() + AGAIN_MS);
    else over(call.dialogue.ended ?? "You have hung up");
  }

  const goodbye = hostKey ? "the host has hung up" : "the guest has hung up";
  const hangUp = () => call.close(goodbye);
  byId("leave").textContent = "Hang up";
  byId("leave").onclick = () => leave(goodbye);
  addEventListener("pagehide", hangUp);
}

/** After a loss, until `until`. */
function comeAgain(until) {
  let given = false;
  byId("leave").onclick = () => {
    given = true;
    over("You have hung up");
  };
  const lost = "The connection was lost: joining again";
  byId("state").textContent = lost;
  tell(lost);
  const attempt = async () => {
    if (given) return;
    try {
      await begin();
    } catch (error) {
      if (performance.now() > until) over(`The connection was lost: ${error.message}`);
      else setTimeout(attempt, PAUSE_MS);
    }
  };
  setTimeout(attempt, PAUSE_MS);
}

function over(why) {
  tell(why);
  byId("leave").textContent = "Join again";
  byId("leave").onclick = () => location.reload();
}

/** Turns it off again, and says why, where it cannot be had. */
async function useNetwork(box, picture) {
  if (!box.checked) return picture.drawWith(null);
  box.disabled = true;
  try {
    picture.drawWith(await fetchNetwork());
  } catch (error) {
    box.checked = false;
    byId("state").textContent = `The network cannot be used: ${error.message}`;
  } finally {
    box.disabled = false;
  }
}

function introduce({ name, consent }) {
  byId("waiting").hidden = true;
  byId("picture").hidden = byId("badge").hidden = false;
  const who = document.createElement("strong");
  who.textContent = name;
  byId("who").replaceChildren(who, ` · consent: ${consent}`);
}

function tell(text, kind = "") {
  byId("waiting").textContent = text;
  byId("waiting").className = `waiting ${kind}`;
}

const nobody = () => ({ me: { name: "somebody", stills: [], header: null }, avatar: null });

const bytesOf = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());

/** They are in a cookie and in this page; they need not stay in the address and the history. */
function hideSecrets() {
  const address = new URL(location.href);
  address.searchParams.delete("token");
  address.hash = "";
  history.replaceState(hostKey && { host: hostKey }, "", address); // for the next call
}

// What stands on the stage: the avatar's portrait before, its video while live, the user beside it.

import { byId, setText } from "/page/element.js";

const CALLING = { choosing: "choosing", welcoming: "welcoming" };

/** The portrait of an avatar, and behind it its colours; null shows neither. */
export function showPortrait(avatar) {
  const image = byId("still");
  image.onload = () => paintBackdrop(image);
  if (avatar && image.getAttribute("src") !== avatar.still) image.src = avatar.still;
  if (!avatar) image.removeAttribute("src");
  byId("still").alt = avatar ? `Portrait of ${avatar.name}` : "";
  byId("backdrop").hidden = !avatar;
  byId("still").hidden = !avatar || playing();
}

/** A few pixels of the portrait, drawn large: as soft as a blur, which a browser without a GPU would
 * compute again for every picture of the video before it. */
function paintBackdrop(image) {
  const canvas = byId("backdrop");
  const { width, height } = canvas;
  canvas.getContext("2d").drawImage(image, 0, 0, width, height);
}

const playing = () => !byId("avatar-video").hidden && byId("avatar-video").readyState >= 2;

/** Shows a received stream from its first picture on; until then the last one stays. */
export function showStream(stream) {
  const video = byId("avatar-video");
  const track = stream.getVideoTracks()[0];
  const put = () => {
    if (video.srcObject !== stream) video.srcObject = stream;
    video.hidden = false;
    video.play().catch(() => {}); // the browser plays a muted video by itself sooner or later
  };
  video.onplaying = () => (byId("still").hidden = true);
  byId("full-screen").hidden = !byId("stage").requestFullscreen;
  if (video.srcObject && track?.muted) track.addEventListener("unmute", put, { once: true });
  else put();
}

/** The video goes, the portrait is back. */
export function endStream() {
  const video = byId("avatar-video");
  video.srcObject = null;
  video.hidden = true;
  byId("full-screen").hidden = true;
  byId("still").hidden = !byId("still").hasAttribute("src");
}

/** The user's own camera beside the avatar; null hides it. */
export function showOwn(stream) {
  byId("own-video").srcObject = stream;
  byId("own").hidden = stream === null;
}

/** The words and the number over the picture while the user should look straight ahead. */
export function showCountdown(text, number = "") {
  byId("countdown").hidden = text === null;
  setText(byId("countdown-text"), text ?? "");
  setText(byId("countdown-number"), String(number));
}

/** Marks the stage as "choosing" or "welcoming", or neither (null). */
export function markStage(word) {
  for (const name of Object.values(CALLING)) byId("stage").classList.toggle(name, name === word);
}

/** The button for the whole screen. */
export function bindFullScreen() {
  byId("full-screen").addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else
      byId("stage")
        .requestFullscreen()
        .catch(() => {});
  });
}

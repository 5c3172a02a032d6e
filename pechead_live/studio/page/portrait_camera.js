// A portrait taken with the browser's camera: an oval to fit the face in, 3-2-1, use it or again.

import { listDevices, openPortraitCamera, release, whyRefused } from "/page/camera.js";
import { countDown } from "/page/countdown.js";
import { drawn, element } from "/page/element.js";
import { announce } from "/page/notices.js";
import { list, pushButton } from "/page/parts.js";

const QUALITY = 0.95;

/** The oval over a picture of 4:3, as wide as a face from chin to hair at arm's length. */
function guide() {
  const oval = "M 60 10 a 24 31 0 1 0 0.01 0 z";
  return drawn(
    "svg",
    { viewBox: "0 0 120 90", "aria-hidden": "true" },
    drawn("path", {
      class: "shade",
      "fill-rule": "evenodd",
      d: `M 0 0 h 120 v 90 h -120 z ${oval}`,
    }),
    drawn("path", { class: "oval", d: oval }),
  );
}

/** What the video shows now, cut to the 4:3 that the user saw, not mirrored: a JPEG. */
function photograph(video) {
  const [width, height] = [video.videoWidth, video.videoHeight];
  const [w, h] = width * 3 > height * 4 ? [(height * 4) / 3, height] : [width, (width * 3) / 4];
  const canvas = element("canvas", { width: Math.round(w), height: Math.round(h) });
  const context = canvas.getContext("2d");
  context.drawImage(
    video,
    (width - w) / 2,
    (height - h) / 2,
    w,
    h,
    0,
    0,
    canvas.width,
    canvas.height,
  );
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
}

/** `{box, start(), stop()}`; `done(blob)` with the picture, `cancel()` to choose another way. */
export function takePicture({ done, cancel }) {
  const turnedAway = new AbortController();
  let stream = null;
  let address = null;
  let taken = null;

  const video = element("video", {
    autoplay: true,
    playsInline: true,
    muted: true,
    "aria-label": "Your camera, mirrored",
  });
  const image = element("img", { alt: "The picture that was taken", hidden: true });
  const oval = guide();
  const number = element("div", { class: "number", "aria-hidden": "true", hidden: true });
  const finder = element("div", { class: "view-finder" }, video, image, oval, number);
  const hint = element("p", {
    class: "note",
    text:
      "Fit your face into the oval: look straight into the camera, mouth closed, " +
      "light from the front.",
  });
  const error = element("p", { class: "error-line", role: "alert" });
  const devices = list({ text: "Camera", answers: [], change: open });
  devices.box.hidden = true;

  const take = pushButton({
    sign: "camera",
    text: "Take the picture",
    kind: "first",
    press: shoot,
  });
  const again = pushButton({ text: "Again", press: live });
  const use = pushButton({ text: "Use this picture", kind: "first", press: () => done(taken) });
  const other = pushButton({ text: "Back", press: () => cancel() });
  const box = element(
    "div",
    { class: "field" },
    finder,
    hint,
    devices.box,
    error,
    element("div", { class: "dialog-foot" }, other, again, take, use),
  );

  function live() {
    if (address) URL.revokeObjectURL(address);
    address = taken = null;
    image.hidden = again.hidden = use.hidden = true;
    video.hidden = take.hidden = false;
    oval.removeAttribute("hidden");
    take.disabled = stream === null;
  }

  async function open(camera = "") {
    release(stream);
    stream = null;
    live();
    error.textContent = "";
    try {
      const opened = await openPortraitCamera(camera);
      if (turnedAway.signal.aborted) return release(opened);
      stream = opened;
      video.srcObject = stream;
      take.disabled = false;
      take.focus();
      const { cameras } = await listDevices();
      devices.fill(cameras.map(({ id, name }) => ({ value: id, text: name })));
      devices.set(stream.getVideoTracks()[0].getSettings().deviceId ?? camera);
      devices.box.hidden = cameras.length < 2;
    } catch (refusal) {
      error.textContent = whyRefused(refusal);
    }
  }

  async function shoot() {
    take.disabled = true;
    number.hidden = false;
    const going = await countDown((n) => (number.textContent = n), turnedAway.signal);
    number.hidden = true;
    if (!going || stream === null) return;
    taken = await photograph(video);
    address = URL.createObjectURL(taken);
    image.src = address;
    image.hidden = again.hidden = use.hidden = false;
    video.hidden = take.hidden = true;
    oval.setAttribute("hidden", "");
    announce("The picture was taken.");
    use.focus();
  }

  live();
  return {
    box,
    start: () => open(),
    stop: () => {
      turnedAway.abort();
      release(stream);
      stream = null;
      if (address) URL.revokeObjectURL(address);
    },
  };
}

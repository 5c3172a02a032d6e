// The window for a new avatar: a portrait, a name, whose face it is. The picture stays in memory.

import * as api from "/page/api.js";
import { takePicture } from "/page/portrait_camera.js";
import { element, icon, newId } from "/page/element.js";
import { pushButton } from "/page/parts.js";
import { openWindow } from "/page/question.js";

const KINDS = ["image/jpeg", "image/png", "image/webp"];
const LARGEST = 16 * 1024 * 1024;
const CONSENTS = ["My own face", "The person agreed", "A generated face, nobody's"];

/** Why this file cannot be a portrait, or null. */
function whyNot(file) {
  if (!KINDS.includes(file.type)) {
    return `${file.name ?? "This file"} is no JPEG, PNG or WebP picture: choose another one.`;
  }
  if (file.size > LARGEST) {
    const size = (file.size / 1048576).toFixed(0);
    return `This picture has ${size} MiB; at most 16 are taken: save it smaller.`;
  }
  return null;
}

/** Opens the window; `made(avatar)` when the server has made one. `start` is a file or "camera". */
export function openPortraitWindow({ made, start = null }) {
  const page = element("div", {});
  let stopCamera = () => {};
  let address = null;

  const leave = () => {
    stopCamera();
    stopCamera = () => {};
    if (address) URL.revokeObjectURL(address);
    address = null;
  };
  const show = (...children) => {
    leave();
    page.replaceChildren(...children);
  };

  function choose(problem = "") {
    const error = element("p", { class: "error-line", role: "alert", text: problem });
    const file = element("input", {
      type: "file",
      accept: KINDS.join(","),
      hidden: true,
      "aria-hidden": "true",
      tabIndex: -1,
      on: { change: () => file.files[0] && take(file.files[0]) },
    });
    const zone = element(
      "div",
      { class: "drop" },
      icon("picture"),
      element("p", { text: "Drop a portrait here: one face, from the front, evenly lit." }),
      element(
        "div",
        { class: "choices" },
        pushButton({
          sign: "picture",
          text: "Choose a picture",
          kind: "first",
          press: () => file.click(),
        }),
        pushButton({ sign: "camera", text: "Use the camera", press: camera }),
      ),
      element("p", { class: "note", text: "JPEG, PNG or WebP, up to 16 MiB" }),
      file,
    );
    acceptDrops(zone, zone, take);
    show(element("div", { class: "field" }, zone, error));
    page.querySelector("button")?.focus();
  }

  function camera() {
    const taking = takePicture({ done: describe, cancel: choose });
    show(taking.box);
    stopCamera = taking.stop;
    taking.start();
  }

  function take(file) {
    const problem = whyNot(file);
    if (problem) choose(problem);
    else describe(file);
  }

  function describe(picture) {
    const ids = { name: newId("name"), consent: newId("consent"), why: newId("why") };
    const name = element("input", {
      type: "text",
      id: ids.name,
      required: true,
      maxLength: 60,
      autocomplete: "off",
      placeholder: "Such as Ada",
    });
    const consent = element("input", {
      type: "text",
      id: ids.consent,
      required: true,
      maxLength: 200,
      autocomplete: "off",
      "aria-describedby": ids.why,
      placeholder: "Such as: my own face",
    });
    const chips = CONSENTS.map((text) =>
      element("button", {
        type: "button",
        class: "button small",
        text,
        on: {
          click: () => {
            consent.value = text;
            consent.focus();
          },
        },
      }),
    );
    const error = element("p", { class: "error-line", role: "alert" });
    const busy = element("p", {
      class: "busy-line",
      role: "status",
      hidden: true,
      text: "Making the avatar…",
    });
    const back = pushButton({ text: "Another picture", press: () => choose() });
    const make = element("button", {
      type: "submit",
      class: "button first",
      text: "Make the avatar",
    });
    const image = element("img", { alt: "The chosen portrait" });
    const form = element(
      "form",
      { on: { submit } },
      element(
        "div",
        { class: "portrait-preview" },
        image,
        element(
          "div",
          { class: "field grow" },
          element("label", { htmlFor: ids.name, text: "Name" }),
          name,
        ),
      ),
      element(
        "div",
        { class: "field" },
        element("label", { htmlFor: ids.consent, text: "Whose face is it, and may you use it?" }),
        consent,
        element("div", { class: "chips" }, ...chips),
        element("p", {
          class: "note",
          id: ids.why,
          text:
            "Only use a face whose person has agreed; your words are kept in the avatar, " +
            "so that everyone who gets it can read them.",
        }),
      ),
      error,
      element("div", { class: "dialog-foot" }, busy, back, make),
    );

    async function submit(event) {
      event.preventDefault();
      const words = { name: name.value.trim(), consent: consent.value.trim() };
      if (!words.name || !words.consent) {
        error.textContent = "Write a name and whose face it is.";
        return;
      }
      error.textContent = "";
      busy.hidden = false;
      make.disabled = true;
      back.disabled = true;
      try {
        const avatar = await api.addAvatar({ picture, ...words });
        close();
        made(avatar);
      } catch (failure) {
        error.textContent = failure.message;
      }
      busy.hidden = true;
      make.disabled = false;
      back.disabled = false;
    }

    show(form);
    address = URL.createObjectURL(picture);
    image.src = address;
    name.focus();
  }

  const { close } = openWindow({ title: "New avatar", content: () => [page], onClose: leave });
  if (start === "camera") camera();
  else if (start) take(start);
  else choose();
}

/** Lets a picture be dropped on `zone`; `mark` shows it with the class `dropping` or `over`. */
export function acceptDrops(zone, mark, take) {
  const word = zone === mark ? "over" : "dropping";
  const holdsFile = (event) => event.dataTransfer?.types.includes("Files");
  zone.addEventListener("dragover", (event) => {
    if (!holdsFile(event)) return;
    event.preventDefault();
    mark.classList.add(word);
  });
  for (const name of ["dragleave", "drop"]) {
    zone.addEventListener(name, () => mark.classList.remove(word));
  }
  zone.addEventListener("drop", (event) => {
    if (!holdsFile(event)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
}

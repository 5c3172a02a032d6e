// The avatars as pictures to press: which one is drawn, a new one, and deleting with a question.

import * as api from "/page/api.js";
import { ask } from "/page/question.js";
import { element, icon } from "/page/element.js";
import { announce, notify } from "/page/notices.js";

/**
 * `{box, avatars, load(), add(avatar)}`. `pick(id)` when one is pressed, `create()` for a new one,
 * `onChange(avatars)` when the list is another.
 */
export function makeGallery({ controls, pick, create, onChange }) {
  const box = element("ul", { class: "gallery", "aria-label": "Avatars" });
  let avatars = [];

  function card(avatar) {
    const press = element(
      "button",
      {
        type: "button",
        class: "avatar-pick",
        "aria-pressed": "false",
        title: `${avatar.name} (${avatar.consent})`,
        data: { avatar: avatar.id },
        on: { click: () => pick(avatar.id) },
      },
      element("img", { src: avatar.still, alt: "", width: 256, height: 256, draggable: false }),
      element("span", { class: "avatar-name", text: avatar.name }),
    );
    const bin = element(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": `Delete ${avatar.name}`,
        title: "Delete",
        on: { click: () => remove(avatar) },
      },
      icon("bin"),
    );
    return element("li", { class: "avatar" }, press, bin);
  }

  function draw() {
    const plus = element(
      "button",
      { type: "button", class: "avatar-pick avatar-new", on: { click: create } },
      element("span", { class: "frame" }, icon("plus")),
      element("span", { class: "avatar-name", text: "New avatar" }),
    );
    box.replaceChildren(...avatars.map(card), element("li", { class: "avatar" }, plus));
    mark(controls.values.avatar);
  }

  function mark(chosen) {
    for (const press of box.querySelectorAll("[data-avatar]")) {
      press.setAttribute("aria-pressed", String(press.dataset.avatar === chosen));
    }
  }

  async function remove(avatar) {
    const sure = await ask({
      title: `Delete ${avatar.name}?`,
      text: "The avatar and its portrait are deleted from the server. This cannot be undone.",
      yes: "Delete",
    });
    if (!sure) return;
    try {
      await api.deleteAvatar(avatar.id);
      announce(`${avatar.name} was deleted.`);
    } catch (error) {
      notify("delete", error.message);
    }
    await load();
    box.querySelector("button")?.focus();
  }

  async function load() {
    avatars = await api.readAvatars();
    draw();
    onChange(avatars);
  }

  controls.watch((values) => mark(values.avatar));
  return {
    box,
    get avatars() {
      return avatars;
    },
    load,
    add(avatar) {
      avatars = [...avatars.filter((one) => one.id !== avatar.id), avatar];
      draw();
      onChange(avatars);
    },
  };
}

// Keys for what one does while talking; they rest while the user types or a window is open.

import { element } from "/page/element.js";
import { toggleSwitch } from "/page/parts.js";
import { openWindow } from "/page/question.js";
import { remember, remembered } from "/page/settings.js";

const TYPING = "input:not([type=range]):not([type=checkbox]):not([type=radio]):not([type=button])";

let on = remembered("hotkeys", "on") === "on";

const isTyping = (target) =>
  target instanceof Element && target.closest(`${TYPING}, textarea, select, [contenteditable]`);

/** `keys` maps a lower-case key to `{text, run}`; they work while `live()` is true. */
export function bindHotkeys(keys, live) {
  document.addEventListener("keydown", (event) => {
    if (!on || !live() || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const key = keys.get(event.key.toLowerCase());
    if (!key) return;
    event.preventDefault();
    key.run();
  });
}

/** The window that lists the keys and switches them off. */
export function openKeysWindow(keys) {
  const rows = [...keys].flatMap(([key, { text }]) => [
    element("dt", {}, element("kbd", { text: key.toUpperCase() })),
    element("dd", { text }),
  ]);
  const enabled = toggleSwitch({
    text: "Shortcuts",
    note: "They work while the avatar is live and you are not typing.",
    change: (now) => {
      on = now;
      remember("hotkeys", on ? null : "off");
    },
  });
  enabled.set(on);
  openWindow({
    title: "Shortcuts",
    small: true,
    content: () => [enabled.box, element("dl", { class: "key-list" }, ...rows)],
  });
}

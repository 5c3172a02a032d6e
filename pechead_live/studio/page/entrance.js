// Before it is live: the welcome without an avatar, and the card with the Start button.

import { drawn, element } from "/page/element.js";
import { pushButton } from "/page/parts.js";

function face() {
  return drawn(
    "svg",
    {
      viewBox: "0 0 104 128",
      class: "welcome-face",
      "aria-hidden": "true",
      fill: "none",
      stroke: "currentColor",
      "stroke-width": "2",
    },
    drawn("ellipse", { cx: 52, cy: 60, rx: 38, ry: 50, "stroke-dasharray": "6 5" }),
    drawn("path", {
      d: "M30 50q8-6 16 0M58 50q8-6 16 0M52 56v14l-5 3M38 86q14 10 28 0",
      "stroke-linecap": "round",
    }),
  );
}

/** Fills the welcome of the first use. `choose()` and `camera()` open the window for a portrait. */
export function fillWelcome(holder, { choose, camera }) {
  holder.append(
    face(),
    element("h2", { text: "One portrait, and it moves with your face" }),
    element("p", {
      text:
        "Start with a portrait: your own or one that you may use. " +
        "It stays on the studio's machine.",
    }),
    element(
      "div",
      { class: "choices" },
      pushButton({
        sign: "picture",
        text: "Choose a portrait",
        kind: "first large",
        press: choose,
      }),
      pushButton({ sign: "camera", text: "Take one now", kind: "large", press: camera }),
    ),
    element("p", { class: "drop-hint", text: "or drop a picture here" }),
  );
}

/** Fills the card; the answer is `{focus(), busy(on)}`. */
export function fillStartCard(holder, { lists, start }) {
  const button = pushButton({ sign: "start", text: "Start", kind: "first large", press: start });
  holder.append(...lists, button);
  return {
    focus: () => button.focus(),
    busy(on) {
      button.disabled = on;
      button.lastElementChild.textContent = on ? "Starting…" : "Start";
    },
  };
}

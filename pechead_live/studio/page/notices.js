// Messages over the page: what failed, in the server's or the browser's words, and what to do.

import { byId, element, icon } from "/page/element.js";

const shown = new Map();

/**
 * Shows a message until it is closed; one with the same `key` is replaced. `tone` is "bad", "warn"
 * or "plain"; `action` is `{text, run}`.
 */
export function notify(key, text, { tone = "bad", action = null } = {}) {
  const old = shown.get(key);
  if (old && old.text === text) return;
  dismiss(key);
  const box = element(
    "div",
    { class: `notice ${tone}`, role: tone === "bad" ? "alert" : "status" },
    icon("warning"),
    element("p", { text }),
    action &&
      element("button", {
        type: "button",
        class: "button small",
        text: action.text,
        on: {
          click: () => {
            dismiss(key);
            action.run();
          },
        },
      }),
    element(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": "Close this message",
        on: { click: () => dismiss(key) },
      },
      icon("close"),
    ),
  );
  shown.set(key, { box, text });
  byId("notices").append(box);
}

/** Takes a message away, if it is there. */
export function dismiss(key) {
  shown.get(key)?.box.remove();
  shown.delete(key);
}

/** Says something to a screen reader without showing it. */
export function announce(text) {
  byId("announcements").textContent = text;
}

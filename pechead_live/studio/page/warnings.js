// The session's warnings over the picture, each said once, with what can be done about it.

import { element, icon } from "/page/element.js";

/** `show(warnings)`; `actions` maps a code to `{text, run}`, such as the Calibrate button. */
export function makeWarnings(holder, actions = {}) {
  const shown = new Map();
  return (warnings) => {
    for (const [code, { box }] of shown) {
      if (!warnings.some((one) => one.code === code)) {
        box.remove();
        shown.delete(code);
      }
    }
    for (const { code, message } of warnings) {
      const old = shown.get(code);
      if (old) {
        if (old.words.textContent !== message) old.words.textContent = message;
        continue;
      }
      const words = element("span", { text: message });
      const action = actions[code];
      const button =
        action &&
        element("button", { type: "button", text: action.text, on: { click: action.run } });
      const box = element("li", { data: { code } }, icon("warning"), words, button ?? null);
      holder.append(box);
      shown.set(code, { box, words });
    }
  };
}

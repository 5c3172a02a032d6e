// Light, dark, or what the system says; the button goes round the three.

import { remember, remembered } from "/page/settings.js";

const NEXT = { system: "light", light: "dark", dark: "system" };
const WORDS = { system: "System", light: "Light", dark: "Dark" };
const systemDark = matchMedia("(prefers-color-scheme: dark)");

let chosen = NEXT[remembered("theme")] ? remembered("theme") : "system";

function show() {
  const dark = chosen === "system" ? systemDark.matches : chosen === "dark";
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

show();
systemDark.addEventListener("change", show);

/** Makes `button` the switch. */
export function bindTheme(button, text) {
  const name = () => {
    text.textContent = WORDS[chosen];
    button.setAttribute("aria-label", `Colours: ${WORDS[chosen]}`);
  };
  button.addEventListener("click", () => {
    chosen = NEXT[chosen];
    remember("theme", chosen === "system" ? null : chosen);
    show();
    name();
  });
  name();
}

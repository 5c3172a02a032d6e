// What each key does: presets from the server's options, and the page's own.

/** A map of lower-case keys to `{text, run}`, for `bindHotkeys`. */
export function studioKeys({ options, controls, calibrate }) {
  const toggle = (key, on, off) => () => {
    controls.change({ [key]: controls.values[key] === on ? off : on });
  };
  const keys = new Map();
  for (const { name, key } of options.presets) {
    if (key) {
      keys.set(key.toLowerCase(), {
        text: `Expression: ${name.replaceAll("_", " ")}`,
        run: toggle("preset", name, null),
      });
    }
  }
  keys.set("0", { text: "No expression", run: () => controls.change({ preset: null }) });
  keys.set("f", { text: "Freeze, or follow again", run: toggle("presence", "freeze", "follow") });
  keys.set("i", { text: "Idle, or follow again", run: toggle("presence", "idle", "follow") });
  keys.set("m", { text: "Mirror", run: toggle("mirror", true, false) });
  keys.set("c", { text: "Calibrate", run: calibrate });
  return keys;
}

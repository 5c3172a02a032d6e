// The bar under the picture while it is live, and the row of expressions at a key.

import { element, icon, setIcon } from "/page/element.js";
import { choice, keyHint, pushButton, toggleButton } from "/page/parts.js";

const PRESENCES = [
  { value: "follow", text: "Follow" },
  { value: "freeze", text: "Freeze", key: "F" },
  { value: "idle", text: "Idle", key: "I" },
];

/**
 * Fills `bar`; the answer is `{focus(), show({sending, muted, listening, recording})}`.
 * `press` holds `stop`, `mute`, `listen`, `calibrate`, `record`.
 */
export function fillBar(bar, { controls, canRecord, press }) {
  const stop = pushButton({ sign: "stop", text: "Stop", kind: "danger", press: press.stop });
  const mute = toggleButton({ sign: "microphone", text: "Mute", change: press.mute });
  const listen = toggleButton({ sign: "sound-off", text: "Listen", change: press.listen });
  listen.button.title =
    "Hear the sound that your viewers hear, here a little after the picture; use headphones";
  const presence = choice({
    text: "Presence",
    hideText: true,
    answers: PRESENCES,
    change: (value) => controls.change({ presence: value }),
  });
  const calibrate = pushButton({
    sign: "target",
    text: "Calibrate",
    key: "C",
    press: press.calibrate,
  });
  const mirror = toggleButton({
    sign: "mirror",
    text: "Mirror",
    key: "M",
    change: (on) => controls.change({ mirror: on }),
  });
  const record = toggleButton({ sign: "record", text: "Record", change: press.record });
  record.button.disabled = !canRecord;

  bar.append(
    stop,
    mute.button,
    listen.button,
    element("span", { class: "spring" }),
    presence.box,
    element("span", { class: "spring" }),
    calibrate,
    mirror.button,
    record.button,
  );
  controls.watch((values) => {
    presence.set(values.presence);
    mirror.set(values.mirror);
  });

  return {
    focus: () => stop.focus(),
    show({ sending, muted, listening, recording }) {
      mute.button.hidden = !sending;
      mute.set(muted);
      setIcon(mute.button, muted ? "microphone-off" : "microphone");
      listen.set(listening);
      setIcon(listen.button, listening ? "sound" : "sound-off");
      record.set(recording);
    },
  };
}

/** Fills `row` with the presets; pressing the one that is on puts it off. */
export function fillPresets(row, { options, controls }) {
  const buttons = options.presets.map(({ name, key }) => ({
    name,
    ...toggleButton({
      text: name[0].toUpperCase() + name.slice(1).replaceAll("_", " "),
      key,
      change: (on) => controls.change({ preset: on ? name : null }),
    }),
  }));
  const off = element(
    "button",
    {
      type: "button",
      class: "toggle",
      "aria-keyshortcuts": "0",
      on: { click: () => controls.change({ preset: null }) },
    },
    icon("close"),
    element("span", { text: "None" }),
    keyHint("0"),
  );
  row.append(...buttons.map(({ button }) => button), off);
  controls.watch(({ preset }) => {
    for (const { name, set } of buttons) set(name === preset);
    off.disabled = preset === null;
  });
}

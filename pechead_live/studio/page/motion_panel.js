// How the user's motion becomes the avatar's: mode, gains of each group, a pose on top.

import { element } from "/page/element.js";
import { choice, group, pushButton, slider, toggleSwitch } from "/page/parts.js";

const MODES = [
  { value: "calibrated", text: "Calibrated", note: "Your neutral face is the avatar's own." },
  { value: "relative", text: "Relative", note: "Only changes since the start move the avatar." },
  { value: "absolute", text: "Absolute", note: "The avatar takes your pose and face as they are." },
];

const GAIN_WORDS = {
  yaw: "Turn",
  pitch: "Nod",
  roll: "Tilt",
  position: "Position",
  brows: "Brows",
  eyes: "Eyelids",
  gaze: "Gaze",
  mouth: "Mouth",
};

const POSE = [
  { name: "yaw", text: "Turn" },
  { name: "pitch", text: "Nod" },
  { name: "roll", text: "Tilt" },
];

const percent = (value) => `${Math.round(100 * value)} %`;
const degrees = (value) => `${value > 0 ? "+" : ""}${Math.round(value)}°`;

/** The panel's elements. */
export function motionPanel({ options, controls, calibrate }) {
  const note = element("p", { class: "note" });
  const mode = choice({
    text: "How you move the avatar",
    answers: MODES,
    change: (motion) => controls.change({ motion }),
  });
  const look = toggleSwitch({
    text: "Look at the camera",
    note: "The avatar's eyes look at the viewer while you read the screen.",
    change: (on) => controls.change({ look_at_camera: on }),
  });
  const calibration = pushButton({
    sign: "target",
    text: "Calibrate",
    key: "C",
    press: calibrate,
  });

  const gains = options.gains.map((name) => ({
    name,
    ...slider({
      name,
      text: GAIN_WORDS[name] ?? name,
      min: 0,
      max: 1.5,
      step: 0.05,
      rest: 1,
      show: percent,
      change: (value) => controls.change({ gains: { [name]: value } }),
    }),
  }));
  const pose = POSE.map(({ name, text }) => ({
    name,
    ...slider({
      name: `pose-${name}`,
      text,
      min: -30,
      max: 30,
      step: 1,
      rest: 0,
      show: degrees,
      change: (value) => controls.change({ pose: { [name]: value } }),
    }),
  }));

  controls.watch((values) => {
    mode.set(values.motion);
    note.textContent = MODES.find((one) => one.value === values.motion)?.note ?? "";
    look.set(values.look_at_camera);
    for (const { name, set } of gains) set(values.gains[name]);
    for (const { name, set } of pose) set(values.pose[name]);
  });

  const allGains = () => Object.fromEntries(options.gains.map((name) => [name, 1]));
  return [
    group("Motion", {}, mode.box, note, element("div", { class: "row" }, calibration), look.box),
    group(
      "Strength",
      { reset: () => controls.change({ gains: allGains() }) },
      element("div", {}, ...gains.map(({ box }) => box)),
    ),
    group(
      "Head, on top of yours",
      { reset: () => controls.change({ pose: { yaw: 0, pitch: 0, roll: 0 } }) },
      element("div", {}, ...pose.map(({ box }) => box)),
    ),
  ];
}

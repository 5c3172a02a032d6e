// How the picture is drawn: mirror, background, label, size, model and engine.

import { element, newId } from "/page/element.js";
import { choice, group, list, toggleSwitch } from "/page/parts.js";

const FIRST_COLOUR = "#dfe6ee";

const inWords = (size) => (size.includes("x") ? size.replace("x", " × ") : `${size} × ${size}`);

/** The panel's elements. */
export function picturePanel({ options, controls }) {
  const mirror = toggleSwitch({
    text: "Mirror",
    note: "Left and right of the picture are swapped.",
    change: (on) => controls.change({ mirror: on }),
  });
  const label = toggleSwitch({
    text: "AI label",
    note: "A small mark in the picture tells viewers that it is generated.",
    change: (on) => controls.change({ label: on }),
  });

  let lastColour = FIRST_COLOUR;
  const colour = element("input", {
    type: "color",
    value: FIRST_COLOUR,
    "aria-label": "Background colour",
    on: { input: () => controls.change({ background: (lastColour = colour.value) }) },
  });
  const background = choice({
    text: "Background",
    answers: [
      { value: "own", text: "The portrait's" },
      { value: "colour", text: "One colour" },
    ],
    change: (value) => controls.change({ background: value === "own" ? null : lastColour }),
  });

  const size = list({
    text: "Size",
    answers: options.sizes.map((value) => ({ value, text: inWords(value) })),
    change: (value) => controls.change({ size: value }),
  });
  const model = list({
    text: "Model",
    answers: options.models.map(({ name, text }) => ({ value: name, text: `${name}: ${text}` })),
    change: (value) => controls.change({ model: value }),
  });
  const engine = engineField(options, controls);

  controls.watch((values) => {
    mirror.set(values.mirror);
    label.set(values.label);
    background.set(values.background === null ? "own" : "colour");
    colour.hidden = values.background === null;
    if (values.background !== null) {
      lastColour = values.background;
      if (colour.value !== lastColour) colour.value = lastColour;
    }
    size.set(values.size);
    model.set(values.model);
    engine.set(values.engine);
  });

  return [
    group(
      "Picture",
      {},
      mirror.box,
      label.box,
      element("div", { class: "row" }, background.box, colour),
    ),
    group("Drawing", {}, size.box, model.box, engine.box),
  ];
}

/** A list if the server names its engines, else a field to write one. */
function engineField(options, controls) {
  const change = (value) => controls.change({ engine: value.trim() || null });
  const text = "Engine";
  if (options.engines) {
    const names = options.engines.map((one) => (typeof one === "string" ? one : one.name));
    const answers = [
      { value: "", text: "What suits the model" },
      ...names.map((value) => ({ value, text: value })),
    ];
    const made = list({ text, answers, change });
    return { box: made.box, set: (value) => made.set(value ?? "") };
  }
  const id = newId("engine");
  const input = element("input", {
    type: "text",
    id,
    placeholder: "What suits the model",
    autocomplete: "off",
    spellcheck: false,
    "aria-describedby": `${id}-note`,
    on: { change: () => change(input.value) },
  });
  const box = element(
    "div",
    { class: "field" },
    element("label", { htmlFor: id, text }),
    input,
    element("p", {
      class: "note",
      id: `${id}-note`,
      text: "Runtime and device, such as onnxruntime:cpu. Empty: what suits the model.",
    }),
  );
  const set = (value) => {
    if (document.activeElement !== input) input.value = value ?? "";
  };
  return { box, set };
}

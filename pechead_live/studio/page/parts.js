// The small parts that panels are made of: slider, switch, choice side by side, list, button.

import { element, icon, newId } from "/page/element.js";

/**
 * A slider with its name, value and a button that sets it back; `change(number)` while it moves.
 * The answer is `{box, set(number)}`.
 */
export function slider({ name, text, min, max, step, rest, show, change }) {
  const id = newId("slider");
  const value = element("output", { for: id });
  const input = element("input", {
    type: "range",
    id,
    min,
    max,
    step,
    data: { name },
    on: {
      input: () => {
        mark(input.valueAsNumber);
        change(input.valueAsNumber);
      },
      dblclick: () => reset(),
    },
  });
  const back = element(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": `Reset ${text}`,
      title: "Reset",
      on: { click: () => reset() },
    },
    icon("reset"),
  );
  const box = element(
    "div",
    { class: "slider" },
    element("label", { htmlFor: id, text }),
    input,
    value,
    back,
  );

  function mark(number) {
    const words = show(number);
    value.textContent = words;
    input.setAttribute("aria-valuetext", words);
    const changed = Math.abs(number - rest) > step / 2;
    box.classList.toggle("changed", changed);
    if (!changed && document.activeElement === back) input.focus();
    back.disabled = !changed;
  }

  function reset() {
    input.valueAsNumber = rest;
    mark(rest);
    change(rest);
  }

  function set(number) {
    if (input.valueAsNumber !== number) input.valueAsNumber = number;
    mark(number);
  }

  set(rest);
  return { box, set };
}

/** A switch with a sentence under its name: `{box, input, set(on), explain(text)}`. */
export function toggleSwitch({ text, note = "", change }) {
  const id = newId("switch");
  const noteId = `${id}-note`;
  const input = element("input", {
    type: "checkbox",
    role: "switch",
    id,
    "aria-describedby": noteId,
    on: { change: () => change(input.checked) },
  });
  const noteLine = element("span", { class: "note", id: noteId, text: note });
  const box = element(
    "div",
    { class: "switch" },
    element("div", { class: "switch-words" }, element("label", { htmlFor: id, text }), noteLine),
    input,
  );
  return {
    box,
    input,
    set: (on) => (input.checked = on),
    explain: (words) => (noteLine.textContent = words),
  };
}

/** Some answers side by side, one of them chosen: `{box, set(value)}`. */
export function choice({ text, answers, change, hideText = false }) {
  const group = newId("choice");
  const inputs = answers.map(({ value }) =>
    element("input", { type: "radio", name: group, value, on: { change: () => change(value) } }),
  );
  const labels = answers.map((answer, i) =>
    element("label", {}, inputs[i], element("span", {}, answer.text, keyHint(answer.key))),
  );
  const box = element(
    "fieldset",
    { class: "field" },
    element("legend", { class: hideText ? "unseen" : "group-name", text }),
    element("div", { class: "choice" }, ...labels),
  );
  const set = (value) => {
    for (const input of inputs) input.checked = input.value === value;
  };
  return { box, set };
}

/** A list to choose from: `{box, select, set(value), fill(answers)}`. */
export function list({ text, answers, change = () => {} }) {
  const id = newId("list");
  const select = element("select", { id, on: { change: () => change(select.value) } });
  const fill = (rows) => {
    const kept = select.value;
    select.replaceChildren(...rows.map((row) => element("option", row)));
    if (rows.some((row) => row.value === kept)) select.value = kept;
  };
  fill(answers);
  const box = element("div", { class: "field" }, element("label", { htmlFor: id, text }), select);
  const set = (value) => {
    if (select.value !== value) select.value = value;
  };
  return { box, select, set, fill };
}

/** The sign of a key, for those who see it; `aria-keyshortcuts` says it to the others. */
export const keyHint = (key) => (key ? element("kbd", { text: key, "aria-hidden": "true" }) : null);

/** A button that is on or off: `{button, set(on), rename(sign, text)}`. */
export function toggleButton({ sign, text, key = null, change }) {
  const words = element("span", { text });
  const drawing = sign ? icon(sign) : null;
  const button = element(
    "button",
    {
      type: "button",
      class: "toggle",
      "aria-pressed": "false",
      "aria-keyshortcuts": key,
      on: { click: () => change(button.getAttribute("aria-pressed") !== "true") },
    },
    drawing,
    words,
    keyHint(key),
  );
  return { button, set: (on) => button.setAttribute("aria-pressed", String(on)) };
}

/** A button with a sign. */
export function pushButton({ sign = null, text, kind = "", key = null, press }) {
  return element(
    "button",
    {
      type: "button",
      class: `button ${kind}`,
      "aria-keyshortcuts": key,
      on: { click: press },
    },
    sign && icon(sign),
    element("span", { text }),
    keyHint(key),
  );
}

/** A group of a panel with its heading and, if `reset` is given, a button that sets it back. */
export function group(title, { reset = null } = {}, ...children) {
  const button =
    reset &&
    element("button", {
      type: "button",
      class: "quiet button small",
      text: "Reset",
      "aria-label": `Reset ${title}`,
      on: { click: reset },
    });
  const head = element("div", { class: "group-head" }, element("h2", { text: title }), button);
  return element("section", { class: "group", "aria-label": title }, head, ...children);
}

// Sliders for the single expressions, by part of the face, with a search.

import { element, setText } from "/page/element.js";
import { group, slider, toggleSwitch } from "/page/parts.js";

const PARTS = [
  { title: "Brows, cheeks and nose", of: /^(brow|cheekSquint|nose)/ },
  { title: "Eyelids", of: /^eye(Blink|Squint|Wide)/ },
  { title: "Gaze", of: /^eyeLook/ },
  { title: "Jaw and tongue", of: /^(jaw|tongue)/ },
  { title: "Mouth and lips", of: /^mouth/ },
  { title: "Cheeks and others", of: /./ },
];

/** "mouthSmileLeft" as people write it: "Mouth smile left". */
export function inWords(name) {
  const words = name.replace(/([A-Z])/g, " $1").toLowerCase();
  return words[0].toUpperCase() + words.slice(1);
}

/** The same expression on the other side, or null: jawLeft and jawRight are not two sides. */
function otherSide(name, names) {
  const other = name.endsWith("Left")
    ? name.replace(/Left$/, "Right")
    : name.replace(/Right$/, "Left");
  const isDirection = /^(jaw|mouth)(Left|Right)$/.test(name);
  return other !== name && !isDirection && names.includes(other) ? other : null;
}

const signed = (value) => `${value > 0 ? "+" : ""}${Math.round(100 * value)} %`;

/** The panel's elements. */
export function expressionPanel({ options, controls }) {
  const names = options.expressions;
  let together = true;

  function change(name, value) {
    const other = together ? otherSide(name, names) : null;
    const expressions = { ...controls.values.expressions };
    for (const one of other ? [name, other] : [name]) {
      if (value === 0) delete expressions[one];
      else expressions[one] = value;
    }
    controls.change({ expressions });
  }

  const rows = names.map((name) => ({
    name,
    words: `${inWords(name)} ${name}`.toLowerCase(),
    part: PARTS.find(({ of }) => of.test(name)),
    ...slider({
      name,
      text: inWords(name),
      min: -1,
      max: 1,
      step: 0.02,
      rest: 0,
      show: signed,
      change: (value) => change(name, value),
    }),
  }));

  const parts = PARTS.map((part) => {
    const own = rows.filter((row) => row.part === part);
    const count = element("span", { class: "count" });
    const box = element(
      "details",
      { class: "sliders" },
      element("summary", {}, element("span", { text: part.title }), count),
      element("div", {}, ...own.map((row) => row.box)),
    );
    return { own, count, box };
  }).filter(({ own }) => own.length > 0);

  const nothing = element("p", {
    class: "note",
    text: "No expression has this name.",
    hidden: true,
  });
  const search = element("input", {
    type: "search",
    placeholder: "Search, such as smile or blink",
    "aria-label": "Search expressions",
    on: { input: () => filter() },
  });

  function filter() {
    const wanted = search.value.trim().toLowerCase();
    for (const row of rows) row.box.hidden = !row.words.includes(wanted);
    for (const { own, box } of parts) {
      const found = own.some((row) => !row.box.hidden);
      box.hidden = !found;
      box.open = wanted !== "" && found;
    }
    nothing.hidden = parts.some(({ box }) => !box.hidden);
  }

  const both = toggleSwitch({
    text: "Left and right together",
    change: (on) => (together = on),
  });
  both.set(together);

  controls.watch(({ expressions }) => {
    for (const { name, set } of rows) set(expressions[name] ?? 0);
    for (const { own, count } of parts) {
      const changed = own.filter(({ name }) => expressions[name]).length;
      setText(count, changed ? `${changed} changed` : String(own.length));
      count.classList.toggle("changed", changed > 0);
    }
  });

  return [
    group(
      "Expressions, on top of yours",
      { reset: () => controls.change({ expressions: {} }) },
      search,
      both.box,
      ...parts.map(({ box }) => box),
      nothing,
    ),
  ];
}

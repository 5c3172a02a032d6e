// What is happening, in figures: the STATUS of a session as a list with a chart beside it.

import { latencyChart } from "/page/chart.js";
import { element, setText } from "/page/element.js";

const NONE = "–";
const STAGES = {
  track: "tracking",
  calibrate: "calibration",
  render: "drawing",
  output: "output",
};

const number = (value, digits = 0) =>
  value === null || value === undefined ? null : value.toFixed(digits);
const withUnit = (value, unit, digits = 0) => {
  const words = number(value, digits);
  return words === null ? null : `${words} ${unit}`;
};

const FIGURES = [
  ["Pictures", (s) => withUnit(s.fps, "/s", 1)],
  ["Latency", (s) => withUnit(s.latency_ms?.p50, "ms"), (s) => upTo(s.latency_ms?.p95)],
  ["Dropped", (s) => number(s.drops?.frames), (s) => lost(s.drops?.coefficients)],
  ["Face", (s) => certain(s.confidence)],
  ["Bitrate", (s) => withUnit(s.bitrate_kbit, "kbit/s")],
  ["Viewers", (s) => number(s.viewers)],
  ["Drawn by", (s) => s.drawn_by],
  ["Time in each step", (s) => steps(s.stages_ms)],
];
const WIDE = ["Drawn by", "Time in each step"];

const upTo = (p95) => (p95 === null || p95 === undefined ? "" : `95 % ≤ ${Math.round(p95)}`);
const lost = (count) => (count ? `and ${count} motions` : "");
const certain = (confidence) => withUnit(confidence === null ? null : 100 * confidence, "% sure");
const steps = (stages) =>
  Object.entries(stages ?? {})
    .filter(([, value]) => value !== null)
    .map(
      ([name, value]) =>
        `${STAGES[name] ?? name} ${value < 9.95 ? value.toFixed(1) : Math.round(value)} ms`,
    )
    .join(", ") || null;

/** Fills `holder`; the answer is `show(status)`, which also takes null. */
export function makeFigures(holder) {
  const chart = latencyChart();
  const rows = FIGURES.map(([name, value, more]) => {
    const main = element("span", { text: NONE });
    const small = element("small", {});
    const box = element(
      "div",
      { class: WIDE.includes(name) ? "whole" : "" },
      element("dt", { text: name }),
      element("dd", {}, main, small),
    );
    return { box, main, small, value, more };
  });
  holder.append(element("dl", {}, ...rows.map(({ box }) => box)), chart.box);

  return (status) => {
    for (const { main, small, value, more } of rows) {
      setText(main, (status && value(status)) || NONE);
      setText(small, (status && more?.(status)) || "");
    }
    chart.show(status?.chart ?? []);
  };
}

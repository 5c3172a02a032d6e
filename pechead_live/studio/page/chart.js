// The small chart of the last thirty seconds: the middle latency and the slow one, as two lines.

import { drawn, element, setText } from "/page/element.js";

const SECONDS = 30;
const [WIDTH, HEIGHT] = [300, 100];
const TOPS = [50, 100, 150, 200, 300, 500, 1000, 2000, 5000];

const ms = (value) => `${Math.round(value)} ms`;

/** A path through the points that are there; a gap where a value is null. */
function path(points, key, top) {
  let open = false;
  return points
    .map((point) => {
      if (point[key] === null || point[key] === undefined) {
        open = false;
        return "";
      }
      const x = WIDTH * (1 + point.t / SECONDS);
      const y = HEIGHT * (1 - Math.min(point[key], top) / top);
      const step = `${open ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
      open = true;
      return step;
    })
    .join("");
}

/** `{box, show(points)}`: points are `{t, p50, p95}`, t in seconds before now (negative). */
export function latencyChart() {
  const middle = drawn("path", { class: "middle" });
  const slow = drawn("path", { class: "slow" });
  const lines = [0, 0.5, 1].map((part) =>
    drawn("line", { class: "grid-line", x1: 0, x2: WIDTH, y1: HEIGHT * part, y2: HEIGHT * part }),
  );
  const svg = drawn(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" },
    ...lines,
    slow,
    middle,
  );
  const height = element("span", {});
  const box = element(
    "div",
    { class: "chart" },
    element(
      "div",
      { class: "chart-head" },
      element("span", { text: "Latency, last 30 s" }),
      element("span", { class: "spring" }),
      height,
    ),
    svg,
    element(
      "div",
      { class: "chart-head" },
      element("span", { class: "chart-key", text: "half are faster" }),
      element("span", { class: "chart-key slow", text: "95 % are faster" }),
    ),
  );

  function show(points) {
    const values = points.flatMap(({ p50, p95 }) => [p50, p95]).filter((one) => one !== null);
    const top = TOPS.find((one) => one >= Math.max(...values, 1)) ?? TOPS.at(-1);
    middle.setAttribute("d", path(points, "p50", top));
    slow.setAttribute("d", path(points, "p95", top));
    setText(height, values.length ? `0 to ${ms(top)}` : "no figures yet");
    const last = points.findLast(({ p50 }) => p50 !== null);
    const words = last ? `now ${ms(last.p50)}, 95 % under ${ms(last.p95)}` : "no figures yet";
    svg.setAttribute("aria-label", `Latency of the last 30 seconds: ${words}`);
  }

  show([]);
  return { box, show };
}

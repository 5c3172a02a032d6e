// The panel's tabs: arrow keys go along, Home and End to the ends, as the ARIA pattern says.

import { element, newId } from "/page/element.js";

/** Fills `panel` with tabs; `pages` is `[{title, content: [elements]}]`. */
export function fillTabs(panel, pages) {
  const bar = element("div", { class: "tabs", role: "tablist", "aria-label": "Controls" });
  const made = pages.map(({ title, content }) => {
    const id = newId("tab");
    const tab = element("button", {
      type: "button",
      role: "tab",
      id,
      text: title,
      "aria-controls": `${id}-page`,
    });
    const page = element(
      "div",
      { class: "tab-page", role: "tabpanel", id: `${id}-page`, "aria-labelledby": id },
      ...content,
    );
    return { tab, page };
  });

  function open(index, focus = false) {
    for (const [i, { tab, page }] of made.entries()) {
      tab.setAttribute("aria-selected", String(i === index));
      tab.tabIndex = i === index ? 0 : -1;
      page.hidden = i !== index;
    }
    if (focus) made[index].tab.focus();
  }

  for (const [i, { tab }] of made.entries()) {
    tab.addEventListener("click", () => open(i));
    tab.addEventListener("keydown", (event) => {
      const last = made.length - 1;
      const goal = {
        ArrowRight: i === last ? 0 : i + 1,
        ArrowLeft: i === 0 ? last : i - 1,
        Home: 0,
        End: last,
      }[event.key];
      if (goal === undefined) return;
      event.preventDefault();
      open(goal, true);
    });
  }
  bar.append(...made.map(({ tab }) => tab));
  panel.append(bar, ...made.map(({ page }) => page));
  open(0);
}

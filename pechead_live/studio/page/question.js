// Windows over the page: how one is opened and closed, and a yes-or-no question.

import { element, icon, newId } from "/page/element.js";

/**
 * Opens a window; `content(close)` makes its elements. The focus goes back where it was, and
 * `onClose` is called, however it is closed.
 */
export function openWindow({ title, small = false, content, onClose = () => {} }) {
  const id = newId("window");
  const before = document.activeElement;
  const close = () => box.close();
  const head = element(
    "div",
    { class: "dialog-head" },
    element("h2", { id, text: title }),
    element(
      "button",
      { type: "button", class: "icon-button", "aria-label": "Close", on: { click: close } },
      icon("close"),
    ),
  );
  const body = element("div", { class: "dialog-body" }, head, ...content(close));
  const box = element("dialog", { class: small ? "small" : "", "aria-labelledby": id }, body);
  box.addEventListener("close", () => {
    box.remove();
    onClose();
    before?.focus?.();
  });
  document.body.append(box);
  box.showModal();
  box.querySelector("[data-first]")?.focus();
  return { box, close };
}

/** Asks; true only if `yes` was pressed. */
export function ask({ title, text, yes }) {
  return new Promise((answer) => {
    let sure = false;
    openWindow({
      title,
      small: true,
      content: (close) => [
        element("p", { text }),
        element(
          "div",
          { class: "dialog-foot" },
          element("button", {
            type: "button",
            class: "button",
            text: "Cancel",
            data: { first: "" },
            on: { click: close },
          }),
          element("button", {
            type: "button",
            class: "button danger",
            text: yes,
            on: {
              click: () => {
                sure = true;
                close();
              },
            },
          }),
        ),
      ],
      onClose: () => answer(sure),
    });
  });
}

// Elements made in one call. Text is always set as text, so a name from the server is never markup.

/**
 * An element. `on` holds listeners, `data` the data- attributes, `class` and `text` what they say;
 * every other key is a property if the element has it, else an attribute; null is left out.
 */
export function element(tag, settings = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(settings)) {
    if (value === null || value === undefined) continue;
    if (key === "class") made.className = value;
    else if (key === "text") made.textContent = value;
    else if (key === "on") {
      for (const [name, listener] of Object.entries(value)) made.addEventListener(name, listener);
    } else if (key === "data") Object.assign(made.dataset, value);
    else if (key in made && key !== "list") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** An element of a drawing, with its attributes. */
export function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** One of the signs of icons.svg; screen readers pass over it. */
export function icon(name) {
  return drawn(
    "svg",
    { class: "icon", "aria-hidden": "true" },
    drawn("use", { href: `/page/icons.svg#${name}` }),
  );
}

/** Shows another sign in an `icon`. */
export function setIcon(holder, name) {
  const wanted = `/page/icons.svg#${name}`;
  const use = holder.querySelector("use");
  if (use.getAttribute("href") !== wanted) use.setAttribute("href", wanted);
}

/** Sets a text only if it differs: a live region is not read out again for the same words. */
export function setText(holder, text) {
  if (holder.textContent !== text) holder.textContent = text;
}

let count = 0;

/** An id that no other element of the page has. */
export function newId(word) {
  count += 1;
  return `${word}-${count}`;
}

export const byId = (id) => document.getElementById(id);

// Making and updating elements. HTML from the server is put in by `html` alone; all of it was made
// and escaped in one place there (marking.py).

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  groupchat: "M4 5h11v8H9l-3 3v-3H4zM17.500 9H20v8h-2v3l-3-3h-4v-1.500",
  clip: "M8 13.5 14.2 7.3a2.5 2.5 0 0 1 3.5 3.5l-7.4 7.4a4 4 0 0 1-5.7-5.7l7-7",
  down: "M7 4v9M7 13l4 7c1.6 0 2.6-1.3 2.3-2.8L12.7 14H18a2 2 0 0 0 2-2.4l-1.2-6A2 2 0 0 0 16.8 4H7zM7 4H4v9h3",
  send: "M4 12h13M11.5 6l6 6-6 6",
  teamchannel: "M4 5h16v14H4zM8 9.500h8M8 14.500h5",
  up: "M7 20v-9M7 11l4-7c1.6 0 2.6 1.3 2.3 2.800L12.7 10H18a2 2 0 0 1 2 2.400l-1.2 6a2 2 0 0 1-2 1.600H7zM7 20H4v-9h3",
};

// A new element. Properties named `on…` are listeners, `data` is its dataset, true and false set or
// leave out an attribute; children that are null or false are left out.
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

// An element that holds HTML from the server.
export function html(tag, properties, text) {
  const element = h(tag, properties);
  element.innerHTML = text;
  return element;
}

// A decorative icon by its name.
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const shown = new WeakMap();

// Let `parent` show one view per item, in order. Views are {element, update(item)}, kept by key, so
// that what somebody types or has focused in one survives every update.
export function keep(parent, items, keyOf, create) {
  const before = shown.get(parent) ?? new Map();
  const now = new Map(items.map((item) => [keyOf(item), before.get(keyOf(item)) ?? create(item)]));
  shown.set(parent, now);
  for (const [key, view] of before) if (!now.has(key)) view.element.remove();
  let next = parent.firstElementChild;
  for (const item of items) {
    const view = now.get(keyOf(item));
    view.update(item);
    if (view.element === next) next = next.nextElementSibling;
    else parent.insertBefore(view.element, next);
  }
  return now;
}

// Replace what is in `element`; a button that had the focus has it again, by its data-key.
export function refill(element, children) {
  const focused = element.contains(document.activeElement) && document.activeElement.dataset.key;
  element.replaceChildren(...children.flat().filter(Boolean));
  if (focused) element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

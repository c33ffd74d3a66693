// Elements from a few words, and panels redrawn without losing the place of the keyboard.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element. `props`: class, text, on{Event}, properties of the element, or attributes
 * (aria-*, data-*, role, for). Names and notes are always set as text, never as HTML.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) set(element, name, value);
  element.append(
    ...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

function set(element, name, value) {
  if (value === undefined || value === null) return;
  if (name === "class") element.className = value;
  else if (name === "text") element.textContent = value;
  else if (/^on[A-Z]/.test(name)) element.addEventListener(name.slice(2).toLowerCase(), value);
  else if (name.includes("-") || name === "role" || name === "for" || name === "list") {
    element.setAttribute(name, value);
  } else element[name] = value;
}

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// Shapes on a 16 x 16 grid, drawn with one stroke; "fill:" in front fills instead.
const SHAPES = {
  play: "fill:M4 2.5v11l9-5.5z",
  pause: "fill:M4 3h3v10H4zM9 3h3v10H9z",
  back: "fill:M12 2.5v11L3 8z",
  first: "fill:M3 3h1.6v10H3zM13 3v10L5.5 8z",
  last: "fill:M11.4 3H13v10h-1.6zM3 3v10l7.5-5z",
  stepBack: "M10 3.5 5.5 8l4.5 4.5",
  stepOn: "M6 3.5 10.5 8 6 12.5",
  undo: "M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M3 6.5l3-3M3 6.5l3 3",
  redo: "M13 6.5H6.5a3.5 3.5 0 0 0 0 7H10M13 6.5l-3-3M13 6.5l-3 3",
  lock: "M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
  unlock: "M4 7.5h8v6H4zM5.5 7.5V4.5a2.5 2.5 0 0 1 4.8-1",
  ban: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM4.2 4.2l7.6 7.6",
  must: "M8 2.4l1.7 3.6 3.9.5-2.9 2.7.8 3.9L8 11.2l-3.5 1.9.8-3.9L2.4 6.5l3.9-.5z",
  approve: "M3 8.5l3.2 3.2L13 4.8",
  reject: "M4 4l8 8M12 4l-8 8",
  drop: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5M6.8 7v4M9.2 7v4",
  search: "M7 2.8a4.2 4.2 0 1 1 0 8.4 4.2 4.2 0 0 1 0-8.4zM10.2 10.2l3.3 3.3",
  swap: "M3 5.5h9M9.5 3 12 5.5 9.5 8M13 10.5H4M6.5 8 4 10.5 6.5 13",
  note: "M3.5 2.5h9v8l-3 3h-6zM9.5 13.5v-3h3M5.5 5.5h5M5.5 8h3",
  close: "M4 4l8 8M12 4l-8 8",
  film: "M2.5 3.5h11v9h-11zM5 3.5v9M11 3.5v9M2.5 6.5H5M2.5 9.5H5M11 6.5h2.5M11 9.5h2.5",
  cut: "M4.5 10.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6zM11.5 10.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6zM5.5 10.5 11 2.5M10.5 10.5 5 2.5",
  earlier: "M7.5 4 3.5 8l4 4M3.5 8h9",
  later: "M8.5 4l4 4-4 4M12.5 8h-9",
  up: "M8 13V3.5M4 7.5l4-4 4 4",
  export: "M8 10V2.5M5 5.5l3-3 3 3M3 9.5v4h10v-4",
  zoomIn: "M8 3.5v9M3.5 8h9",
  zoomOut: "M3.5 8h9",
  fit: "M2.5 5v6M13.5 5v6M3.5 8h9M5.5 6l-2 2 2 2M10.5 6l2 2-2 2",
  sound: "M3 6v4h2.5L9 13V3L5.5 6zM11 6a2.8 2.8 0 0 1 0 4M12.5 4.2a5.2 5.2 0 0 1 0 7.6",
  mute: "M3 6v4h2.5L9 13V3L5.5 6zM11 6.3l3 3.4M14 6.3l-3 3.4",
  down: "M4 6l4 4 4-4",
};

/** A small line drawing; decoration only: its button carries the words. */
export function icon(name) {
  const shape = SHAPES[name];
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of [
    ["viewBox", "0 0 16 16"],
    ["aria-hidden", "true"],
    ["class", "icon"],
  ]) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", shape.replace("fill:", ""));
  if (shape.startsWith("fill:")) path.setAttribute("class", "solid");
  svg.append(path);
  return svg;
}

/** A button with an icon, words, and the key that does the same in its tooltip. */
export function button(label, { shape, key, words = false, onClick, ...props } = {}) {
  const title = key ? `${label} (${key})` : label;
  return h(
    "button",
    { type: "button", title, "aria-label": title, onClick, ...props },
    shape && icon(shape),
    words && h("span", { text: words === true ? label : words }),
  );
}

/**
 * Put new children into a panel. The element that has the focus keeps it by its data-key, and a
 * text being typed keeps its words and its cursor.
 */
export function redraw(panel, ...children) {
  const active = document.activeElement;
  const key = panel.contains(active) ? active.dataset.key : undefined;
  const typed = key && "selectionStart" in active && active.tagName !== "SELECT" ? active : null;
  const top = panel.scrollTop;
  panel.replaceChildren(...children.flat(9).filter(Boolean));
  panel.scrollTop = top;
  if (!key) return;
  const again = panel.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!again) return;
  if (typed && again.tagName === typed.tagName) {
    again.value = typed.value;
    again.focus({ preventScroll: true });
    again.setSelectionRange?.(typed.selectionStart, typed.selectionEnd);
  } else again.focus({ preventScroll: true });
}

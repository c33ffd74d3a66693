// Which key does what, and the list of them under "?".

import { $, h } from "./dom.js";

// Keys in the order in which the list shows them: [group, [[keys shown, what], ...]].
export const LIST = [
  [
    "Play",
    [
      ["Space", "play, pause"],
      ["J K L", "back, pause, on; again for 2, 4, 8 times"],
      ["← →", "one frame; with Shift ten"],
      ["↑ ↓", "cut before, cut after"],
      ["Home End", "first frame, last frame"],
      ["S", "sound on, off"],
    ],
  ],
  [
    "Trim",
    [
      [", .", "move the chosen edge one frame; with Shift ten"],
      ["E", "choose the other edge: in, out"],
      ["T", "ripple or roll"],
      ["I", "the cut begins at the playhead"],
      ["O", "the cut ends at the playhead"],
      ["Alt+, Alt+.", "slip: show earlier or later frames of the clip"],
    ],
  ],
  [
    "Cut",
    [
      ["X Delete", "drop it"],
      ["Alt+← Alt+→", "move it earlier, later"],
      ["1 … 9", "put that alternative in its place"],
      ["F", "find footage to put in its place"],
      ["P", "lock it, unlock it"],
      ["B", "ban its shot"],
      ["M", "must include what it shows"],
      ["N", "write a note"],
    ],
  ],
  [
    "Judge",
    [
      ["A", "approve the cut; with Shift the film"],
      ["R", "reject the cut; with Shift the film"],
      ["V", "compare two versions side by side"],
    ],
  ],
  [
    "Page",
    [
      ["Ctrl+Z Ctrl+Shift+Z", "undo, redo"],
      ["+ −", "zoom in, out; Ctrl with the wheel too"],
      ["0", "see the whole film"],
      ["Esc", "leave what is open"],
      ["?", "this list"],
    ],
  ],
];

const WRITES = "input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select";
const PRESSED = "button, a, summary, input:not([type=range]), [role=tab]";
const OWN = { " ": PRESSED, Enter: PRESSED };

/** The name of a key press: "Ctrl+Shift+z", "Alt+ArrowLeft", ",". */
export function nameOf(event) {
  const held = [];
  if (event.ctrlKey || event.metaKey) held.push("Ctrl");
  if (event.altKey) held.push("Alt");
  const letter = event.key.length === 1 && /\p{L}/u.test(event.key);
  const shifted = event.shiftKey && (letter || event.key.length > 1);
  if (shifted) held.push("Shift");
  return [...held, letter ? event.key.toLowerCase() : event.key].join("+");
}

/** Send key presses to `actions`, a table by name; what is being written in is left alone. */
export function listen(actions) {
  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if (event.defaultPrevented || event.isComposing || $("dialog[open]")) return;
    if (target.matches(WRITES)) {
      if (event.key === "Escape") target.blur();
      return;
    }
    if (OWN[event.key] && target.matches(OWN[event.key])) return;
    const action = actions[nameOf(event)];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}

/** Fill the dialog that lists the keys. */
export function fillHelp(dialog) {
  const group = ([name, rows]) =>
    h(
      "section",
      {},
      h("h3", { text: name }),
      h(
        "dl",
        {},
        rows.map(([keys, what]) => h("div", {}, h("dt", {}, caps(keys)), h("dd", { text: what }))),
      ),
    );
  $(".key-groups", dialog).replaceChildren(...LIST.map(group));
}

function caps(keys) {
  return keys.split(" ").map((key) => (key === "…" ? "…" : h("kbd", { text: key })));
}

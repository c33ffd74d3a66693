// Builds what the comparison shows: two sides, one playhead, why and the answer.

import { button, h } from "./dom.js";

/**
 * Fill the dialog. `deeds`: rows of versions, the two chosen, the reasons there are, and what to do
 * when something is picked, sought, toggled, heard or answered. Returns the parts that change.
 */
export function build(dialog, deeds) {
  const picks = deeds.chosen.map((title, place) =>
    pick(deeds, title, place ? "another version" : "one version"),
  );
  const line = playLine(deeds);
  const why = whyLine(deeds);
  const said = h("p", { class: "compare-said", role: "status" });
  dialog.replaceChildren(
    head(dialog, picks),
    h("div", { class: "sides" }, side(deeds, "left", "1"), side(deeds, "right", "2")),
    h("div", { class: "compare-line" }, line.toggle, line.clock, line.range, line.swap),
    why.foot,
    said,
  );
  return { picks, said, ...line, reasons: why.reasons, words: why.words };
}

function head(dialog, picks) {
  return h(
    "header",
    { class: "compare-head" },
    h("h2", { text: "Compare" }),
    picks[0],
    h("span", { class: "dim", text: "and" }),
    picks[1],
    h("span", { class: "dim", text: "sides by lot, names after your answer" }),
    h("span", { class: "spring" }),
    button("Close", {
      shape: "close",
      key: "Esc",
      class: "icon-only",
      onClick: () => dialog.close(),
    }),
  );
}

function pick({ rows, picked }, title, label) {
  const options = rows.map((row) =>
    h("option", { value: row.title, text: row.title, selected: row.title === title }),
  );
  return h("select", { "aria-label": label, onChange: picked }, options);
}

function side({ answer }, name, key) {
  const picture = h("canvas", { "aria-label": `picture of the ${name} version`, role: "img" });
  const prefer = button(`Prefer the ${name} one`, {
    key,
    words: "Prefer this",
    class: "primary prefer",
    shape: "approve",
    onClick: (event) => answer(event.currentTarget, name),
  });
  return h(
    "section",
    { class: `side ${name}`, "aria-label": `${name} version` },
    h("div", { class: "stage" }, picture),
    h("canvas", { class: "side-strip", "aria-hidden": "true" }),
    h(
      "div",
      { class: "side-foot" },
      h("h3", { text: name === "left" ? "Left" : "Right" }),
      h("span", { class: "side-facts" }),
      h("span", { class: "spring" }),
      prefer,
    ),
  );
}

function playLine({ seek, toggle, sound }) {
  const range = h("input", {
    type: "range",
    min: 0,
    max: 1,
    step: 1,
    value: 0,
    "aria-label": "Playhead of both",
    class: "both-range",
    onInput: (event) => seek(Number(event.currentTarget.value)),
  });
  return {
    range,
    clock: h("span", { class: "tc big" }),
    toggle: button("Play both", {
      shape: "play",
      key: "Space",
      class: "icon-only",
      onClick: toggle,
    }),
    swap: button("Hear the other side", {
      shape: "sound",
      key: "S",
      words: "Sound: left",
      onClick: sound,
    }),
  };
}

function whyLine({ reasons, answer }) {
  const turn = ({ currentTarget: chip }) =>
    chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
  const chips = reasons.map((name) =>
    h("button", {
      type: "button",
      class: "chip",
      "aria-pressed": "false",
      "data-reason": name,
      text: name,
      onClick: turn,
    }),
  );
  const words = h("input", {
    type: "text",
    class: "why-words",
    placeholder: "why, in your words",
    "aria-label": "Why, in your words",
    maxLength: 2000,
  });
  const neither = button("Neither is better", {
    key: "3",
    words: "Neither",
    onClick: (event) => answer(event.currentTarget, "neither"),
  });
  const foot = h(
    "footer",
    { class: "compare-foot" },
    h("span", { class: "dim", text: "because of" }),
    h("div", { class: "chips" }, chips),
    words,
    neither,
  );
  return { foot, reasons: chips, words };
}

// Approve or reject, with why: the reason keeps one fault from teaching another term.

import { button, h } from "./dom.js";

/** The buttons, reasons and words for a cut, or for the film where `cut` is null. */
export function verdictPart(desk, act, cut) {
  const now = (cut ? cut.verdict : desk.film.verdict) ?? null;
  const key = cut ? "cut" : "film";
  const shift = cut ? "" : "Shift+";
  const say = (control, change) => {
    const { verdict, reasons, note } = now;
    act.judge(control, cut, { verdict, reasons, note, ...change });
  };
  const choice = (verdict, label, letter) =>
    button(label, {
      shape: verdict,
      key: `${shift}${letter}`,
      words: true,
      class: `choice ${verdict}`,
      "data-key": `${key}-${verdict}`,
      "aria-pressed": String(now?.verdict === verdict),
      onClick: (event) => act.verdict(event.currentTarget, cut, verdict),
    });
  const chips = desk.reasons.map((name) => reason(name, now, `${key}-${name}`, say));
  return h(
    "section",
    { class: "verdict" },
    h("h3", { text: cut ? "This cut" : "The film" }),
    h(
      "div",
      { class: "choices" },
      choice("approve", "Approve", "A"),
      choice("reject", "Reject", "R"),
    ),
    h("div", { class: "chips", role: "group", "aria-label": "Because of" }, chips),
    words(now, `${key}-why`, say),
  );
}

function reason(name, now, key, say) {
  const chosen = now?.reasons.includes(name) ?? false;
  return h("button", {
    type: "button",
    class: "chip",
    "aria-pressed": String(chosen),
    "data-key": key,
    text: name,
    disabled: !now,
    onClick: (event) => {
      const rest = now.reasons.filter((other) => other !== name);
      say(event.currentTarget, { reasons: chosen ? rest : [...rest, name] });
    },
  });
}

function words(now, key, say) {
  return h("input", {
    type: "text",
    class: "why-words",
    value: now?.note ?? "",
    placeholder: "in your words",
    "aria-label": "Why, in your words",
    "data-key": key,
    disabled: !now,
    maxLength: 2000,
    onChange: (event) => say(event.currentTarget, { note: event.currentTarget.value }),
  });
}

/** A text that is saved when it is left, and when Ctrl+Enter is pressed. */
export function noteBox(label, key, text, save) {
  const box = h("textarea", {
    rows: 2,
    value: text,
    "data-key": key,
    "data-saved": text,
    "aria-label": label,
    placeholder: label,
  });
  const keep = () => {
    if (box.value === box.dataset.saved) return;
    box.dataset.saved = box.value;
    save(box, box.value);
  };
  box.addEventListener("change", keep);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) box.blur();
  });
  return box;
}

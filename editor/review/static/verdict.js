// Approve or reject, with why: the reason keeps one fault from teaching another term.

import { button, h } from "./dom.js";

/** The buttons, reasons and words for a cut, or for the film where `cut` is null. */
export function verdictPart(desk, act, cut) {
  const now = (cut ? cut.verdict : desk.film.verdict) ?? null;
  const key = cut ? "cut" : "film";
  const shift = cut ? "" : "Shift+";
  const say = (control, change) => {
    const { verdict, reasons, note } = now;
    return act.judge(control, cut, { verdict, reasons, note, ...change });
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
    words(now, `${key}-why`, `${desk.film.title}:why:${cut?.id ?? "film"}`, say),
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

function words(now, key, place, say) {
  const box = h("input", {
    type: "text",
    class: "why-words",
    value: now?.note ?? "",
    placeholder: "in your words",
    "aria-label": "Why, in your words",
    "data-key": key,
    disabled: !now,
    maxLength: 2000,
  });
  if (now) keep(box, place, (control, note) => say(control, { note }));
  return box;
}

/** A text that is saved when it is left, and when Ctrl+Enter is pressed. `place`: whose text. */
export function noteBox(label, key, place, text, save) {
  const box = h("textarea", {
    rows: 2,
    value: text,
    "data-key": key,
    "aria-label": label,
    placeholder: label,
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) box.blur();
  });
  keep(box, place, save);
  return box;
}

const DRAFT = "review-draft:"; // localStorage: what was typed and is not saved yet

/** Save what is typed when the box is left; until it is saved neither a reload nor a server that
 * is gone loses it: it stands here again, marked. `save(box, text)` resolves to true when done. */
function keep(box, place, save) {
  const key = DRAFT + place;
  const saved = box.value.trim();
  const draft = localStorage.getItem(key);
  const leave = async () => {
    const text = box.value;
    if (text.trim() !== saved && !(await save(box, text))) return mark();
    if (localStorage.getItem(key) === text) localStorage.removeItem(key);
    mark();
  };
  const mark = () => {
    const waits = localStorage.getItem(key) !== null;
    box.classList.toggle("unsaved", waits);
    box.title = waits ? "Not saved yet: it is when you leave the box" : "";
  };
  box.addEventListener("input", () => localStorage.setItem(key, box.value));
  box.addEventListener("change", leave);
  if (draft?.trim() === saved) localStorage.removeItem(key);
  else if (draft !== null) {
    box.value = draft;
    box.addEventListener("blur", leave, { once: true }); // unchanged since, it would not be saved
  }
  mark();
}

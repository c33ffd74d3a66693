// Says things: a refusal at the control it belongs to, news at the foot, and both to a screen reader.

import { $, h, icon } from "./dom.js";

const SHORT = 6000; // ms that good news stays

/** Show the server's reason at a control until the next press of a key or button, or Escape. */
export function refuse(control, text) {
  const bubble = $("#refusal");
  const anchor = control?.isConnected ? control : $("#picture");
  bubble.replaceChildren(icon("reject"), h("span", { text }));
  bubble.hidden = false;
  const at = anchor.getBoundingClientRect();
  const own = bubble.getBoundingClientRect();
  const left = Math.max(
    8,
    Math.min(at.left + at.width / 2 - own.width / 2, innerWidth - own.width - 8),
  );
  const under = at.bottom + 8;
  const top = under + own.height < innerHeight - 8 ? under : Math.max(8, at.top - own.height - 8);
  bubble.style.left = `${left}px`;
  bubble.style.top = `${top}px`;
  anchor.setAttribute?.("aria-describedby", "refusal");
  bubble.dataset.since = String(performance.now());
}

/** The press that was refused does not take its own answer away; Escape always does. */
export function clearRefusal(event) {
  const bubble = $("#refusal");
  const fresh = performance.now() - Number(bubble.dataset.since) < 50;
  if (bubble.hidden || (fresh && event?.key !== "Escape")) return;
  bubble.hidden = true;
  $('[aria-describedby="refusal"]')?.removeAttribute("aria-describedby");
}

/** News at the foot of the page. kind: "good" goes by itself, "warn" and "bad" stay until closed. */
export function tell(text, kind = "good", action = null) {
  const list = $("#news");
  for (const old of [...list.children]) if (old.dataset.text === text) old.remove();
  const item = h("li", { class: `news ${kind}`, "data-text": text }, h("span", { text }));
  if (action) {
    item.append(
      h("button", {
        type: "button",
        class: "plain",
        text: action.label,
        onClick: () => {
          item.remove();
          action.run();
        },
      }),
    );
  }
  item.append(
    h(
      "button",
      { type: "button", class: "icon-only", "aria-label": "close", onClick: () => item.remove() },
      icon("close"),
    ),
  );
  list.append(item);
  while (list.children.length > 3) list.firstElementChild.remove();
  if (kind === "good") setTimeout(() => item.remove(), SHORT);
  return item;
}

/** To a screen reader alone. */
export function murmur(text) {
  $("#murmur").textContent = text;
}

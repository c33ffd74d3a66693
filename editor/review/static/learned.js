// Tells what a retraining came to: in words, as a plot of what weighs more or less now, and what to compare next.

import { $, button, h } from "./dom.js";

const MOST = 14; // terms in the plot: those that moved most

export class Learned {
  /** `compare(a, b)` sets two versions side by side. */
  constructor(dialog, compare) {
    this.dialog = dialog;
    this.compare = compare;
  }

  show(told) {
    this.dialog.replaceChildren(
      h(
        "header",
        {},
        h("h2", {
          text: `From ${told.corrections} ${told.corrections === 1 ? "correction" : "corrections"} of ${told.films} ${told.films === 1 ? "film" : "films"}`,
        }),
        button("Close", {
          shape: "close",
          key: "Esc",
          class: "icon-only",
          onClick: () => this.dialog.close(),
        }),
      ),
      h(
        "div",
        { class: "learned-body" },
        h("p", { class: told.promoted ? "fate good" : "fate", text: fate(told) }),
        said("Learned", told.learned),
        said("Seems so, but does not cut yet", told.seems),
        plot(told.weights),
        said("Not sure of", told.unsure),
        said("Cannot tell yet", told.cannot),
        said("Contradictions", told.contradictions),
        said(
          "Left out",
          told.left_out.map((row) => `${row.version}: ${row.reason}`),
        ),
        told.compare_next && this.#next(told.compare_next),
      ),
    );
    this.dialog.showModal();
    $("button", this.dialog).focus();
  }

  #next([one, other]) {
    return h(
      "p",
      { class: "next" },
      `Which do you prefer, ${one} or ${other}? That would teach most. `,
      button("Compare them", {
        words: true,
        class: "primary",
        onClick: () => {
          this.dialog.close();
          this.compare(one, other);
        },
      }),
    );
  }
}

function fate({ policy, promoted, why }) {
  if (!policy) return why;
  return promoted
    ? `${policy} cuts from now on: ${why}`
    : `${policy} is kept, but does not cut: ${why}`;
}

function said(title, lines) {
  if (!lines.length) return null;
  return h(
    "section",
    {},
    h("h3", { text: title }),
    h(
      "ul",
      { class: "said" },
      lines.map((text) => h("li", { text })),
    ),
  );
}

/** Each term's change of weight, with the doubt about it as a thin line. */
function plot(weights) {
  const rows = Object.entries(weights)
    .filter(([, { gained }]) => Math.abs(gained) > 1e-4)
    .sort(([, a], [, b]) => Math.abs(b.gained) - Math.abs(a.gained))
    .slice(0, MOST);
  if (!rows.length) return null;
  const widest = Math.max(...rows.map(([, { gained, doubt }]) => Math.abs(gained) + doubt));
  return h(
    "section",
    {},
    h("h3", { text: "What weighs less or more now; the thin line is the doubt" }),
    h(
      "table",
      { class: "terms plot" },
      h(
        "tbody",
        {},
        rows.map(([name, row]) => change(name, row, widest)),
      ),
    ),
  );
}

function change(name, { gained, doubt }, widest) {
  const bar = h("span", { class: `bar ${gained < 0 ? "less" : "more"}` }, h("i"), h("u"));
  const [fill, line] = bar.children;
  fill.style.width = `${(Math.abs(gained) / widest) * 50}%`;
  line.style.left = `${50 + ((gained - doubt) / widest) * 50}%`;
  line.style.width = `${(doubt / widest) * 100}%`;
  const text = `${gained < 0 ? "−" : "+"}${Math.abs(gained).toFixed(3)} ± ${doubt.toFixed(3)}`;
  return h(
    "tr",
    {},
    h("th", { scope: "row", text: name.replaceAll("_", " ") }),
    h("td", { class: "bar-cell" }, bar),
    h("td", { class: "value", text }),
  );
}

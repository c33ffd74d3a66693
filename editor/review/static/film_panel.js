// The inspector's panel of the whole film: verdict, note, what is banned, asked for and dropped.

import { thumbUrl } from "./api.js";
import { button, h } from "./dom.js";
import { lengthText } from "./time.js";
import { noteBox, verdictPart } from "./verdict.js";

export function filmPanel(desk, act) {
  const { film } = desk;
  return [
    facts(desk),
    problems(film, act),
    verdictPart(desk, act, null),
    noteBox("Note on the film", "film-note", `${film.title}:film`, film.note, (control, text) =>
      act.note(control, null, text),
    ),
    droppedCuts(film, act),
    spans("Never use", "bans", film, film.bans, (control, ban) => act.unban(control, ban)),
    spans("Must include", "musts", film, film.musts, (control, must) => act.needNot(control, must)),
    film.notes.length > 0 &&
      h(
        "section",
        {},
        h("h3", { text: "When it was made" }),
        h(
          "ul",
          { class: "said" },
          film.notes.map((text) => h("li", { text })),
        ),
      ),
  ];
}

function facts(desk) {
  const { film } = desk;
  const changed = film.order.filter((cut) => cut.changed.length).length;
  const dropped = film.cuts.length - film.order.length;
  const rows = [
    ["Length", `${lengthText(film.frames, film.rate)}, ${film.order.length} cuts`],
    ["Changed", changed || dropped ? `${changed} changed, ${dropped} dropped` : "as it was made"],
    [
      "Frame",
      `${film.size.join(" × ")} at ${film.rate.d === 1 ? film.rate.n : film.rate.text} fps`,
    ],
    [
      "Made by",
      [film.policy, film.parent && `from ${film.parent}`].filter(Boolean).join(", ") ||
        film.made_by,
    ],
    film.style && ["Style", film.style.name, film.style.description],
    film.music && ["Music", film.music],
  ].filter(Boolean);
  return h(
    "dl",
    { class: "film-facts" },
    rows.map(([name, value, title]) =>
      h("div", { title: title ?? "" }, h("dt", { text: name }), h("dd", { text: value })),
    ),
  );
}

function problems(film, act) {
  const lines = [
    ...film.problems.map((text) => h("li", { class: "fault", text })),
    ...film.contradictions.map((text) => h("li", { class: "contradiction", text })),
  ];
  if (!lines.length) return null;
  const lost = Object.values(film.clips).some((clip) => clip.state !== "here");
  return h(
    "section",
    {},
    h("h3", { text: "To look at" }),
    h("ul", { class: "said" }, lines),
    lost &&
      button("Look for moved footage", {
        shape: "search",
        words: true,
        "data-key": "relink",
        onClick: (event) => act.relink(event.currentTarget),
      }),
  );
}

function droppedCuts(film, act) {
  const dropped = film.cuts.filter((cut) => cut.dropped);
  if (!dropped.length) return null;
  return h(
    "section",
    {},
    h("h3", { text: "Dropped" }),
    h(
      "ul",
      { class: "rows", "aria-label": "Dropped cuts" },
      dropped.map((cut) =>
        h(
          "li",
          {},
          h("img", {
            src: thumbUrl(film.title, cut.clip, cut.clip_in, 80),
            alt: "",
            loading: "lazy",
          }),
          h(
            "span",
            { class: "row-words" },
            h("span", { text: film.clips[cut.clip]?.name ?? cut.shot }),
            h("span", {
              class: "tc",
              text: `${cut.timecode_in} · ${lengthText(cut.length, film.rate)}`,
            }),
          ),
          button(`Put back ${cut.shot}`, {
            shape: "undo",
            words: "Put back",
            "data-key": `restore-${cut.id}`,
            onClick: (event) => act.restore(event.currentTarget, cut),
          }),
        ),
      ),
    ),
  );
}

function spans(title, key, film, list, take) {
  if (!list.length) return null;
  const words = (span) => {
    const name = film.clips[span.clip]?.name ?? span.name ?? "a clip";
    return span.clip_in === null
      ? `${name}, all of it`
      : `${name}, frames ${span.clip_in} to ${span.clip_out}`;
  };
  return h(
    "section",
    {},
    h("h3", { text: title }),
    h(
      "ul",
      { class: "rows", "aria-label": title },
      list.map((span, place) =>
        h(
          "li",
          {},
          span.clip_in !== null &&
            h("img", {
              src: thumbUrl(film.title, span.clip, span.clip_in, 80),
              alt: "",
              loading: "lazy",
            }),
          h("span", { class: "row-words", text: words(span) }),
          button(`Take back: ${words(span)}`, {
            shape: "close",
            class: "icon-only",
            "data-key": `${key}-${place}`,
            onClick: (event) => take(event.currentTarget, span),
          }),
        ),
      ),
    ),
  );
}

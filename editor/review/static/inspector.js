// The inspector: why a cut is there, what could stand in its place, and what the editor says of it.

import { thumbUrl } from "./api.js";
import { $, $$, button, h, redraw } from "./dom.js";
import { filmPanel } from "./film_panel.js";
import { limits } from "./layout.js";
import { noteBox, verdictPart } from "./verdict.js";
import { framesText, lengthText, seconds } from "./time.js";

const TABS = ["cut", "film", "footage"];

export class Inspector {
  /** `act`: the page's actions by name, each (control, ...) => promise. */
  constructor(root, desk, act) {
    this.root = root;
    this.desk = desk;
    this.act = act;
    this.panels = Object.fromEntries(TABS.map((name) => [name, $(`#panel-${name}`, root)]));
    for (const tab of $$("[role=tab]", root)) {
      tab.addEventListener("click", () => this.show(tab.dataset.tab));
      tab.addEventListener("keydown", (event) => this.#walk(event));
    }
    desk.on("opened", () => this.show(desk.tab));
    desk.on("film selected trim words", () => this.draw());
  }

  show(name, focus = false) {
    this.desk.tab = name;
    for (const tab of $$("[role=tab]", this.root)) {
      const chosen = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      if (chosen && focus) tab.focus();
    }
    for (const [key, panel] of Object.entries(this.panels)) panel.hidden = key !== name;
    this.desk.keep();
    this.desk.emit("tab", name);
    this.draw();
  }

  #walk(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const at = TABS.indexOf(this.desk.tab);
    this.show(TABS[(at + step + TABS.length) % TABS.length], true);
  }

  draw() {
    const { desk } = this;
    if (!desk.film) return;
    if (desk.tab === "cut") {
      const cut = desk.current;
      redraw(this.panels.cut, cut ? this.#cut(cut) : h("p", { class: "empty", text: "No cut is left in this film. Undo, or put footage in." }));
    } else if (desk.tab === "film") redraw(this.panels.film, filmPanel(desk, this.act));
  }

  // --- one cut -----------------------------------------------------------------------------------

  #cut(cut) {
    return [
      this.#head(cut),
      this.#reason(cut),
      cut.dropped ? this.#dropped(cut) : [this.#edges(cut), this.#deeds(cut), verdictPart(this.desk, this.act, cut)],
      this.#alternatives(cut),
      this.#terms(cut),
      this.#note(cut),
    ];
  }

  #head(cut) {
    const { film } = this.desk;
    const clip = film.clips[cut.clip];
    return h("header", { class: "cut-head" },
      h("h2", {},
        h("span", { class: "number", text: cut.dropped ? "dropped" : `${cut.number}` }),
        h("span", { class: "clip-name", title: cut.shot, text: clip.name }),
        !cut.dropped && this.#place(cut)),
      h("p", { class: "facts" },
        h("span", { text: cut.shot.slice(clip.name.length).trim() || "shot" }),
        h("span", { text: `${lengthText(cut.length, film.rate)} · ${cut.length} fr` }),
        h("span", { text: `handles ${cut.before} | ${cut.after}`, title: "film frames by which the in and the out could be extended" }),
        ...cut.changed.map((word) => h("span", { class: "tag", text: word }))),
      clip.state !== "here" && h("p", { class: "fault", text: clip.says }));
  }

  #place(cut) {
    const act = (name) => (event) => this.act[name](event.currentTarget, cut);
    return h("span", { class: "place" },
      button("Move it earlier", { shape: "earlier", key: "Alt+←", class: "icon-only", "data-key": "earlier", disabled: cut.number === 1, onClick: act("earlier") }),
      button("Move it later", { shape: "later", key: "Alt+→", class: "icon-only", "data-key": "later",
        disabled: cut.number === this.desk.film.order.length, onClick: act("later") }));
  }

  #dropped(cut) {
    return h("p", {}, button("Put it back", { shape: "undo", words: true, "data-key": "restore",
      onClick: (event) => this.act.restore(event.currentTarget, cut) }));
  }

  #edges(cut) {
    const { desk } = this;
    const side = (edge, frame, code) => {
      const [low, high] = limits(desk.film, cut, edge, desk.mode);
      const nudge = (by, shape, key) => button(`${edge === "in" ? "In" : "Out"} ${framesText(by)}`, {
        shape, key, class: "icon-only", "data-key": `${edge}${by}`, disabled: by < 0 ? low > by : high < by,
        onClick: (event) => this.act.nudge(event.currentTarget, cut, edge, by),
      });
      return h("div", { class: `edge ${desk.edge === edge ? "chosen" : ""}` },
        h("button", { type: "button", class: "picture", "data-key": `edge-${edge}`, "aria-pressed": String(desk.edge === edge),
          "aria-label": `${edge} point at ${code}: choose this edge`, onClick: () => this.act.edge(cut, edge) },
          h("img", { src: thumbUrl(desk.film.title, cut.clip, frame, 320), alt: "", decoding: "sync" })),
        h("div", { class: "edge-row" },
          nudge(-1, "stepBack", edge === desk.edge ? "," : undefined),
          h("span", { class: "tc" }, h("small", { text: edge }), code),
          nudge(1, "stepOn", edge === desk.edge ? "." : undefined)));
    };
    return h("div", { class: "edges" },
      side("in", cut.clip_in, cut.timecode_in), side("out", cut.clip_out - 1, cut.timecode_out));
  }

  #deeds(cut) {
    const act = (name) => (event) => this.act[name](event.currentTarget, cut);
    const banned = this.desk.film.bans.some((ban) => ban.clip === cut.clip && ban.clip_in === cut.shot_span[0]);
    const must = this.act.mustOf(cut);
    return h("div", { class: "deeds", role: "toolbar", "aria-label": "What to do with this cut" },
      button("Drop", { shape: "drop", key: "X", words: true, "data-key": "drop", onClick: act("drop") }),
      button("Replace", { shape: "swap", key: "F", words: true, "data-key": "find", onClick: act("find") }),
      button(cut.locked ? "Unlock" : "Lock", { shape: cut.locked ? "lock" : "unlock", key: "P", words: "Lock",
        "aria-pressed": String(cut.locked), "data-key": "lock", onClick: act("lock") }),
      button("Must", { shape: "must", key: "M", words: true, "aria-pressed": String(Boolean(must)), "data-key": "must",
        title: "Must include what this cut shows, also when cut again (M)", onClick: act("must") }),
      button("Ban", { shape: "ban", key: "B", words: true, "aria-pressed": String(banned), "data-key": "ban",
        title: "Never use this shot; cuts that show it are dropped (B)", onClick: act("ban") }));
  }

  /** The reason in words; the same height for every cut, so that nothing jumps from cut to cut. */
  #reason(cut) {
    const said = cut.reason || (cut.was ? "The version says no reason." : "You put it in.");
    return h("p", { class: "reason", title: said, text: said });
  }

  #terms(cut) {
    const { words } = this.desk;
    const weights = this.desk.film.style?.weights ?? {};
    const rows = Object.entries(cut.terms);
    if (!rows.length) return null;
    const changed = cut.changed.some((word) => word !== "moved");
    return h("section", { class: "why" },
      h("h3", { text: "Reward terms" }, cut.reward !== null && h("span", { class: "reward", text: `reward ${signed(cut.reward)}` })),
      changed && h("p", { class: "aside", text: "As it was decided; you have changed the cut since." }),
      h("table", { class: "terms" },
        h("caption", { class: "unseen", text: "Reward terms, from -1 to 1" }),
        h("tbody", {}, rows.map(([name, value]) => this.#term(name, value, words[name], weights[name])))));
  }

  #term(name, value, known, weight) {
    const bar = h("span", { class: `bar ${value < 0 ? "less" : "more"}` }, h("i"));
    const fill = bar.firstElementChild;
    fill.style.width = `${Math.min(1, Math.abs(value)) * 50}%`;
    const said = weight === undefined ? "" : ` Weight ${weight}.`;
    return h("tr", { class: weight === 0 ? "unweighed" : "", title: `${known?.words ?? ""}${said}` },
      h("th", { scope: "row", text: name.replaceAll("_", " ") }),
      h("td", { class: "bar-cell" }, bar),
      h("td", { class: "value", text: Math.abs(value) < 0.005 ? "0" : signed(value) }));
  }

  #alternatives(cut) {
    if (!cut.alternatives.length) return null;
    const { film } = this.desk;
    const row = (other, place) =>
      h("li", {},
        h("button", { type: "button", class: "alternative", "data-key": `alternative-${place}`,
          title: other.why, disabled: cut.dropped, onClick: (event) => this.act.replace(event.currentTarget, cut, other),
          onMouseenter: () => this.act.preview(other), onMouseleave: () => this.act.unpreview(),
          onFocus: (event) => event.target.matches(":focus-visible") && this.act.preview(other),
          onBlur: () => this.act.unpreview() },
          h("img", { src: thumbUrl(film.title, other.clip, other.clip_in, 160), alt: "", loading: "lazy" }),
          h("span", { class: "alternative-words" },
            h("span", {}, place < 9 && h("kbd", { text: place + 1 }), ` ${film.clips[other.clip]?.name ?? other.shot}`),
            h("span", { class: "tc", text: `${other.timecode_in} · ${seconds(other.length, film.rate).toFixed(2)} s` }),
            h("span", { class: "dim", text: other.why }))));
    return h("section", {}, h("h3", { text: "In its place" }), h("ol", { class: "alternatives" }, cut.alternatives.map(row)));
  }

  #note(cut) {
    return h("section", {}, noteBox("Note on this cut", "note", cut.note, (control, text) => this.act.note(control, cut, text)));
  }
}

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;

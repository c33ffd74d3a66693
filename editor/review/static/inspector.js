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
      redraw(
        this.panels.cut,
        cut
          ? this.#cut(cut)
          : h("p", {
              class: "empty",
              text: "No cut is left in this film. Undo, or put footage in.",
            }),
      );
    } else if (desk.tab === "film") redraw(this.panels.film, filmPanel(desk, this.act));
  }

  // --- one cut -----------------------------------------------------------------------------------

  #cut(cut) {
    return [
      this.#head(cut),
      this.#reason(cut),
      cut.dropped
        ? this.#dropped(cut)
        : [this.#edges(cut), this.#deeds(cut), verdictPart(this.desk, this.act, cut)],
      this.#alternatives(cut),
      this.#terms(cut),
      this.#note(cut),
    ];
  }

  #head(cut) {
    const { film } = this.desk;
    const clip = film.clips[cut.clip];
    return h(
      "header",
      { class: "cut-head" },
      h(
        "h2",
        {},
        h("span", { class: "number", text: cut.dropped ? "dropped" : `${cut.number}` }),
        h("span", { class: "clip-name", title: cut.shot, text: clip.name }),
        !cut.dropped && this.#place(cut),
      ),
      h(
        "p",
        { class: "facts" },
        h("span", { text: cut.shot.slice(clip.name.length).trim() || "shot" }),
        h("span", { text: `${lengthText(cut.length, film.rate)} · ${cut.length} fr` }),
        h("span", {
          text: `handles ${cut.before} | ${cut.after}`,
          title: "film frames by which the in and the out could be extended",
        }),
        ...cut.changed.map((word) => h("span", { class: "tag", text: word })),
      ),
      clip.state !== "here" && h("p", { class: "fault", text: clip.says }),
    );
  }

  #place(cut) {
    const act = (name) => (event) => this.act[name](event.currentTarget, cut);
    return h(
      "span",
      { class: "place" },
      button("Move it earlier", {
        shape: "earlier",
        key: "Alt+←",
        class: "icon-only",
        "data-key": "earlier",
        disabled: cut.number === 1,
        onClick: act("earlier"),
      }),
      button("Move it later", {
        shape: "later",
        key: "Alt+→",
        class: "icon-only",
        "data-key": "later",
        disabled: cut.number === this.desk.film.order.length,
        onClick: act("later"),
      }),
    );
  }

  #dropped(cut) {
    return h(
      "p",
      {},
      button("Put it back", {
        shape: "undo",
        words: true,
        "data-key": "restore",
        onClick: (event) => this.act.restore(event.currentTarget, cut),
      }),
    );
  }

  #edges(cut) {
    return h(
      "div",
      { class: "edges" },
      this.#edge(cut, "in", cut.clip_in, cut.timecode_in),
      this.#edge(cut, "out", cut.clip_out - 1, cut.timecode_out),
    );
  }

  #edge(cut, edge, frame, code) {
    const chosen = this.desk.edge === edge;
    const picture = h("img", {
      src: thumbUrl(this.desk.film.title, cut.clip, frame, 320),
      alt: "",
      decoding: "sync",
    });
    const choose = h(
      "button",
      {
        type: "button",
        class: "picture",
        "data-key": `edge-${edge}`,
        "aria-pressed": String(chosen),
        "aria-label": `${edge} point at ${code}: choose this edge`,
        onClick: () => this.act.edge(cut, edge),
      },
      picture,
    );
    return h(
      "div",
      { class: chosen ? "edge chosen" : "edge" },
      choose,
      h(
        "div",
        { class: "edge-row" },
        this.#nudge(cut, edge, -1, "stepBack", chosen ? "," : undefined),
        h("span", { class: "tc" }, h("small", { text: edge }), code),
        this.#nudge(cut, edge, 1, "stepOn", chosen ? "." : undefined),
      ),
    );
  }

  #nudge(cut, edge, by, shape, key) {
    const [low, high] = limits(this.desk.film, cut, edge, this.desk.mode);
    return button(`${edge === "in" ? "In" : "Out"} ${framesText(by)}`, {
      shape,
      key,
      class: "icon-only",
      "data-key": `${edge}${by}`,
      disabled: by < 0 ? low > by : high < by,
      onClick: (event) => this.act.nudge(event.currentTarget, cut, edge, by),
    });
  }

  #deeds(cut) {
    const deed = (name, label, shape, key, more = {}) =>
      button(label, {
        shape,
        key,
        words: true,
        "data-key": name,
        onClick: (event) => this.act[name](event.currentTarget, cut),
        ...more,
      });
    const held = (on, title) => ({ "aria-pressed": String(on), ...(title && { title }) });
    const banned = this.desk.film.bans.some(
      (ban) => ban.clip === cut.clip && ban.clip_in === cut.shot_span[0],
    );
    const must = Boolean(this.act.mustOf(cut));
    const lock = cut.locked ? ["Unlock", "lock"] : ["Lock", "unlock"];
    return h(
      "div",
      { class: "deeds", role: "toolbar", "aria-label": "What to do with this cut" },
      deed("drop", "Drop", "drop", "X"),
      deed("find", "Replace", "swap", "F"),
      deed("lock", ...lock, "P", { words: "Lock", ...held(cut.locked) }),
      deed("must", "Must", "must", "M", held(must, "Must include what this cut shows (M)")),
      deed("ban", "Ban", "ban", "B", held(banned, "Never use this shot; it is dropped (B)")),
    );
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
    return h(
      "section",
      { class: "why" },
      h(
        "h3",
        { text: "Reward terms" },
        cut.reward !== null && h("span", { class: "reward", text: `reward ${signed(cut.reward)}` }),
      ),
      changed &&
        h("p", { class: "aside", text: "As it was decided; you have changed the cut since." }),
      h(
        "table",
        { class: "terms" },
        h("caption", { class: "unseen", text: "Reward terms, from -1 to 1" }),
        h(
          "tbody",
          {},
          rows.map(([name, value]) => this.#term(name, value, words[name], weights[name])),
        ),
      ),
    );
  }

  #term(name, value, known, weight) {
    const bar = h("span", { class: `bar ${value < 0 ? "less" : "more"}` }, h("i"));
    const fill = bar.firstElementChild;
    fill.style.width = `${Math.min(1, Math.abs(value)) * 50}%`;
    const said = weight === undefined ? "" : ` Weight ${weight}.`;
    return h(
      "tr",
      { class: weight === 0 ? "unweighed" : "", title: `${known?.words ?? ""}${said}` },
      h("th", { scope: "row", text: name.replaceAll("_", " ") }),
      h("td", { class: "bar-cell" }, bar),
      h("td", { class: "value", text: Math.abs(value) < 0.005 ? "0" : signed(value) }),
    );
  }

  #alternatives(cut) {
    if (!cut.alternatives.length) return null;
    const rows = cut.alternatives.map((other, place) => this.#alternative(cut, other, place));
    return h(
      "section",
      {},
      h("h3", { text: "In its place" }),
      h("ol", { class: "alternatives" }, rows),
    );
  }

  #alternative(cut, other, place) {
    const { film } = this.desk;
    const name = film.clips[other.clip]?.name ?? other.shot;
    const facts = `${other.timecode_in} · ${seconds(other.length, film.rate).toFixed(2)} s`;
    const src = thumbUrl(film.title, other.clip, other.clip_in, 160);
    const take = h(
      "button",
      {
        type: "button",
        class: "alternative",
        "data-key": `alternative-${place}`,
        title: other.why,
        disabled: cut.dropped,
        onClick: (event) => this.act.replace(event.currentTarget, cut, other),
        onMouseenter: () => this.act.preview(other),
        onMouseleave: () => this.act.unpreview(),
        onFocus: (event) => event.target.matches(":focus-visible") && this.act.preview(other),
        onBlur: () => this.act.unpreview(),
      },
      h("img", { src, alt: "", loading: "lazy" }),
      h(
        "span",
        { class: "alternative-words" },
        h("span", {}, place < 9 && h("kbd", { text: place + 1 }), ` ${name}`),
        h("span", { class: "tc", text: facts }),
        h("span", { class: "dim", text: other.why }),
      ),
    );
    return h("li", {}, take);
  }

  #note(cut) {
    return h(
      "section",
      {},
      noteBox(
        "Note on this cut",
        `note-${cut.id}`,
        `${this.desk.film.title}:${cut.id}`,
        cut.note,
        (control, text) => this.act.note(control, cut, text),
      ),
    );
  }
}

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;

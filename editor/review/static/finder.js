// Searches the footage for something better: by clip, faces, speech and likeness; hover to look through.

import * as api from "./api.js";
import { $, button, h } from "./dom.js";
import { lengthText } from "./time.js";

const PAUSE = 180; // ms of no typing before the server is asked
const MOST = 500; // moments of one answer: the server's own limit
const PAGE = 48; // cards that are made at once
const STEPS = 12; // pictures that a hover passes through

export class Finder {
  /** `act.open(moment)` looks at one; `act.unpreview()` goes back to the film. */
  constructor(panel, desk, act) {
    this.panel = panel;
    this.desk = desk;
    this.act = act;
    this.filters = { text: "", clip: "", faces: "", speech: "", like: "", unused: "" };
    this.turn = 0;
    this.#build();
    desk.on("opened", () => this.#opened());
    desk.on("tab", (name) => name === "footage" && this.#search());
    desk.on("film", () => this.#stale());
    desk.on("selected", () => this.filters.like && this.#liken());
  }

  #build() {
    this.box = h("input", {
      type: "search",
      class: "search",
      placeholder: "Find a shot by name",
      "aria-label": "Find a shot by name",
      onInput: (event) => this.#set("text", event.currentTarget.value),
    });
    this.clips = this.#choice("clip", "Clip", [["", "all"]]);
    const either = [
      ["", "any"],
      ["yes", "with"],
      ["no", "without"],
    ];
    const faces = this.#choice("faces", "Faces", either);
    const speech = this.#choice("speech", "Speech", either);
    const ticks = [
      this.#ticked("like", "like this cut"),
      this.#ticked("unused", "unused"),
      this.#ticked("leftOut", "left out too"),
    ];
    this.count = h("p", { class: "count", role: "status" });
    this.results = h("ul", { class: "results", "aria-label": "Footage" });
    this.more = button("More", { words: true, onClick: () => this.#page() });
    this.more.hidden = true;
    const still = (event) => event.preventDefault();
    this.panel.append(
      h(
        "form",
        { class: "filters", role: "search", onSubmit: still },
        this.box,
        h("div", { class: "fields" }, this.clips, faces, speech),
        h("div", { class: "ticks" }, ticks),
      ),
      this.count,
      this.results,
      this.more,
    );
  }

  #choice(name, label, options) {
    const select = h(
      "select",
      { name, onChange: (event) => this.#set(name, event.currentTarget.value) },
      options.map(([value, text]) => h("option", { value, text })),
    );
    return h("label", { class: "field" }, h("span", { text: label }), select);
  }

  #ticked(name, label) {
    const box = h("input", {
      type: "checkbox",
      name,
      onChange: (event) => this.#tick(name, event.currentTarget.checked),
    });
    return h("label", { class: "tick" }, box, h("span", { text: label }));
  }

  focus() {
    this.box.focus();
    this.box.select();
  }

  async #opened() {
    this.results.replaceChildren();
    this.every = null;
    try {
      const clips = await api.footage(this.desk.film.title);
      this.names = clips;
      for (const [id, clip] of Object.entries(clips))
        this.desk.clip(this.desk.film.title, id, clip);
      const select = $("select", this.clips);
      select.replaceChildren(
        h("option", { value: "", text: "all" }),
        ...Object.entries(clips).map(([value, clip]) => h("option", { value, text: clip.name })),
      );
    } catch (err) {
      this.count.textContent = err.message;
    }
    if (this.desk.tab === "footage") this.#search();
  }

  #set(name, value) {
    this.filters[name] = value;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#search(), PAUSE);
  }

  #tick(name, on) {
    if (name === "like") this.#liken(on);
    else if (name === "leftOut") {
      this.leftOut = on;
      if (this.every) this.#show();
    } else this.#set(name, on ? "yes" : "");
  }

  #liken(on = true) {
    this.#set("like", on ? (this.desk.selected ?? "") : "");
  }

  #stale() {
    if (this.desk.tab === "footage" && this.every) this.#set("text", this.filters.text);
  }

  async #search() {
    const turn = ++this.turn;
    if (!this.every) this.count.textContent = "Looking through the footage";
    try {
      const { moments, total } = await api.moments(this.desk.film.title, {
        ...this.filters,
        limit: MOST,
      });
      if (turn !== this.turn) return;
      this.total = total;
      this.every = moments;
      this.#show();
    } catch (err) {
      if (turn === this.turn) this.count.textContent = err.message;
    }
  }

  /** What may be used comes first; slates, false starts and the like only where they are asked for. */
  #show() {
    const offered = this.every.filter((moment) => !moment.left_out);
    this.found = this.leftOut
      ? [...offered, ...this.every.filter((moment) => moment.left_out)]
      : offered;
    const [count, hidden] = [this.found.length, this.every.length - this.found.length];
    const rest = [
      hidden && `${hidden} left out`,
      this.total > this.every.length && `the first ${MOST} of ${this.total}`,
    ].filter(Boolean);
    const words = count
      ? `${count} ${count === 1 ? "shot" : "shots"}`
      : "Nothing on offer is like that";
    this.count.textContent = [words, ...rest].join(", ");
    this.results.replaceChildren();
    this.#page();
  }

  #page() {
    const from = this.results.children.length;
    this.results.append(...this.found.slice(from, from + PAGE).map((moment) => this.#card(moment)));
    this.more.hidden = this.results.children.length >= this.found.length;
  }

  #card(moment) {
    const { film } = this.desk;
    const used = moment.used_by.map((id) => film.byId.get(id)?.number).filter(Boolean);
    const facts = factsOf(moment, film.rate);
    const out = moment.banned ? "banned" : moment.left_out;
    const picture = h("img", {
      src: this.#thumb(moment, moment.frame),
      alt: "",
      loading: "lazy",
    });
    const needle = h("i", { class: "needle", hidden: true });
    const said = [moment.shot, ...facts, out, used.length && `in cut ${used.join(", ")}`];
    const card = h(
      "button",
      {
        type: "button",
        class: out ? "moment out" : "moment",
        "aria-label": said.filter(Boolean).join(", "),
        onClick: () => this.act.open(moment),
        onPointermove: (event) => this.#scrub(event, moment, picture, needle),
        onPointerleave: () => {
          picture.src = this.#thumb(moment, moment.frame);
          needle.hidden = true;
        },
      },
      h(
        "span",
        { class: "frame" },
        picture,
        needle,
        used.length > 0 && h("span", { class: "badge", text: `cut ${used.join(", ")}` }),
      ),
      h("span", { class: "moment-name", text: moment.shot }),
      h("span", { class: "moment-facts", text: out ?? facts.join(" · ") }),
    );
    return h("li", {}, card);
  }

  #thumb(moment, frame) {
    return api.thumbUrl(this.desk.film.title, moment.clip, frame, 160);
  }

  /** Show the frame that lies under the pointer, in a few steps over the shot. */
  #scrub(event, moment, picture, needle) {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const share = Math.max(0, Math.min(0.999, (event.clientX - left) / width));
    const step = Math.floor(share * STEPS) / (STEPS - 1);
    const frame = Math.min(
      moment.clip_out - 1,
      Math.round(moment.clip_in + step * (moment.clip_out - 1 - moment.clip_in)),
    );
    const address = this.#thumb(moment, frame);
    if (!picture.src.endsWith(address)) picture.src = address;
    needle.hidden = false;
    needle.style.left = `${share * 100}%`;
  }
}

function factsOf(moment, rate) {
  return [
    lengthText(moment.length, rate),
    moment.faces > 0 && "face",
    moment.speech >= 0.1 && "speech",
    moment.likeness !== null && `${Math.round(moment.likeness * 100)} % alike`,
  ].filter(Boolean);
}

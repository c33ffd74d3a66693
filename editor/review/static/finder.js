// Searches the footage for something better: by clip, faces, speech and likeness; hover to look through.

import * as api from "./api.js";
import { $, button, h } from "./dom.js";
import { lengthText } from "./time.js";

const PAUSE = 180; // ms of no typing before the server is asked
const PAGE = 48;
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
    const choice = (name, label, options) =>
      h("label", { class: "field" }, h("span", { text: label }),
        h("select", { name, onChange: (event) => this.#set(name, event.currentTarget.value) },
          options.map(([value, text]) => h("option", { value, text }))));
    const tick = (name, label) =>
      h("label", { class: "tick" },
        h("input", { type: "checkbox", name, onChange: (event) => this.#tick(name, event.currentTarget.checked) }), h("span", { text: label }));
    const either = (yes, no) => [["", "any"], ["yes", yes], ["no", no]];
    this.box = h("input", { type: "search", class: "search", placeholder: "Find a shot by name", "aria-label": "Find a shot by name",
      onInput: (event) => this.#set("text", event.currentTarget.value) });
    this.clips = choice("clip", "Clip", [["", "all"]]);
    this.count = h("p", { class: "count", role: "status" });
    this.results = h("ul", { class: "results", "aria-label": "Footage" });
    this.more = button("More", { words: true, onClick: () => this.#page() });
    this.more.hidden = true;
    this.panel.append(
      h("form", { class: "filters", role: "search", onSubmit: (event) => event.preventDefault() },
        this.box,
        h("div", { class: "fields" }, this.clips,
          choice("faces", "Faces", either("with", "without")), choice("speech", "Speech", either("with", "without"))),
        h("div", { class: "ticks" }, tick("like", "looks like this cut"), tick("unused", "not in the film"))),
      this.count, this.results, this.more);
  }

  focus() {
    this.box.focus();
    this.box.select();
  }

  async #opened() {
    this.results.replaceChildren();
    this.found = null;
    try {
      const clips = await api.footage(this.desk.film.title);
      this.names = clips;
      for (const [id, clip] of Object.entries(clips)) this.desk.clip(this.desk.film.title, id, clip);
      const select = $("select", this.clips);
      select.replaceChildren(h("option", { value: "", text: "all" }),
        ...Object.entries(clips).map(([value, clip]) => h("option", { value, text: clip.name })));
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
    else this.#set(name, on ? "yes" : "");
  }

  #liken(on = true) {
    this.#set("like", on ? (this.desk.selected ?? "") : "");
  }

  #stale() {
    if (this.desk.tab === "footage" && this.found) this.#set("text", this.filters.text);
  }

  async #search() {
    this.found = [];
    await this.#page();
  }

  async #page() {
    const turn = ++this.turn;
    const offset = this.found.length;
    try {
      const { moments, total } = await api.moments(this.desk.film.title, { ...this.filters, limit: PAGE, offset });
      if (turn !== this.turn) return;
      this.found.push(...moments);
      this.count.textContent = total ? `${total} ${total === 1 ? "shot" : "shots"}` : "Nothing in the footage is like that.";
      this.more.hidden = this.found.length >= total;
      const cards = moments.map((moment) => this.#card(moment));
      if (offset) this.results.append(...cards);
      else this.results.replaceChildren(...cards);
    } catch (err) {
      if (turn === this.turn) this.count.textContent = err.message;
    }
  }

  #card(moment) {
    const { film } = this.desk;
    const name = this.names?.[moment.clip]?.name ?? moment.shot;
    const used = moment.used_by.map((id) => film.byId.get(id)?.number).filter(Boolean);
    const facts = [
      lengthText(moment.length, film.rate),
      moment.faces > 0 && "face",
      moment.speech >= 0.1 && "speech",
      moment.likeness !== null && `${Math.round(moment.likeness * 100)} % alike`,
    ].filter(Boolean);
    const picture = h("img", { src: this.#thumb(moment, moment.frame), alt: "", loading: "lazy" });
    const needle = h("i", { class: "needle", hidden: true });
    const scrub = (event) => this.#scrub(event, moment, picture, needle);
    const rest = () => {
      picture.src = this.#thumb(moment, moment.frame);
      needle.hidden = true;
    };
    return h("li", {},
      h("button", { type: "button", class: `moment ${moment.banned || moment.left_out ? "out" : ""}`,
        "aria-label": [name, ...facts, moment.left_out && `left out: ${moment.left_out}`, moment.banned && "banned", used.length && `in cut ${used.join(", ")}`].filter(Boolean).join(", "),
        onClick: () => this.act.open(moment), onPointermove: scrub, onPointerleave: rest },
        h("span", { class: "frame" }, picture, needle, used.length > 0 && h("span", { class: "badge", text: `cut ${used.join(", ")}` })),
        h("span", { class: "moment-name", text: moment.shot }),
        h("span", { class: "moment-facts", text: moment.banned ? "banned" : (moment.left_out ?? facts.join(" · ")) })));
  }

  #thumb(moment, frame) {
    return api.thumbUrl(this.desk.film.title, moment.clip, frame, 160);
  }

  /** Show the frame that lies under the pointer, in a few steps over the shot. */
  #scrub(event, moment, picture, needle) {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const share = Math.max(0, Math.min(0.999, (event.clientX - left) / width));
    const step = Math.floor(share * STEPS) / (STEPS - 1);
    const frame = Math.min(moment.clip_out - 1, Math.round(moment.clip_in + step * (moment.clip_out - 1 - moment.clip_in)));
    const address = this.#thumb(moment, frame);
    if (!picture.src.endsWith(address)) picture.src = address;
    needle.hidden = false;
    needle.style.left = `${share * 100}%`;
  }
}

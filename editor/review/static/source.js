// The source view: a clip of the footage in the picture, marked with in and out, to be put in the film.

import * as api from "./api.js";
import { button, h } from "./dom.js";
import { clipSequence } from "./layout.js";
import { clamp, convertLength, fps, framesText, lengthText, timecode } from "./time.js";

const LOOK = 250; // ms between two questions how far a clip is

export class Source {
  /** `hooks`: player, leave() to show the film again, act for replace, insert, must, ban. */
  constructor(bar, desk, player, hooks) {
    this.bar = bar;
    this.desk = desk;
    this.player = player;
    this.hooks = hooks;
    this.open = null;
  }

  /** Look at a moment; its length is marked like the cut's that it may replace. */
  look(moment) {
    const { desk } = this;
    const clip = desk.clip(desk.film.title, moment.clip, this.hooks.told(moment.clip));
    const cut = desk.current;
    const rest = moment.clip_out - moment.clip_in;
    const wanted = cut ? Math.round((cut.length / fps(desk.film.rate)) * fps(clip.rate)) : rest;
    this.open = { clip, moment, in: moment.clip_in, out: moment.clip_in + Math.max(1, Math.min(rest, wanted)) };
    this.#build();
    this.player.load(clipSequence(clip), moment.clip_in);
    if (!clip.media) this.#prepare(clip);
    desk.emit("source", this.open);
    this.range.focus();
  }

  /** Have the clip made playable; until then its frames are stills. */
  async #prepare(clip) {
    const { title } = this.desk.film;
    const here = () => this.open?.clip === clip;
    try {
      let told = await api.clipProxy(title, clip.id);
      while (!told.ready && !told.problem && here()) {
        this.hooks.say(`Preparing ${clip.name} ${Math.round(told.share * 100)} %`);
        await new Promise((resolve) => setTimeout(resolve, LOOK));
        told = await api.clipProxy(title, clip.id);
      }
      this.hooks.say(told.problem ?? null);
      if (told.ready) clip.media = told.url;
      if (told.ready && here()) this.player.load(clipSequence(clip), this.player.frame);
    } catch (err) {
      if (!(err instanceof api.Refusal)) throw err;
      if (here()) this.hooks.say(err.message);
    }
  }

  leave() {
    if (!this.open) return;
    this.open = null;
    this.bar.hidden = true;
    this.bar.replaceChildren();
    this.desk.emit("source", null);
    this.hooks.leave();
  }

  #build() {
    const { clip } = this.open;
    const deed = (name, label, shape, props = {}) =>
      button(label, { shape, words: true, ...props, onClick: (event) => this.hooks.act[name](event.currentTarget, this.marked()) });
    const cut = this.desk.current;
    this.range = h("input", { type: "range", min: 0, max: clip.frames - 1, step: 1, value: this.open.in, class: "source-range",
      "aria-label": `Frame of ${clip.name}`, "data-own-arrows": "no", onInput: () => this.player.seek(Number(this.range.value)) });
    this.zone = h("i", { class: "zone" });
    this.words = h("span", { class: "source-words" });
    this.bar.replaceChildren(
      h("div", { class: "source-line" }, h("span", { class: "zone-track" }, this.zone), this.range),
      h("div", { class: "source-row" },
        button("Mark in", { key: "I", words: "In", onClick: () => this.mark("in") }),
        button("Mark out", { key: "O", words: "Out", onClick: () => this.mark("out") }),
        this.words,
        h("span", { class: "spring" }),
        cut && deed("putInPlace", `Replace cut ${cut.number}`, "swap", { class: "primary", key: "Enter" }),
        cut && deed("putBefore", `Before cut ${cut.number}`, "earlier", { title: `Insert before cut ${cut.number}` }),
        deed("putAfter", cut ? "After it" : "Put in", "later", { title: cut ? `Insert after cut ${cut.number}` : "Put it in the film" }),
        deed("mustSpan", "Must", "must", { title: "Must include these frames, when cut again too" }),
        deed("banSpan", "Ban", "ban", { title: "Never use these frames" }),
        button("Back to the film", { shape: "close", key: "Esc", class: "icon-only", onClick: () => this.leave() })));
    this.bar.hidden = false;
    this.#say();
  }

  marked() {
    const { clip, in: first, out } = this.open;
    return { clip: clip.id, clip_in: first, clip_out: out };
  }

  /** Mark the frame on screen as the first or the last; the other mark gives way. */
  mark(edge) {
    const { open } = this;
    const frame = this.player.frame;
    if (edge === "in") {
      open.in = frame;
      if (open.out <= frame) open.out = open.clip.frames;
    } else {
      open.out = frame + 1;
      if (open.in > frame) open.in = 0;
    }
    this.#say();
  }

  nudge(edge, by) {
    const { open } = this;
    if (edge === "in") open.in = clamp(open.in + by, 0, open.out - 1);
    else open.out = clamp(open.out + by, open.in + 1, open.clip.frames);
    this.player.seek(edge === "in" ? open.in : open.out - 1);
    this.#say();
  }

  /** The playhead moved. */
  at(frame) {
    if (this.range) this.range.value = frame;
    this.range?.setAttribute("aria-valuetext", timecode(frame, this.open.clip.rate));
  }

  #say() {
    const { clip, in: first, out } = this.open;
    const { film, current } = this.desk;
    this.zone.style.left = `${(first / clip.frames) * 100}%`;
    this.zone.style.width = `${((out - first) / clip.frames) * 100}%`;
    const length = convertLength(out - first, clip.rate, film.rate);
    const change = current ? length - current.length : 0;
    const says = current ? (change ? `, ${framesText(change)} against cut ${current.number}` : `, as long as cut ${current.number}`) : "";
    this.words.textContent = `${clip.name}  ${lengthText(length, film.rate)}${says}`;
  }
}

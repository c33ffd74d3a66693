// The source view: a clip of the footage in the picture, marked with in and out, to be put in the film.

import { button, h } from "./dom.js";
import { clipSequence } from "./layout.js";
import { playable } from "./reel.js";
import { clamp, convertLength, fps, framesText, lengthText, timecode } from "./time.js";

export class Source {
  /** `hooks`: player, leave() to show the film again, act for replace, insert, must, ban. */
  constructor(bar, desk, player, hooks) {
    this.bar = bar;
    this.desk = desk;
    this.player = player;
    this.hooks = hooks;
    this.open = null;
  }

  /** Look at a moment; its first frames that the film does not use are marked, as many as the cut has. */
  look(moment) {
    const { desk } = this;
    const clip = desk.clip(desk.film.title, moment.clip, this.hooks.told(moment.clip));
    const cut = desk.current;
    const wanted = cut ? Math.round((cut.length / fps(desk.film.rate)) * fps(clip.rate)) : Infinity;
    const used = desk.film.order
      .filter((other) => other.clip === clip.id && other !== cut)
      .map((other) => [other.clip_in, other.clip_out]);
    const runs = freeRuns(moment.clip_in, moment.clip_out, used);
    const longest = runs.reduce(
      (a, b) => (b[1] - b[0] > a[1] - a[0] ? b : a),
      [moment.clip_in, moment.clip_in + 1],
    );
    const [first, stop] = runs.find(([from, to]) => to - from >= wanted) ?? longest;
    this.open = { clip, used, in: first, out: Math.min(stop, first + Math.max(1, wanted)) };
    this.#build();
    this.player.load(clipSequence(clip, desk.film), first);
    if (!clip.media) this.#prepare(clip);
    desk.emit("source", this.open);
    this.range.focus();
  }

  /** Have the clip made playable; until then its frames are stills. */
  async #prepare(clip) {
    const gone = () => this.open?.clip !== clip;
    const wrong = await playable(this.desk.film.title, clip, { gone, say: this.hooks.say });
    if (gone()) return;
    this.hooks.say(wrong);
    if (clip.media) this.player.load(clipSequence(clip, this.desk.film), this.player.frame);
  }

  leave() {
    if (!this.open) return;
    this.open = null;
    this.bar.hidden = true;
    this.bar.replaceChildren();
    this.hooks.say(null);
    this.desk.emit("source", null);
    this.hooks.leave();
  }

  #build() {
    this.words = h("span", { class: "source-words" });
    this.bar.replaceChildren(this.#track(), this.#row());
    this.bar.hidden = false;
    this.#say();
  }

  /** The clip's whole length: what is marked, what the film uses already, and the playhead. */
  #track() {
    const { clip, used } = this.open;
    this.range = h("input", {
      type: "range",
      min: 0,
      max: clip.frames - 1,
      step: 1,
      value: this.open.in,
      class: "source-range",
      "aria-label": `Frame of ${clip.name}`,
      onInput: () => this.player.seek(Number(this.range.value)),
    });
    this.zone = h("i", { class: "zone" });
    const taken = used.map(([from, to]) =>
      place(h("i", { class: "taken", title: "in the film already" }), from, to, clip.frames),
    );
    const zones = h("span", { class: "zone-track" }, taken, this.zone);
    return h("div", { class: "source-line" }, zones, this.range);
  }

  #row() {
    const deed = (name, label, shape, words, more = {}) =>
      button(label, {
        shape,
        words,
        ...(!words && { class: "icon-only" }),
        onClick: (event) => this.hooks.act[name](event.currentTarget, this.marked()),
        ...more,
      });
    const cut = this.desk.current;
    const number = cut?.number;
    const main = { class: "primary", key: "Enter" };
    return h(
      "div",
      { class: "source-row" },
      button("Mark in", { key: "I", words: "In", onClick: () => this.mark("in") }),
      button("Mark out", { key: "O", words: "Out", onClick: () => this.mark("out") }),
      this.words,
      cut && deed("putInPlace", `Replace cut ${number}`, "swap", `Replace ${number}`, main),
      cut && deed("putBefore", `Insert before cut ${number}`, "earlier", "Before"),
      cut && deed("putAfter", `Insert after cut ${number}`, "later", "After"),
      !cut && deed("putAfter", "Put it in the film", "later", "Put in", main),
      deed("mustSpan", "Must include these frames, when cut again too", "must"),
      deed("banSpan", "Never use these frames", "ban"),
      button("Back to the film", {
        shape: "close",
        key: "Esc",
        class: "icon-only",
        onClick: () => this.leave(),
      }),
    );
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
    place(this.zone, first, out, clip.frames);
    const length = convertLength(out - first, clip.rate, film.rate);
    const change = current ? length - current.length : 0;
    const says = current
      ? change
        ? `, ${framesText(change)} against cut ${current.number}`
        : `, as long as cut ${current.number}`
      : "";
    this.words.textContent = `${clip.name}  ${lengthText(length, film.rate)}${says}`;
  }
}

/** Lay an element over its share of a track. */
function place(element, first, stop, frames) {
  element.style.left = `${(first / frames) * 100}%`;
  element.style.width = `${((stop - first) / frames) * 100}%`;
  return element;
}

/** The runs of [first, stop) that none of the used spans touch. */
function freeRuns(first, stop, used) {
  const runs = [];
  let at = first;
  for (const [from, to] of [...used].sort((a, b) => a[0] - b[0])) {
    if (from > at && from <= stop) runs.push([at, from]);
    at = Math.max(at, to);
  }
  if (at < stop) runs.push([at, stop]);
  return runs;
}

// Drags on the timeline strip: an edge to trim, a cut to move or, with Alt, to slip in its place.

import { $ } from "./dom.js";
import { gapAt, limits, slipped, stopper, trimmed } from "./layout.js";
import { clamp, framesText, lengthText, timecode } from "./time.js";

const EDGE = 8; // px at a cut's ends that take hold of the edge
const MOVED = 5; // px before a press becomes a drag

export class Drags {
  now = null; // the press or drag that is going on

  constructor(strip) {
    this.strip = strip;
    this.desk = strip.desk;
    this.gap = $(".gap", strip.root);
    this.tip = $(".drag-tip", strip.root);
    strip.list.addEventListener("pointerdown", (event) => this.#press(event));
    strip.list.addEventListener("pointermove", (event) => this.#hover(event));
  }

  /** What a press at this place takes hold of: an edge, or the cut itself. */
  #grip(event, element) {
    const { left, right } = element.getBoundingClientRect();
    const reach = Math.min(EDGE, (right - left) / 4);
    if (event.clientX - left < reach) return "in";
    if (right - event.clientX < reach) return "out";
    return "cut";
  }

  #hover(event) {
    const element = event.target.closest(".cut");
    if (!element || this.now) return;
    element.dataset.grip = this.#grip(event, element);
  }

  #press(event) {
    const element = event.target.closest(".cut");
    if (!element || event.button) return;
    const cut = this.desk.cut(element.dataset.cut);
    const grip = this.#grip(event, element);
    const pressed = this.strip.frameAt(event);
    event.preventDefault();
    this.now = {
      cut,
      grip,
      element,
      from: event.clientX,
      pressed,
      slip: event.altKey,
      active: false,
    };
    if (grip !== "cut") this.desk.setTrim({ edge: grip });
    element.setPointerCapture(event.pointerId);
    element.onpointermove = (at) => this.#dragged(at);
    element.onpointerup = (at) => this.#released(at, false);
    element.onpointercancel = (at) => this.#released(at, true);
    this.cancel = () => this.#released(event, true);
  }

  #dragged(event) {
    const { now: drag } = this;
    if (!drag) return;
    const moved = event.clientX - drag.from;
    if (!drag.active && Math.abs(moved) < MOVED) return;
    if (!drag.active) {
      drag.active = true;
      this.strip.root.classList.add("dragging");
      this.desk.select(drag.cut.id);
    }
    drag.by = Math.round(moved / this.strip.view.scale);
    if (drag.grip !== "cut") this.#trimming(event, drag);
    else if (drag.slip) this.#slipping(event, drag);
    else this.#moving(event, drag);
  }

  #trimming(event, drag) {
    const { film, mode } = this.desk;
    const [low, high] = limits(film, drag.cut, drag.grip, mode);
    const at = clamp(drag.by, low, high);
    drag.short = at !== drag.by;
    drag.by = at;
    const items = trimmed(film, drag.cut, drag.grip, mode, at);
    const index = film.order.indexOf(drag.cut);
    const item = items[index];
    const end = drag.short ? ` · ${stopper(film, drag.cut, drag.grip, mode, at)}` : "";
    this.#say(event, `${framesText(at)}  ${lengthText(item.length, film.rate)}${end}`);
    this.strip.lay(items);
    this.strip.moveTo(drag.grip === "in" ? item.start : item.start + item.length);
    this.strip.hooks.peek(edgePictures(film, items, index, drag.grip));
  }

  #slipping(event, drag) {
    const { film } = this.desk;
    drag.by = clamp(-drag.by, -drag.cut.before, drag.cut.after);
    const items = slipped(film, drag.cut, drag.by);
    const item = items[film.order.indexOf(drag.cut)];
    const clip = film.clips[drag.cut.clip];
    this.#say(event, `slip ${framesText(drag.by)}`);
    this.strip.lay(items);
    this.strip.hooks.peek([clip.still(item.in), clip.still(item.out - 1)]);
  }

  #moving(event, drag) {
    const { film } = this.desk;
    const { items } = this.strip;
    drag.gap = gapAt(items, this.strip.frameAt(event));
    const at = drag.gap < items.length ? items[drag.gap].start : film.frames;
    this.gap.style.transform = `translateX(${at * this.strip.view.scale}px)`;
    this.gap.hidden = false;
    this.#say(event, `move to ${timecode(at, film.rate)}`);
  }

  #say(event, text) {
    const { left, top } = this.strip.root.getBoundingClientRect();
    this.tip.textContent = text;
    this.tip.hidden = false;
    this.tip.style.transform = `translate(${event.clientX - left}px, ${event.clientY - top}px)`;
  }

  async #released(event, cancelled) {
    const { now: drag } = this;
    if (!drag) return;
    this.now = null;
    drag.element.onpointermove = drag.element.onpointerup = drag.element.onpointercancel = null;
    this.strip.root.classList.remove("dragging");
    this.gap.hidden = this.tip.hidden = true;
    if (!drag.active) {
      if (!cancelled) this.#chosen(drag);
      return;
    }
    if (!cancelled) await this.#change(drag);
    this.strip.lay();
    this.strip.hooks.unpeek(drag.grip === "out" ? "out" : "in");
  }

  #chosen({ cut, pressed, grip }) {
    const frame = Math.floor(pressed);
    if (grip === "in") this.strip.hooks.seek(cut.film_in);
    else if (grip === "out") this.strip.hooks.seek(cut.film_out - 1);
    else this.strip.hooks.seek(clamp(frame, cut.film_in, cut.film_out - 1));
    this.strip.focus();
  }

  #change({ cut, grip, by, gap, slip, element }) {
    const { desk } = this;
    const id = cut.id;
    if (grip !== "cut") {
      if (!by) return null;
      const wish = { kind: "trim", cut: id, edge: grip, mode: desk.mode, by };
      return desk.correct(element, wish, `trim cut ${cut.number}`);
    }
    if (slip)
      return by
        ? desk.correct(element, { kind: "slip", cut: id, by }, `slip cut ${cut.number}`)
        : null;
    const at = desk.film.order.indexOf(cut);
    if (gap === at || gap === at + 1) return null;
    const before = desk.film.order[gap]?.id ?? null;
    return desk.correct(element, { kind: "move", cut: id, before }, `move cut ${cut.number}`);
  }
}

/** Pictures of both sides of an edge, earlier first; at the film's ends the one there is. */
function edgePictures(film, items, index, edge) {
  const [a, b] =
    edge === "in" ? [items[index - 1], items[index]] : [items[index], items[index + 1]];
  return [
    ...(a ? [film.clips[a.cut.clip].still(a.out - 1)] : []),
    ...(b ? [film.clips[b.cut.clip].still(b.in)] : []),
  ];
}

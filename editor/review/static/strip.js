// The timeline strip: scroll and zoom, the playhead, and cuts that are chosen, trimmed and moved.

import { thumbUrl } from "./api.js";
import { $, h, icon } from "./dom.js";
import { framesOf, gapAt, limits, plain, slipped, trimmed } from "./layout.js";
import { colours, lanes, paint } from "./strip_paint.js";
import { Thumbs } from "./thumbs.js";
import { clamp, framesText, lengthText, seconds, timecode } from "./time.js";

const EDGE = 8; // px at a cut's ends that take hold of the edge
const MOVED = 5; // px before a press becomes a drag
const CLOSEST = 24; // px a frame
const PAGE = 0.1; // of the width that stays in view when the playhead leaves it

export class Strip {
  /** `hooks`: seek(frame), peek(pictures), unpeek(), lockPointer() */
  constructor(root, desk, hooks) {
    this.desk = desk;
    this.hooks = hooks;
    this.root = root;
    this.scroller = $(".scroller", root);
    this.length = $(".film-length", root);
    this.canvas = $("canvas", root);
    this.list = $(".cuts", root);
    this.head = $(".playhead", root);
    this.gap = $(".gap", root);
    this.tip = $(".drag-tip", root);
    this.context = this.canvas.getContext("2d");
    this.thumbs = new Thumbs(
      (clip, frame, width) => thumbUrl(desk.film.title, clip, frame, width),
      () => this.draw(),
    );
    this.view = { start: 0, scale: 1 };
    this.items = [];
    this.#listen();
  }

  #listen() {
    const { desk, scroller } = this;
    desk.on("opened", () => this.#opened());
    desk.on("film", () => this.#film());
    desk.on("curves", () => this.draw());
    desk.on("selected trim", () => this.#marks());
    new ResizeObserver(() => this.#resized()).observe(scroller);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#resized());
    scroller.addEventListener("scroll", () => this.#scrolled());
    scroller.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    $(".ruler-grip", this.root).addEventListener("pointerdown", (event) => this.#scrub(event));
    this.list.addEventListener("pointerdown", (event) => this.#press(event));
    this.list.addEventListener("pointermove", (event) => this.#hover(event));
  }

  #opened() {
    const kept = this.desk.view;
    if (kept?.scale) this.#show(kept.scale, kept.start);
    else this.fit();
  }

  #film() {
    this.items = plain(this.desk.film);
    this.#fill();
    if (!this.lanes) this.#resized();
    if (this.fitted || this.view.scale < this.#least()) this.fit();
    else this.#lay();
  }

  // --- view --------------------------------------------------------------------------------------

  #least() {
    return this.scroller.clientWidth / Math.max(1, this.desk.film.frames);
  }

  fit() {
    this.#show(this.#least(), 0);
    this.fitted = true;
  }

  /** Zoom by a factor; what lies at `at` px stays there, else the playhead does. */
  zoom(factor, at) {
    const { scroller, view, desk } = this;
    const head = (desk.frame - view.start) * view.scale;
    const hold = at ?? (head >= 0 && head <= scroller.clientWidth ? head : scroller.clientWidth / 2);
    const frame = view.start + hold / view.scale;
    const scale = clamp(view.scale * factor, this.#least(), CLOSEST);
    this.#show(scale, frame - hold / scale);
    this.fitted = scale <= this.#least();
  }

  #show(scale, start) {
    this.fitted = false;
    this.view.scale = scale;
    this.#lay();
    this.scroller.scrollLeft = start * scale;
    this.#scrolled();
  }

  #scrolled() {
    this.view.start = this.scroller.scrollLeft / this.view.scale;
    this.desk.view = this.fitted ? null : { ...this.view };
    this.desk.keep();
    this.draw();
  }

  #resized() {
    if (!this.desk.film) return;
    const style = lanes(this.root);
    const { canvas, scroller } = this;
    this.lanes = style;
    this.colours = colours(this.root);
    this.ratio = devicePixelRatio || 1;
    canvas.width = Math.round(scroller.clientWidth * this.ratio);
    canvas.height = Math.round(style.height * this.ratio);
    if (this.fitted || this.view.scale < this.#least()) this.fit();
    else this.#lay();
  }

  #wheel(event) {
    if (!event.ctrlKey && !event.metaKey) {
      if (event.deltaX || event.shiftKey) return; // the browser scrolls sideways by itself
      event.preventDefault();
      this.scroller.scrollLeft += event.deltaY;
      return;
    }
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / 300), event.clientX - this.scroller.getBoundingClientRect().left);
  }

  /** Put the playhead at a frame; while playing the strip turns its pages. */
  moveTo(frame) {
    const { view, scroller } = this;
    this.head.style.transform = `translateX(${frame * view.scale}px)`;
    const at = (frame - view.start) * view.scale;
    if (this.drag || (at >= 0 && at <= scroller.clientWidth)) return;
    scroller.scrollLeft = frame * view.scale - PAGE * scroller.clientWidth;
  }

  // --- cuts as elements --------------------------------------------------------------------------

  #fill() {
    const focused = this.list.contains(document.activeElement);
    const have = new Map([...this.list.children].map((element) => [element.dataset.cut, element]));
    const elements = this.items.map(({ cut }) => {
      const element = have.get(cut.id) ?? this.#element(cut.id);
      this.#label(element, cut);
      return element;
    });
    this.list.replaceChildren(...elements);
    this.#marks();
    if (focused) this.focus();
  }

  #element(id) {
    return h(
      "div",
      { class: "cut", role: "option", "data-cut": id, "data-key": `cut-${id}`, onFocus: () => this.#focused(id) },
      h("span", { class: "cut-label" }, h("b"), h("span", { class: "cut-name" }), h("span", { class: "cut-marks" })),
      h("span", { class: "grip in" }),
      h("span", { class: "grip out" }),
    );
  }

  #label(element, cut) {
    const { film } = this.desk;
    const clip = film.clips[cut.clip];
    const states = [
      cut.locked && ["lock", "locked"],
      cut.verdict?.verdict === "approve" && ["approve", "approved"],
      cut.verdict?.verdict === "reject" && ["reject", "rejected"],
      cut.note && ["note", "has a note"],
    ].filter(Boolean);
    $("b", element).textContent = cut.number;
    $(".cut-name", element).textContent = clip.name;
    $(".cut-marks", element).replaceChildren(
      ...states.map(([shape, word]) => h("span", { class: `mark ${shape}`, title: word }, icon(shape))),
    );
    element.title = `${cut.number}  ${clip.name}  ${cut.timecode_in}\n${cut.reason}`;
    const said = [
      `Cut ${cut.number} of ${film.order.length}`, clip.name, lengthText(cut.length, film.rate),
      ...states.map(([, word]) => word), ...cut.changed,
    ];
    element.setAttribute("aria-label", said.join(", "));
    element.classList.toggle("changed", cut.changed.length > 0);
    element.classList.toggle("locked", cut.locked);
    element.classList.toggle("faulty", clip.state !== "here");
  }

  #lay() {
    if (!this.desk.film) return;
    const { scale } = this.view;
    const frames = Math.max(this.desk.film.frames, framesOf(this.items));
    this.length.style.width = `${frames * scale}px`;
    const place = new Map(this.items.map((item) => [item.cut.id, item]));
    for (const element of this.list.children) {
      const item = place.get(element.dataset.cut);
      element.style.left = `${item.start * scale}px`;
      element.style.width = `${item.length * scale}px`;
      element.classList.toggle("narrow", item.length * scale < 56);
    }
    this.moveTo(this.desk.frame);
    this.draw();
  }

  #marks() {
    const { selected, edge, mode } = this.desk;
    for (const element of this.list.children) {
      const chosen = element.dataset.cut === selected;
      element.setAttribute("aria-selected", String(chosen));
      element.tabIndex = chosen ? 0 : -1;
      element.dataset.edge = chosen ? edge : "";
      element.dataset.mode = chosen ? mode : "";
    }
  }

  /** Give the keyboard to the selected cut. */
  focus() {
    $('[aria-selected="true"]', this.list)?.focus({ preventScroll: true });
  }

  #focused(id) {
    if (id === this.desk.selected || this.drag) return;
    this.hooks.seek(this.desk.cut(id).film_in);
  }

  draw() {
    this.drawing ||= requestAnimationFrame(() => {
      this.drawing = 0;
      const { desk, canvas } = this;
      if (!desk.film || !this.lanes) return;
      paint(this.context, {
        width: canvas.width / this.ratio,
        height: canvas.height / this.ratio,
        ratio: this.ratio,
        lanes: this.lanes,
        colours: this.colours,
        view: this.view,
        items: this.items,
        film: desk.film,
        rate: desk.film.rate,
        frames: framesOf(this.items),
        curves: desk.curves,
        thumbs: this.thumbs,
        dragging: this.drag?.active,
      });
    });
  }

  // --- the pointer -------------------------------------------------------------------------------

  #frameAt(event) {
    const { left } = this.scroller.getBoundingClientRect();
    return this.view.start + (event.clientX - left) / this.view.scale;
  }

  #scrub(event) {
    if (event.button) return;
    const grip = event.currentTarget;
    const to = (at) => this.hooks.seek(Math.floor(this.#frameAt(at)));
    grip.setPointerCapture(event.pointerId);
    grip.onpointermove = to;
    grip.onpointerup = grip.onpointercancel = () => (grip.onpointermove = null);
    to(event);
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
    if (!element || this.drag) return;
    element.dataset.grip = this.#grip(event, element);
  }

  #press(event) {
    const element = event.target.closest(".cut");
    if (!element || event.button) return;
    const cut = this.desk.cut(element.dataset.cut);
    const grip = this.#grip(event, element);
    const pressed = this.#frameAt(event);
    event.preventDefault();
    this.drag = { cut, grip, element, from: event.clientX, pressed, slip: event.altKey, active: false };
    if (grip !== "cut") this.desk.setTrim({ edge: grip });
    element.setPointerCapture(event.pointerId);
    element.onpointermove = (at) => this.#dragged(at);
    element.onpointerup = (at) => this.#released(at, false);
    element.onpointercancel = (at) => this.#released(at, true);
    this.cancel = () => this.#released(event, true);
  }

  #dragged(event) {
    const { drag } = this;
    if (!drag) return;
    const moved = event.clientX - drag.from;
    if (!drag.active && Math.abs(moved) < MOVED) return;
    if (!drag.active) {
      drag.active = true;
      this.root.classList.add("dragging");
      this.desk.select(drag.cut.id);
    }
    drag.by = Math.round(moved / this.view.scale);
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
    this.items = trimmed(film, drag.cut, drag.grip, mode, at);
    const index = film.order.indexOf(drag.cut);
    const item = this.items[index];
    const end = drag.short ? " · end of the clip" : "";
    this.#say(event, `${framesText(at)}  ${lengthText(item.length, film.rate)}${end}`);
    this.#lay();
    this.hooks.peek(edgePictures(film, this.items, index, drag.grip));
  }

  #slipping(event, drag) {
    const { film } = this.desk;
    drag.by = clamp(-drag.by, -drag.cut.before, drag.cut.after);
    this.items = slipped(film, drag.cut, drag.by);
    const item = this.items[film.order.indexOf(drag.cut)];
    const clip = film.clips[drag.cut.clip];
    this.#say(event, `slip ${framesText(drag.by)}`);
    this.#lay();
    this.hooks.peek([clip.still(item.in), clip.still(item.out - 1)]);
  }

  #moving(event, drag) {
    const { film } = this.desk;
    drag.gap = gapAt(this.items, this.#frameAt(event));
    const at = drag.gap < this.items.length ? this.items[drag.gap].start : film.frames;
    this.gap.style.transform = `translateX(${at * this.view.scale}px)`;
    this.gap.hidden = false;
    this.#say(event, `move to ${timecode(at, film.rate)} (${seconds(at, film.rate).toFixed(1)} s)`);
  }

  #say(event, text) {
    const { left, top } = this.root.getBoundingClientRect();
    this.tip.textContent = text;
    this.tip.hidden = false;
    this.tip.style.transform = `translate(${event.clientX - left}px, ${event.clientY - top}px)`;
  }

  async #released(event, cancelled) {
    const { drag, desk } = this;
    if (!drag) return;
    this.drag = null;
    drag.element.onpointermove = drag.element.onpointerup = drag.element.onpointercancel = null;
    this.root.classList.remove("dragging");
    this.gap.hidden = this.tip.hidden = true;
    if (!drag.active) {
      if (!cancelled) this.#chosen(drag);
      return;
    }
    if (!cancelled) await this.#change(drag);
    this.items = plain(desk.film);
    this.#lay();
    this.hooks.unpeek(drag.grip === "out" ? "out" : "in");
  }

  #chosen({ cut, pressed, grip }) {
    const frame = Math.floor(pressed);
    if (grip === "in") this.hooks.seek(cut.film_in);
    else if (grip === "out") this.hooks.seek(cut.film_out - 1);
    else this.hooks.seek(clamp(frame, cut.film_in, cut.film_out - 1));
    this.focus();
  }

  #change({ cut, grip, by, gap, slip, element }) {
    const { desk } = this;
    const id = cut.id;
    if (grip !== "cut") {
      if (!by) return null;
      const wish = { kind: "trim", cut: id, edge: grip, mode: desk.mode, by };
      return desk.correct(element, wish, `trim cut ${cut.number}`);
    }
    if (slip) return by ? desk.correct(element, { kind: "slip", cut: id, by }, `slip cut ${cut.number}`) : null;
    const at = desk.film.order.indexOf(cut);
    if (gap === at || gap === at + 1) return null;
    const before = desk.film.order[gap]?.id ?? null;
    return desk.correct(element, { kind: "move", cut: id, before }, `move cut ${cut.number}`);
  }
}

/** Pictures of both sides of an edge, earlier first; at the film's ends the one there is. */
function edgePictures(film, items, index, edge) {
  const [a, b] = edge === "in" ? [items[index - 1], items[index]] : [items[index], items[index + 1]];
  return [
    ...(a ? [film.clips[a.cut.clip].still(a.out - 1)] : []),
    ...(b ? [film.clips[b.cut.clip].still(b.in)] : []),
  ];
}

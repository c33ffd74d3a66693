// The timeline strip: its cuts as elements over what is painted, scroll and zoom, the playhead.

import { thumbUrl } from "./api.js";
import { $, h, icon } from "./dom.js";
import { framesOf, plain } from "./layout.js";
import { Drags } from "./strip_drag.js";
import { colours, lanes, paint } from "./strip_paint.js";
import { Thumbs } from "./thumbs.js";
import { clamp, lengthText } from "./time.js";

const CLOSEST = 24; // px a frame
const PAGE = 0.1; // of the width that stays in view when the playhead leaves it

export class Strip {
  /** `hooks`: seek(frame), peek(addresses of pictures), unpeek(edge) */
  constructor(root, desk, hooks) {
    this.desk = desk;
    this.hooks = hooks;
    this.root = root;
    this.scroller = $(".scroller", root);
    this.length = $(".film-length", root);
    this.canvas = $("canvas", root);
    this.list = $(".cuts", root);
    this.head = $(".playhead", root);
    this.context = this.canvas.getContext("2d");
    this.thumbs = new Thumbs(
      (clip, frame, width) => thumbUrl(desk.film.title, clip, frame, width),
      () => this.draw(),
    );
    this.view = { start: 0, scale: 1 };
    this.items = [];
    this.drags = new Drags(this);
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
    const hold =
      at ?? (head >= 0 && head <= scroller.clientWidth ? head : scroller.clientWidth / 2);
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
    this.zoom(
      Math.exp(-event.deltaY / 300),
      event.clientX - this.scroller.getBoundingClientRect().left,
    );
  }

  /** Put the playhead at a frame; while playing the strip turns its pages. */
  moveTo(frame) {
    const { view, scroller } = this;
    this.head.style.transform = `translateX(${frame * view.scale}px)`;
    const at = (frame - view.start) * view.scale;
    if (this.drags.now || (at >= 0 && at <= scroller.clientWidth)) return;
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
      {
        class: "cut",
        role: "option",
        "data-cut": id,
        "data-key": `cut-${id}`,
        onFocus: () => this.#focused(id),
      },
      h(
        "span",
        { class: "cut-label" },
        h("b"),
        h("span", { class: "cut-name" }),
        h("span", { class: "cut-marks" }),
      ),
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
      ...states.map(([shape, word]) =>
        h("span", { class: `mark ${shape}`, title: word }, icon(shape)),
      ),
    );
    element.title = `${cut.number}  ${clip.name}  ${cut.timecode_in}\n${cut.reason}`;
    const said = [
      `Cut ${cut.number} of ${film.order.length}`,
      clip.name,
      lengthText(cut.length, film.rate),
      ...states.map(([, word]) => word),
      ...cut.changed,
    ];
    element.setAttribute("aria-label", said.join(", "));
    element.classList.toggle("changed", cut.changed.length > 0);
    element.classList.toggle("locked", cut.locked);
    element.classList.toggle("faulty", clip.state !== "here");
  }

  /** Put other items, or the film's own again, on the strip. */
  lay(items = plain(this.desk.film)) {
    this.items = items;
    this.#lay();
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
    if (id === this.desk.selected || this.drags.now) return;
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
        dragging: this.drags.now?.active,
      });
    });
  }

  // --- the pointer -------------------------------------------------------------------------------

  frameAt(event) {
    const { left } = this.scroller.getBoundingClientRect();
    return this.view.start + (event.clientX - left) / this.view.scale;
  }

  #scrub(event) {
    if (event.button) return;
    const grip = event.currentTarget;
    const to = (at) => this.hooks.seek(Math.floor(this.frameAt(at)));
    grip.setPointerCapture(event.pointerId);
    grip.onpointermove = to;
    grip.onpointerup = grip.onpointercancel = () => (grip.onpointermove = null);
    to(event);
  }
}

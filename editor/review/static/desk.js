// The page's state: one version as the server has it, and where the editor's hands are.
//
// Every change goes to the server first, one after the other, with the revision last seen; the page
// shows what the server answers. Nothing is kept here that a reload would lose, but the place.

import * as api from "./api.js";
import { clamp, parseRate } from "./time.js";

const KEPT = "review:"; // localStorage: the place in each version

export class Desk extends EventTarget {
  film = null; // as GET /api/versions/TITLE, with rates parsed and `order`
  curves = null;
  words = {}; // reward terms: name -> {family, words}
  reasons = [];
  frame = 0; // the playhead
  selected = null; // id of a cut
  edge = "in"; // the edge that comma and full stop move
  mode = "ripple"; // or "roll"
  #queue = Promise.resolve();
  #nudges = null;
  #channel = new BroadcastChannel("review");

  constructor() {
    super();
    this.#channel.onmessage = ({ data }) => this.#heard(data);
    document.addEventListener("visibilitychange", () => document.hidden || this.refresh());
  }

  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  on(names, listener) {
    for (const name of names.split(" ")) {
      this.addEventListener(name, (event) => listener(event.detail));
    }
  }

  // --- reading -----------------------------------------------------------------------------------

  async start() {
    const { terms, reasons } = await api.terms();
    this.words = terms;
    this.reasons = reasons;
    this.emit("words");
  }

  /** Open a version at the place where it was left. */
  async open(title) {
    const film = await api.film(title);
    this.curves = null;
    this.film = null;
    const place = this.#place(title);
    this.frame = place.frame ?? 0;
    this.selected = place.selected ?? null;
    this.edge = place.edge ?? "in";
    this.mode = place.mode ?? "ripple";
    this.view = place.view ?? null;
    this.tab = place.tab ?? "cut";
    this.#take(film);
    this.emit("opened");
  }

  /** Look whether the version was changed elsewhere. */
  async refresh() {
    if (!this.film) return;
    const { title, revision } = this.film;
    try {
      const film = await api.film(title);
      if (this.film?.title !== title || film.revision <= this.film.revision) return;
      this.#take(film);
      this.emit("told", {
        text: `This version was changed elsewhere (revision ${revision} to ${film.revision}): you see it as it is now.`,
        kind: "warn",
      });
    } catch (err) {
      this.emit("told", { text: err.message, kind: "bad" });
    }
  }

  /** The cut on screen at a frame. */
  cutAt(frame) {
    const { order } = this.film;
    let low = 0;
    let high = order.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (order[middle].film_in <= frame) low = middle;
      else high = middle - 1;
    }
    return order[low] ?? null;
  }

  cut(id) {
    return this.film?.byId.get(id) ?? null;
  }

  get current() {
    return this.cut(this.selected);
  }

  neighbour(cut, step) {
    return this.film.order[this.film.order.indexOf(cut) + step] ?? null;
  }

  #take(film) {
    const before = this.film;
    this.read(film);
    this.film = film;
    this.frame = clamp(this.frame, 0, Math.max(0, film.frames - 1));
    const cut = this.current;
    if (!cut || (cut.dropped && !before?.byId.get(cut.id)?.dropped)) {
      this.selected = this.cutAt(this.frame)?.id ?? null;
    }
    this.#curves();
    this.emit("film", { before });
  }

  /** Make what the server tells of a version ready for use, in place. */
  read(film) {
    film.rate = parseRate(film.rate);
    for (const [id, clip] of Object.entries(film.clips))
      film.clips[id] = this.clip(film.title, id, clip);
    film.order = film.cuts.filter((cut) => !cut.dropped).sort((a, b) => a.film_in - b.film_in);
    film.byId = new Map(film.cuts.map((cut) => [cut.id, cut]));
    return film;
  }

  #clips = new Map();

  /** The one object that stands for a clip: players compare clips by it. */
  clip(title, id, told) {
    const key = `${title}/${id}`;
    const picture = (width) => (frame) => api.thumbUrl(title, id, frame, width);
    const clip = this.#clips.get(key) ?? {
      id,
      media: null,
      still: picture(api.QUICK),
      sharp: picture(api.BEST),
    };
    Object.assign(clip, told, { rate: parseRate(told.rate.text ?? told.rate) });
    this.#clips.set(key, clip);
    return clip;
  }

  async #curves() {
    const { title, revision } = this.film;
    try {
      const curves = await api.curves(title);
      if (this.film.title !== title || curves.revision < this.film.revision) return;
      this.curves = curves;
      this.missing = "";
    } catch (err) {
      if (this.film.title !== title || this.film.revision !== revision) return;
      this.curves = null;
      this.missing = err.message;
    }
    this.emit("curves");
  }

  // --- the hands ---------------------------------------------------------------------------------

  /** The playhead moved; while paused the cut under it is the selected one. */
  at(frame, playing) {
    this.frame = frame;
    if (!playing && this.film?.order.length) this.#select(this.cutAt(frame)?.id);
    this.emit("frame");
    this.keep();
  }

  select(id) {
    this.#select(id);
    this.keep();
  }

  #select(id) {
    if (id === this.selected) return;
    this.selected = id ?? null;
    this.emit("selected");
  }

  setTrim({ edge = this.edge, mode = this.mode }) {
    this.edge = edge;
    this.mode = mode;
    this.emit("trim");
    this.keep();
  }

  #place(title) {
    try {
      return JSON.parse(localStorage.getItem(KEPT + title)) ?? {};
    } catch (err) {
      if (!(err instanceof SyntaxError)) throw err;
      return {}; // somebody wrote into the browser's storage: begin at the beginning
    }
  }

  /** Remember the place, at most four times a second. */
  keep() {
    this.keeping ||= setTimeout(() => {
      this.keeping = 0;
      this.keepNow();
    }, 250);
  }

  keepNow() {
    if (!this.film) return;
    const { frame, selected, edge, mode, view, tab } = this;
    localStorage.setItem(
      KEPT + this.film.title,
      JSON.stringify({ frame, selected, edge, mode, view, tab }),
    );
  }

  // --- changing ----------------------------------------------------------------------------------

  /**
   * Send a change and show what came of it. Resolves to true where it was made. A refusal goes out
   * as "refused" with the control it belongs to.
   */
  #change(control, what, ask) {
    const turn = this.#queue.then(async () => {
      const { title, revision } = this.film;
      this.emit("saving", true);
      try {
        const film = await ask(title, revision);
        this.#take(film);
        this.#channel.postMessage({ title, revision: film.revision });
        return true;
      } catch (err) {
        if (!(err instanceof api.Refusal)) throw err;
        if (err.stale) await this.#stale(control, what, revision);
        else this.emit("refused", { control, text: err.message });
        return false;
      } finally {
        this.emit("saving", false);
      }
    });
    this.#queue = turn.catch(() => {});
    return turn;
  }

  async #stale(control, what, revision) {
    this.#take(await api.film(this.film.title));
    this.emit("refused", {
      control,
      text:
        `Not done: ${what}. This version was changed elsewhere meanwhile (revision ${revision} to` +
        ` ${this.film.revision}). You see it as it is now; do it again if you still want it.`,
    });
  }

  correct(control, correction, what = correction.kind) {
    return this.#change(control, what, (title, revision) =>
      api.correct(title, revision, correction),
    );
  }

  undo(control) {
    return this.#change(control, "undo", api.undo);
  }

  redo(control) {
    return this.#change(control, "redo", api.redo);
  }

  judge(control, verdict) {
    return this.#change(control, "verdict", (title, revision) =>
      api.judge(title, revision, verdict),
    );
  }

  /** Trim by frames; presses that come while the server answers are added up. */
  nudge(control, cut, edge, mode, by) {
    const same = this.#nudges;
    if (same && same.cut === cut && same.edge === edge && same.mode === mode) {
      same.by += by;
      return same.done;
    }
    const wish = { cut, edge, mode, by };
    this.#nudges = wish;
    wish.done = this.#change(control, `trim ${edge}`, (title, revision) => {
      if (this.#nudges === wish) this.#nudges = null;
      if (!wish.by) return api.film(title); // there and back again
      return api.correct(title, revision, { kind: "trim", cut, edge, mode, by: wish.by });
    });
    return wish.done;
  }

  #heard({ title, revision }) {
    if (this.film?.title === title && revision > this.film.revision) this.refresh();
  }
}

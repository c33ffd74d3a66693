// What the editor can do, by name: the same for a button, a key and a drag.

import { $ } from "./dom.js";
import { sourceFrame } from "./time.js";
import { refuse } from "./say.js";

export class Actions {
  /** `page`: desk, player, strip, reel, source, inspector, finder, jobs. */
  constructor(page) {
    this.page = page;
  }

  get desk() {
    return this.page.desk;
  }

  /** The control that a key press belongs to: the cut in the strip. */
  #control() {
    return $('.cut[aria-selected="true"]') ?? $("#picture");
  }

  /** Do something to the selected cut by key; says so where there is none. */
  byKey(name, ...more) {
    const cut = this.desk.current;
    if (!cut) return refuse(this.#control(), "No cut is chosen.");
    return this[name](this.#control(), cut, ...more);
  }

  // --- one cut -----------------------------------------------------------------------------------

  drop(control, cut) {
    if (cut.dropped) return this.restore(control, cut);
    return this.desk.correct(control, { kind: "drop", cut: cut.id }, `drop cut ${cut.number}`);
  }

  async restore(control, cut) {
    if (await this.desk.correct(control, { kind: "restore", cut: cut.id }, "put the cut back"))
      this.#goTo(cut.id);
  }

  lock(control, cut) {
    return this.desk.correct(
      control,
      { kind: cut.locked ? "unlock" : "lock", cut: cut.id },
      `lock cut ${cut.number}`,
    );
  }

  async #moved(control, cut, before) {
    const done = await this.desk.correct(
      control,
      { kind: "move", cut: cut.id, before },
      `move cut ${cut.number}`,
    );
    if (done) this.#goTo(cut.id);
  }

  earlier(control, cut) {
    const other = this.desk.neighbour(cut, -1);
    if (!other) return refuse(control, "This is the first cut.");
    return this.#moved(control, cut, other.id);
  }

  later(control, cut) {
    const other = this.desk.neighbour(cut, 1);
    if (!other) return refuse(control, "This is the last cut.");
    return this.#moved(control, cut, this.desk.neighbour(cut, 2)?.id ?? null);
  }

  /** Go to where a cut begins now. */
  #goTo(id) {
    const cut = this.desk.cut(id);
    if (cut && !cut.dropped) this.page.player.seek(cut.film_in);
  }

  // --- edges -------------------------------------------------------------------------------------

  edge(cut, edge) {
    this.desk.setTrim({ edge });
    this.page.player.seek(edge === "in" ? cut.film_in : cut.film_out - 1);
  }

  /** Choose the other edge of the cut. */
  turnEdge(control, cut) {
    this.edge(cut, this.desk.edge === "in" ? "out" : "in");
  }

  /** Move an edge by film frames and show the frame at it. */
  async nudge(control, cut, edge, by) {
    this.desk.setTrim({ edge });
    const done = await this.desk.nudge(control, cut.id, edge, this.desk.mode, by);
    const now = this.desk.cut(cut.id);
    if (done && now && !now.dropped)
      this.page.player.seek(edge === "in" ? now.film_in : now.film_out - 1);
  }

  slip(control, cut, by) {
    return this.desk.correct(control, { kind: "slip", cut: cut.id, by }, `slip cut ${cut.number}`);
  }

  /** I and O: the cut begins, or ends, with the frame on screen. */
  async toPlayhead(control, cut, edge) {
    const { frame } = this.desk;
    const by = edge === "in" ? frame - cut.film_in : frame + 1 - cut.film_out;
    if (!by) return refuse(control, `The cut ${edge === "in" ? "begins" : "ends"} here already.`);
    await this.nudge(control, cut, edge, by);
  }

  // --- other footage -----------------------------------------------------------------------------

  replace(control, cut, other) {
    this.unpreview();
    const { clip, clip_in, clip_out } = other;
    return this.desk.correct(
      control,
      { kind: "replace", cut: cut.id, clip, clip_in, clip_out },
      `replace cut ${cut.number}`,
    );
  }

  alternative(control, cut, place) {
    const other = cut.alternatives[place];
    if (!other) return refuse(control, `Cut ${cut.number} has no alternative ${place + 1}.`);
    return this.replace(control, cut, other);
  }

  /** Show an alternative's first frame in the picture without taking it. */
  preview(other) {
    if (this.page.player.speed || this.page.source.open) return;
    this.previewing = true;
    this.page.reel.away();
    this.page.player.peek([this.desk.film.clips[other.clip].still(other.clip_in)]);
  }

  unpreview() {
    if (!this.previewing) return;
    this.previewing = false;
    this.page.reel.back();
  }

  find() {
    this.page.inspector.show("footage");
    this.page.finder.focus();
  }

  open(moment) {
    this.page.reel.away();
    this.page.source.look(moment);
  }

  async putInPlace(control, span) {
    const { current } = this.desk;
    if (!current) return refuse(control, "No cut is chosen to be replaced.");
    if (
      await this.desk.correct(
        control,
        { kind: "replace", cut: current.id, ...span },
        `replace cut ${current.number}`,
      )
    )
      this.#put(current.id);
  }

  async #insert(control, span, before) {
    const known = new Set(this.desk.film.byId.keys());
    if (!(await this.desk.correct(control, { kind: "insert", ...span, before }, "put it in")))
      return;
    this.#put([...this.desk.film.byId.keys()].find((id) => !known.has(id)));
  }

  putBefore(control, span) {
    return this.#insert(control, span, this.desk.selected);
  }

  putAfter(control, span) {
    const { current } = this.desk;
    return this.#insert(
      control,
      span,
      current ? (this.desk.neighbour(current, 1)?.id ?? null) : null,
    );
  }

  #put(id) {
    this.page.source.leave();
    this.#goTo(id);
    this.page.strip.focus();
  }

  // --- bans and musts ----------------------------------------------------------------------------

  ban(control, cut) {
    const [clip_in, clip_out] = cut.shot_span;
    const ban = this.desk.film.bans.find(
      (one) => one.clip === cut.clip && one.clip_in === clip_in && one.clip_out === clip_out,
    );
    if (ban) return this.unban(control, ban);
    return this.desk.correct(
      control,
      { kind: "ban", clip: cut.clip, clip_in, clip_out },
      `ban the shot of cut ${cut.number}`,
    );
  }

  banSpan(control, span) {
    return this.desk.correct(control, { kind: "ban", ...span }, "ban these frames");
  }

  unban(control, { clip, clip_in, clip_out }) {
    return this.desk.correct(
      control,
      { kind: "unban", clip, clip_in, clip_out },
      "take back a ban",
    );
  }

  mustOf(cut) {
    return this.desk.film.musts.find(
      (one) =>
        one.clip === cut.clip && one.clip_in === cut.clip_in && one.clip_out === cut.clip_out,
    );
  }

  must(control, cut) {
    const must = this.mustOf(cut);
    if (must) return this.needNot(control, must);
    const { clip, clip_in, clip_out } = cut;
    return this.mustSpan(control, { clip, clip_in, clip_out });
  }

  mustSpan(control, span) {
    return this.desk.correct(
      control,
      { kind: "must-include", ...span },
      "must include these frames",
    );
  }

  needNot(control, { clip, clip_in, clip_out }) {
    return this.desk.correct(
      control,
      { kind: "need-not", clip, clip_in, clip_out },
      "take back a must",
    );
  }

  // --- words and judgement -----------------------------------------------------------------------

  note(control, cut, text) {
    return this.desk.correct(control, { kind: "note", cut: cut?.id ?? null, text }, "the note");
  }

  judge(control, cut, verdict) {
    return this.desk.judge(control, { cut: cut?.id ?? null, ...verdict });
  }

  /** Approve or reject; the same again takes it back. */
  verdict(control, cut, verdict) {
    const now = cut ? cut.verdict : this.desk.film.verdict;
    const again = now?.verdict === verdict;
    return this.judge(control, cut, {
      verdict: again ? null : verdict,
      reasons: again ? [] : (now?.reasons ?? []),
      note: again ? "" : (now?.note ?? ""),
    });
  }

  relink(control) {
    return this.page.jobs.start(control, "relink");
  }

  // --- the picture -------------------------------------------------------------------------------

  toCut(step) {
    const { desk, page } = this;
    const cut = desk.cutAt(desk.frame);
    if (!cut) return;
    const inside = step < 0 && desk.frame > cut.film_in;
    const target = inside ? cut : (desk.neighbour(cut, step) ?? cut);
    page.player.seek(target.film_in);
    if (document.activeElement?.closest?.(".cuts")) page.strip.focus();
  }

  /** What the canvas shows, for whoever asks: the clip's name and frame under the playhead. */
  shownSource() {
    const { desk } = this;
    const cut = desk.film?.order.length ? desk.cutAt(desk.frame) : null;
    if (!cut) return null;
    const clip = desk.film.clips[cut.clip];
    const frame = sourceFrame(
      desk.frame - cut.film_in,
      cut.clip_in,
      cut.clip_out,
      clip.rate,
      desk.film.rate,
    );
    return { cut, clip, frame };
  }

  /** Learn from all corrections and verdicts; says at the button what cannot be learned yet. */
  async learn(control) {
    await this.page.jobs.start(control, "retrain", {}, null);
  }
}

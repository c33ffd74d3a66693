// Work that takes time: starts it, shows how far it is, and says what came of it.

import * as api from "./api.js";
import { $, button, h } from "./dom.js";
import { refuse, tell } from "./say.js";

const EVERY = 400; // ms between two looks at a job
const NAMES = {
  render: "Rendering",
  again: "Cutting again",
  export: "Exporting",
  relink: "Looking for footage",
  retrain: "Learning",
};

export class Jobs {
  /** `open(title)` opens a version, `compare(a, b)` sets two side by side. */
  constructor(desk, hooks) {
    this.desk = desk;
    this.hooks = hooks;
    this.box = $("#job");
    this.box.hidden = true;
    this.watched = null;
  }

  /** Go on showing what was running before a reload. */
  async resume() {
    const running = (await api.jobs()).find((job) => ["waiting", "running"].includes(job.state));
    if (running) this.#watch(running);
  }

  async start(control, kind, body = {}, title = this.desk.film.title) {
    try {
      this.#watch(await api.start(title, kind, body));
    } catch (err) {
      if (!(err instanceof api.Refusal)) throw err;
      if (err.stale) await this.desk.refresh();
      refuse(control, err.message);
    }
  }

  async #watch(job) {
    this.watched = job.id;
    this.#build(job);
    while (["waiting", "running"].includes(job.state)) {
      this.#show(job);
      await new Promise((resolve) => setTimeout(resolve, EVERY));
      if (this.watched !== job.id) return;
      try {
        job = await api.job(job.id);
      } catch (err) {
        if (!(err instanceof api.Refusal)) throw err;
        this.box.hidden = true;
        tell(err.message, "bad");
        return;
      }
    }
    this.watched = null;
    this.box.hidden = true;
    document.body.dataset.job = job.state;
    await this.#done(job);
  }

  #build(job) {
    document.body.dataset.job = "running";
    this.words = h("span", { class: "job-words" });
    this.bar = h("progress", { max: 1, "aria-label": NAMES[job.kind] ?? job.kind });
    this.box.replaceChildren(
      this.words,
      this.bar,
      button("Stop it", {
        shape: "close",
        class: "icon-only",
        onClick: (event) => this.#stop(event.currentTarget, job),
      }),
    );
    this.box.hidden = false;
  }

  #show(job) {
    const stage =
      job.state === "waiting"
        ? "waiting for its turn"
        : [job.stage, job.label].filter(Boolean).join(": ");
    this.words.textContent = `${NAMES[job.kind] ?? job.kind}  ${stage}`;
    if (job.share > 0) this.bar.value = job.share;
    else this.bar.removeAttribute("value");
  }

  async #stop(control, job) {
    try {
      await api.stopJob(job.id);
    } catch (err) {
      if (!(err instanceof api.Refusal)) throw err;
      refuse(control, err.message);
    }
  }

  async #done(job) {
    const name = NAMES[job.kind] ?? job.kind;
    if (job.state === "stopped") return void tell(`${name} was stopped.`, "warn");
    if (job.state === "failed") return void tell(`${name} failed. ${job.message}`, "bad");
    this.desk.emit("versions");
    if (job.kind === "retrain") this.hooks.learned(job.result);
    else this.#made(job, job.result);
    await this.desk.refresh();
  }

  /** A new version, files that were written, or footage that was found again. */
  #made(job, { version, files = [], lost = [], found }) {
    const here = this.desk.film.title;
    const other = version && version !== here;
    if (job.kind === "relink") {
      return void tell(
        [`${found} ${found === 1 ? "clip" : "clips"} found again.`, ...lost].join(" "),
        lost.length ? "warn" : "done",
      );
    }
    const words = files.length
      ? [`Written: ${files.join(", ")}`, ...lost].join(". ")
      : `${version} is made.`;
    const item = tell(
      words,
      "done",
      other ? { label: `Open ${version}`, run: () => this.hooks.open(version) } : null,
    );
    if (!other || files.length) return;
    const compare = h("button", {
      type: "button",
      class: "plain",
      text: "Compare",
      onClick: () => this.hooks.compare(here, version),
    });
    item.insertBefore(compare, item.lastElementChild);
  }
}

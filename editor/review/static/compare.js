// Two versions side by side under one playhead, sides by lot, names hidden until one is preferred.

import * as api from "./api.js";
import { build } from "./compare_view.js";
import { $ } from "./dom.js";
import { wholeClip, wholeSequence } from "./layout.js";
import { Player } from "./player.js";
import { refuse } from "./say.js";
import { clamp, fps, seconds, timecode } from "./time.js";

const APART = 0.06; // s by which the sides may drift while playing before one is set right
const LOOK = 250; // ms between two questions how far a film is
const SIDES = ["left", "right"];

export class Compare {
  constructor(dialog, desk, hooks) {
    this.dialog = dialog;
    this.desk = desk;
    this.hooks = hooks;
    this.players = null;
    dialog.addEventListener("close", () => this.#closed());
    dialog.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Ask which two, or take the two that are named. */
  async open(control, one = this.desk.film.title, other = null) {
    try {
      this.rows = (await api.versions()).filter((row) => !row.problem);
      if (this.rows.length < 2) {
        refuse(
          control,
          "There is only one version. Cut again, or render your corrections: then there are two to compare.",
        );
        return;
      }
      const partner = other ?? this.#partner(one);
      if (!this.dialog.open) this.dialog.showModal();
      await this.#begin(one, partner);
    } catch (err) {
      if (!(err instanceof api.Refusal)) throw err;
      if (this.dialog.open) this.#say(err.message);
      else refuse(control, err.message);
    }
  }

  #partner(title) {
    const row = this.rows.find((known) => known.title === title);
    const others = this.rows.filter((known) => known.title !== title);
    return (
      others.find((known) => known.title === row?.parent || known.parent === title) ??
      others.find((known) => known.name === row?.name) ??
      others[0]
    ).title;
  }

  async #begin(one, other) {
    this.#closed();
    this.#build(one, other);
    this.toggle.focus();
    const drawn = await api.compare([one, other]);
    this.asked = drawn.comparison;
    const films = await Promise.all(SIDES.map((side) => api.film(drawn[side])));
    this.films = films.map((film) => this.desk.read(film));
    this.length = Math.max(...this.films.map((film) => seconds(film.frames, film.rate)));
    this.range.max = this.#frames(0, this.length);
    this.#strips();
    this.players = SIDES.map((side, place) => {
      const stage = $(`.${side} .stage`, this.dialog);
      const player = new Player(stage, $("canvas", stage), {
        onFrame: (frame) => this.#at(place, frame),
        onState: () => this.#state(),
        onTrouble: (clip, why) => this.#say(`One side cannot be played: ${why}`),
      });
      player.mute(place === 1);
      return player;
    });
    await this.#load(this.players);
  }

  async #load(players) {
    for (const [place, film] of this.films.entries()) {
      const clip = wholeClip(film, await this.#made(film, SIDES[place]));
      if (this.players !== players) return; // closed, or other versions were chosen meanwhile
      await players[place].load(wholeSequence(film, clip), 0);
    }
    this.#say("");
    this.dialog.dataset.ready = "yes";
  }

  /** The address of a film, when it is made. One after the other: a newer wish ends an older. */
  async #made(film, side) {
    for (;;) {
      const { ready, url, problem, share } = await api.filmProxy(film.title, film.revision);
      if (problem) throw new api.Refusal(422, { message: problem });
      if (ready || !this.players) return url;
      this.#say(`Preparing the ${side} one ${Math.round(share * 100)} %`);
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
  }

  #frames(place, time) {
    const film = this.films[place];
    return Math.round(time * fps(film.rate));
  }

  #build(one, other) {
    Object.assign(
      this,
      build(this.dialog, {
        rows: this.rows,
        chosen: [one, other],
        reasons: this.desk.reasons,
        picked: () => this.#picked(),
        seek: (frame) => this.#seek(frame / fps(this.films[0].rate)),
        toggle: () => this.#toggle(),
        sound: () => this.#sound(),
        answer: (control, preferred) => this.#answer(control, preferred),
      }),
    );
  }

  #picked() {
    const [one, other] = this.picks.map((pick) => pick.value);
    if (one === other) this.#say("Choose two different versions.");
    else this.open(this.picks[0], one, other);
  }

  /** Both films' cuts to scale, on one scale. */
  #strips() {
    this.films.forEach((film, place) => {
      const canvas = $(`.${SIDES[place]} .side-strip`, this.dialog);
      const ratio = devicePixelRatio || 1;
      const { width, height } = canvas.getBoundingClientRect();
      [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
      const context = canvas.getContext("2d");
      const style = getComputedStyle(this.dialog);
      const scale = canvas.width / this.length;
      for (const cut of film.cuts.filter((one) => !one.dropped)) {
        const left = seconds(cut.film_in, film.rate) * scale;
        const right = seconds(cut.film_out, film.rate) * scale;
        context.fillStyle = style.getPropertyValue("--pace-bar");
        context.fillRect(left, 0, Math.max(1, right - left - ratio), canvas.height);
      }
      const facts = `${film.cuts.filter((one) => !one.dropped).length} cuts, ${seconds(film.frames, film.rate).toFixed(1)} s`;
      $(`.${SIDES[place]} .side-facts`, this.dialog).textContent = facts;
    });
  }

  // --- one playhead ------------------------------------------------------------------------------

  #seek(time) {
    this.time = clamp(time, 0, this.length);
    this.players.forEach((player, place) => player.seek(this.#frames(place, this.time)));
  }

  /** Play or pause both; `on`: which of the two, else the other than now. */
  #toggle(on = null) {
    if (!this.players) return;
    const playing = this.players.some((player) => player.speed);
    if (playing === on) return;
    if (playing) {
      for (const player of this.players) player.pause();
      this.#seek(this.time);
    } else {
      if (this.time >= this.length - 0.1) this.#seek(0);
      for (const player of this.players) player.play(1);
    }
  }

  /** The left side is the clock; the right one follows it, and goes on alone where it is longer. */
  #at(place, frame) {
    if (!this.films || !this.players) return;
    const time = seconds(frame, this.films[place].rate);
    const leads = place === 0 || !this.players[0].speed;
    if (place === 1 && this.players[0].speed && this.players[1].speed) this.#follow(time);
    if (!leads) return;
    if (this.players[place].speed || place === 0) this.time = time;
    this.range.value = this.#frames(0, this.time);
    this.clock.textContent = timecode(this.#frames(0, this.time), this.films[0].rate);
    this.range.setAttribute("aria-valuetext", this.clock.textContent);
  }

  #follow(time) {
    const late = this.time - time;
    this.players[1].hurry(Math.abs(late) < APART ? 1 : late > 0 ? 1.06 : 0.94);
  }

  #state() {
    const playing = this.players?.some((player) => player.speed) ?? false;
    this.toggle.setAttribute("aria-pressed", String(playing));
    this.dialog.dataset.playing = String(playing);
  }

  #sound() {
    const right = this.players[0].muted;
    this.players[0].mute(!right);
    this.players[1].mute(right);
    $("span", this.swap).textContent = `Sound: ${right ? "left" : "right"}`;
  }

  #key(event) {
    const writes = event.target.matches("input[type=text], select");
    if (writes && event.key !== "Escape") return;
    const step = event.shiftKey ? 10 : 1;
    const rate = this.films ? fps(this.films[0].rate) : 25;
    const actions = {
      " ": () =>
        event.target.matches("button") && event.target !== this.toggle ? null : this.#toggle(),
      ArrowLeft: () => this.#seek(this.time - step / rate),
      ArrowRight: () => this.#seek(this.time + step / rate),
      Home: () => this.#seek(0),
      End: () => this.#seek(this.length),
      k: () => this.#toggle(false),
      l: () => this.#toggle(true),
      s: () => this.#sound(),
      1: () => this.#answer($(".left .prefer", this.dialog), "left"),
      2: () => this.#answer($(".right .prefer", this.dialog), "right"),
      3: () => this.#answer($(".compare-foot > button", this.dialog), "neither"),
    };
    const action = this.players && actions[event.key];
    if (!action || (event.key === " " && event.target.matches("button"))) return;
    event.preventDefault();
    action();
  }

  // --- the answer --------------------------------------------------------------------------------

  async #answer(control, preferred) {
    const reasons = this.reasons
      .filter((chip) => chip.getAttribute("aria-pressed") === "true")
      .map((chip) => chip.dataset.reason);
    try {
      const told = await api.prefer(this.asked, { preferred, reasons, note: this.words.value });
      SIDES.forEach((side, place) => {
        const { title } = this.films[place];
        $(`.${side} h3`, this.dialog).textContent = title;
        $(`.${side}`, this.dialog).classList.toggle("won", told.preferred === title);
      });
      for (const one of [
        ...this.dialog.querySelectorAll(".prefer, .compare-foot button, .compare-foot input"),
      ])
        one.disabled = true;
      this.dialog.dataset.answered = "yes";
      this.#say(
        told.preferred
          ? `Kept: you prefer ${told.preferred} over ${told.over}.`
          : "Kept: neither is better.",
      );
    } catch (err) {
      if (!(err instanceof api.Refusal)) throw err;
      this.#say(err.message);
    }
  }

  #say(text) {
    this.said.textContent = text;
  }

  #closed() {
    for (const player of this.players ?? []) player.close();
    this.players = this.films = null;
    this.time = 0;
    delete this.dialog.dataset.ready;
    delete this.dialog.dataset.answered;
  }
}

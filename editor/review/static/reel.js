// Decides what the player plays: the film in one piece as soon as it is made, until then what is there.
//
// After a correction the server joins the film anew, which takes a moment. Meanwhile the cuts that
// did not change, or only became shorter, play from the piece before; the rest shows as stills.

import * as api from "./api.js";
import { plain, sequence, wholeClip, wholeSequence } from "./layout.js";

const REST = 350; // ms without a correction before the film is asked for in one piece
const LOOK = 250; // ms between two questions how far it is
const SHORT = 60; // s of a clip that is made playable whole, for a cut that became longer

export class Reel {
  /**
   * `say(words)` shows beside the picture how far the film is, null takes it away; `trouble(words)`
   * shows in the picture why it cannot be played.
   */
  constructor(desk, player, say, trouble) {
    this.trouble = trouble;
    this.desk = desk;
    this.player = player;
    this.say = say;
    this.piece = null; // {title, shape, clip, items}: the last film that came in one piece
    this.elsewhere = false; // something else is in the picture: a source, or the sides of an edge
    desk.on("film", ({ before }) => this.#film(before));
  }

  /** Show the film again after something else was in the picture. */
  back() {
    this.elsewhere = false;
    this.#load();
  }

  away() {
    this.elsewhere = true;
  }

  /** Playing stopped: a film that was made meanwhile is taken up now. */
  rested() {
    if (this.pending) this.#load();
  }

  #film(before) {
    const { film } = this.desk;
    const known = before?.title === film.title;
    if (!known) this.piece = null;
    if (known && shape(before) === shape(film) && this.player.sequence) return;
    clearTimeout(this.timer);
    this.say(null);
    if (!this.elsewhere) this.#load();
    if (this.#whole) return;
    this.timer = setTimeout(() => this.#ask(), known ? REST : 0);
    if (known && this.piece) this.#fill();
  }

  /** What the piece before lacks comes from the clips, where they are short. */
  async #fill() {
    const { film } = this.desk;
    const lacking = new Set(
      sequence(film, this.piece)
        .items.map((item) => item.clip)
        .filter((clip) => !clip.media && clip.duration_s <= SHORT),
    );
    const gone = () => this.desk.film !== film || this.#whole;
    for (const clip of lacking) {
      if (gone()) return;
      await playable(film.title, clip, { gone });
    }
    if (gone() || !lacking.size || this.elsewhere || this.player.speed) return;
    this.#load();
  }

  get #whole() {
    return this.piece?.shape === shape(this.desk.film);
  }

  #load() {
    const { film, frame } = this.desk;
    this.pending = false;
    const playing = this.player.speed;
    const whole = this.#whole ? wholeSequence(film, this.piece.clip) : null;
    this.player.load(whole ?? sequence(film, this.piece), frame);
    document.body.dataset.whole = String(Boolean(whole));
    if (playing) this.player.play(playing);
  }

  async #ask() {
    const { title, revision } = this.desk.film;
    const wanted = shape(this.desk.film);
    const gone = () => this.desk.film?.title !== title || shape(this.desk.film) !== wanted;
    try {
      let told = await api.filmProxy(title, revision);
      while (!told.ready && !told.problem && !gone()) {
        this.say(`Preparing to play ${Math.round(told.share * 100)} %`);
        await new Promise((resolve) => setTimeout(resolve, LOOK));
        told = await api.filmProxy(title, revision);
      }
      if (gone()) return;
      this.say(null);
      if (told.problem) this.trouble(told.problem);
      if (told.ready) this.#take(told.url);
    } catch (err) {
      if (!(err instanceof api.Refusal)) throw err;
      if (err.stale) await this.desk.refresh();
      if (gone()) return;
      this.say(null);
      if (!err.stale) this.trouble(err.message);
    }
  }

  #take(url) {
    const { film } = this.desk;
    this.piece = { shape: shape(film), clip: wholeClip(film, url), items: plain(film) };
    if (this.elsewhere) return;
    if (this.player.speed) this.pending = true;
    else this.#load();
  }
}

/** Have a clip made playable: it has `media` then. Resolves to what is wrong, or null. */
export async function playable(title, clip, { gone, say = () => {} }) {
  try {
    let told = await api.clipProxy(title, clip.id);
    while (!told.ready && !told.problem && !gone()) {
      say(`Preparing ${clip.name} ${Math.round(told.share * 100)} %`);
      await new Promise((resolve) => setTimeout(resolve, LOOK));
      told = await api.clipProxy(title, clip.id);
    }
    if (told.ready) clip.media = told.url;
    return told.problem;
  } catch (err) {
    if (!(err instanceof api.Refusal)) throw err;
    return err.message;
  }
}

/** What of a film decides its pictures. */
const shape = (film) =>
  film.order.map((cut) => `${cut.clip} ${cut.clip_in} ${cut.clip_out} ${cut.length}`).join("\n");

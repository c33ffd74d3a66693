// Plays a sequence of films' frames on a canvas: exactly those frames, in both directions.
//
// A sequence is {rate, frames, size, sharp, items: [{clip, in, out, start, length}]}. Each item plays
// from its clip's `media` in one of a few video elements; while one plays, the next stands ready on
// its first frame and is started so early as this machine needs, so that the cut is on time. What
// is drawn is decided by the frame that the browser says it shows, never by a clock. While a clip
// has no `media` yet, its frames are shown as stills, and playing waits. `sharp(frame)` is the
// address of a frame's best picture, for when it stands still.

import { Slot } from "./slot.js";
import { drawFitted, Stills } from "./stills.js";
import { clamp, filmOffset, fps, sourceFrame } from "./time.js";

const SLOTS = 3; // video elements: the playing, the next, and the one before
const WIDEST = 1280; // px of the canvas: no picture is larger
const SOON = 0.5; // s before a cut at which the next clip's start is planned
const SPEEDS = [1, 2, 4, 8];
const LATE = 400; // ms after which a picture that is not the playhead's is dimmed
const REST = 220; // ms at rest before the clip's own picture is fetched, sharper than the proxy's

export class Player {
  constructor(
    stage,
    canvas,
    { onFrame = () => {}, onState = () => {}, onTrouble = () => {} } = {},
  ) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.onFrame = onFrame;
    this.onState = onState;
    this.sequence = null;
    this.frame = 0; // the playhead, in frames of the sequence
    this.drawn = null; // the frame that the canvas shows, null while it shows something else
    this.speed = 0; // times real speed; negative plays backwards
    this.muted = false;
    this.lead = 40; // ms that an element takes from play() to its second frame, learned
    this.turn = 0;
    this.wanted = 0; // the speed to play at as soon as there is something to play
    this.stills = new Stills();
    this.slots = Array.from(
      { length: SLOTS },
      () => new Slot(stage, (slot, now) => this.#presented(slot, now), onTrouble),
    );
  }

  /** Take another sequence, keeping the playhead where it can stay. */
  load(sequence, frame = this.frame) {
    this.pause();
    this.sequence = sequence;
    const [width, height] = sequence.size;
    const shrink = Math.min(1, WIDEST / width);
    const size = [Math.round(width * shrink), Math.round(height * shrink)];
    if (this.canvas.width !== size[0] || this.canvas.height !== size[1]) {
      [this.canvas.width, this.canvas.height] = size;
    }
    this.drawn = null;
    this.next = null;
    const wanted = this.wanted;
    const arrived = this.seek(frame);
    if (wanted) this.play(wanted);
    return arrived;
  }

  /** False while something between the playhead and the end can only be shown as stills. */
  get playable() {
    return Boolean(
      this.sequence?.items.slice(this.at(this.frame)).every((item) => item.clip.media),
    );
  }

  get last() {
    return Math.max(0, (this.sequence?.frames ?? 1) - 1);
  }

  /** Show a frame, paused. Resolves when it is on the canvas. */
  seek(frame) {
    this.pause();
    return this.#go(frame);
  }

  pause() {
    if (this.wanted) {
      this.wanted = 0;
      this.onState();
    }
    if (this.speed === 0) return;
    this.speed = 0;
    this.#forget();
    this.#halt();
    this.onState();
    this.#go(this.frame); // the very frame that the playhead names
  }

  /** L and J: start, then faster at each press; the other direction starts anew. */
  shuttle(direction) {
    const now = Math.sign(this.speed) === direction ? Math.abs(this.speed) : 0;
    const faster = SPEEDS.find((speed) => speed > now) ?? SPEEDS.at(-1);
    this.play(direction * faster);
  }

  async play(speed = 1) {
    if (!this.sequence?.items.length) return;
    if (speed > 0 && this.frame >= this.last) this.frame = 0;
    if (speed < 0 && this.frame <= 0) return;
    this.wanted = this.playable ? 0 : speed;
    if (this.wanted) return this.onState();
    this.#forget();
    this.speed = speed;
    const turn = ++this.turn;
    this.#halt();
    this.onState();
    await this.#go(this.frame);
    if (turn !== this.turn || this.speed !== speed) return;
    if (speed > 0) this.#run(this.at(this.frame), this.active);
    else this.#back(turn);
  }

  toggle() {
    if (this.speed || this.wanted) this.pause();
    else this.play(1);
  }

  mute(muted) {
    this.muted = muted;
    for (const slot of this.slots)
      slot.video.muted = muted || slot !== this.active || this.speed <= 0;
  }

  /** Play a little faster or slower, to stay beside another player. */
  hurry(factor) {
    if (this.speed > 0 && this.active) this.active.video.playbackRate = this.speed * factor;
  }

  /** Stop for good and give the video elements back. */
  close() {
    this.speed = 0;
    this.#forget();
    this.sequence = null;
    for (const slot of this.slots) slot.close();
  }

  /** Show pictures instead, side by side: the two sides of a cut that is being trimmed. */
  async peek(addresses) {
    this.pause();
    this.drawn = null;
    const turn = ++this.turn;
    const images = await Promise.all(addresses.map((address) => this.stills.get(address)));
    if (turn !== this.turn) return;
    const { width, height } = this.canvas;
    this.#black();
    const part = width / images.length;
    images.forEach(
      (image, place) => image && this.#paint(image, [place * part + place, 0, part - 1, height]),
    );
  }

  /** Index of the item on screen at a frame. */
  at(frame) {
    const { items } = this.sequence;
    let low = 0;
    let high = items.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (items[middle].start <= frame) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  // --- one frame ---------------------------------------------------------------------------------

  #go(frame) {
    this.frame = clamp(Math.round(frame), 0, this.last);
    this.turn += this.speed === 0 ? 1 : 0;
    this.onFrame(this.frame);
    this.late ??= setTimeout(() => (this.canvas.dataset.late = this.frame), LATE);
    if (!this.arriving) this.going = this.#arrive();
    return this.going;
  }

  async #arrive() {
    this.arriving = true;
    try {
      while (this.sequence?.items.length && this.drawn !== this.frame) {
        if (await this.#reach(this.frame, this.sequence)) break;
      }
    } finally {
      // In the same breath in which no newer wish is seen: one that came between would be lost.
      this.arriving = false;
      this.late = clearTimeout(this.late);
      delete this.canvas.dataset.late;
    }
    if (!this.sequence?.items.length) this.#black();
    else if (this.speed === 0) this.#sharpen();
  }

  /** Put a frame on the canvas; true where that cannot be done. */
  async #reach(frame, sequence) {
    const index = this.at(frame);
    const item = sequence.items[index];
    const turn = this.turn;
    if (!item.clip.media) {
      await this.#still(item, frame, turn);
      return false;
    }
    const slot = this.#slotFor(item.clip);
    await slot.show(this.#shownAt(item, frame));
    if (sequence !== this.sequence || slot.clip !== item.clip) return false;
    this.active = slot;
    this.#draw(slot, slot.video);
    this.#drew(frame);
    if (turn === this.turn && this.speed > 0) this.#prepare(index + 1);
    return slot.broken;
  }

  /** At rest the same frame from the clip itself takes the proxy's place. */
  #sharpen() {
    clearTimeout(this.resting);
    const { turn, frame, sequence } = this;
    const same = () =>
      turn === this.turn && sequence === this.sequence && this.drawn === frame && this.speed === 0;
    this.resting = setTimeout(async () => {
      if (!same()) return;
      const image = await this.stills.get(sequence.sharp(frame));
      if (!image || !same()) return;
      this.#paint(image, [0, 0, this.canvas.width, this.canvas.height]);
      this.canvas.dataset.sharp = frame;
    }, REST);
  }

  /** The frame as a picture of its own; a sequence that was loaded meanwhile goes first. */
  async #still(item, frame, turn) {
    const { sequence } = this;
    const image = await this.stills.get(item.clip.still(this.#shownAt(item, frame)));
    if (sequence !== this.sequence || (turn !== this.turn && this.frame !== frame)) return;
    this.#black();
    if (image) this.#paint(image, [0, 0, this.canvas.width, this.canvas.height]);
    this.#drew(frame);
  }

  #shownAt(item, frame) {
    return sourceFrame(frame - item.start, item.in, item.out, item.clip.rate, this.sequence.rate);
  }

  /** A slot for a clip: one that has it open, else the one that was not used for longest. */
  #slotFor(clip) {
    const slot =
      (this.active?.clip?.media === clip.media && this.active) ||
      this.slots.find((one) => one.clip?.media === clip.media && one !== this.next) ||
      this.slots.filter((one) => one !== this.active).reduce((a, b) => (a.used <= b.used ? a : b));
    slot.used = ++this.turns;
    if (slot === this.next) this.next = null;
    slot.open(clip);
    return slot;
  }

  turns = 0;

  #prepare(index) {
    const item = this.sequence.items[index];
    if (!item || this.#follows(index - 1)) return;
    const others = this.slots.filter((slot) => slot !== this.active);
    const slot =
      others.find((one) => one.clip?.media === item.clip.media) ||
      others.reduce((a, b) => (a.used <= b.used ? a : b));
    slot.used = ++this.turns;
    slot.open(item.clip);
    slot.show(item.in);
    slot.from = item.in;
    this.next = slot;
    this.nextIndex = index;
  }

  // --- forward -----------------------------------------------------------------------------------

  #run(index, slot) {
    this.index = index;
    this.active = slot;
    slot.video.muted = this.muted;
    slot.play(this.speed);
    this.planned = null;
    if (this.nextIndex !== index + 1 || !this.next) this.#prepare(index + 1);
  }

  #presented(slot, now) {
    if (this.speed <= 0 || !this.sequence) return;
    if (slot.started) this.#learn(slot, now);
    const item = this.sequence.items[this.index];
    if (slot !== this.active || slot.clip !== item?.clip || slot.shown === null) return;
    slot.look((picture, shown) => this.#follow(item, slot, picture, shown));
  }

  /** Show a frame of the item that plays, or go on to the next where the item is over. */
  #follow(item, slot, picture, shown) {
    if (shown >= item.out) return void this.#cut();
    if (shown < item.in) return;
    this.frame =
      item.start + filmOffset(shown, item.in, item.length, item.clip.rate, this.sequence.rate);
    this.#draw(slot, picture);
    this.#drew(this.frame);
    this.onFrame(this.frame);
    this.#plan(item, slot);
  }

  /** Plan the cut as soon as it is near: start the next element early, switch on time. */
  #plan(item, slot) {
    const left = (item.out - slot.shown) / fps(item.clip.rate) / this.speed;
    if (this.planned || left > SOON) return;
    const follows = this.#follows(this.index);
    this.planned = [setTimeout(() => this.#cut(), left * 1000)];
    if (this.next && !follows) {
      this.planned.push(setTimeout(() => this.#start(), Math.max(0, left * 1000 - this.lead)));
    }
  }

  /** True where the next item goes on in the same clip without a cut. */
  #follows(index) {
    const { items } = this.sequence;
    const [item, next] = [items[index], items[index + 1]];
    return Boolean(next && next.clip === item.clip && next.in === item.out);
  }

  #start() {
    if (!this.next?.ready || this.speed <= 0) return;
    this.next.started = performance.now();
    this.next.video.muted = true;
    this.next.play(this.speed);
  }

  /** How long an element took from play() to its second frame: so much earlier is the next started. */
  #learn(slot, now) {
    if (slot.shown === null || slot.shown <= slot.from) return;
    const taken = now - slot.started - 1000 / fps(slot.clip.rate);
    slot.started = 0;
    this.lead = clamp(0.7 * this.lead + 0.3 * taken, 0, 150);
  }

  async #cut() {
    const { index } = this;
    const follows = this.#follows(index);
    this.#forget();
    if (index + 1 >= this.sequence.items.length) {
      this.frame = this.last;
      this.pause();
      return;
    }
    if (follows) {
      this.#prepare(index + 2);
      this.index = index + 1;
      return;
    }
    this.active.video.pause();
    const slot = this.next;
    const turn = this.turn;
    const item = this.sequence.items[index + 1];
    if (!slot.ready || slot.shown < item.in) await slot.show(item.in);
    if (turn !== this.turn || this.speed <= 0) return;
    this.next = null;
    this.active = slot;
    this.index = index + 1;
    slot.video.muted = this.muted;
    if (slot.video.paused) {
      slot.started = performance.now();
      this.#run(index + 1, slot);
    } else this.#prepare(index + 2);
    this.#presented(slot, performance.now());
  }

  #forget() {
    for (const timer of this.planned ?? []) clearTimeout(timer);
    this.planned = null;
  }

  #halt() {
    for (const slot of this.slots) {
      slot.video.pause();
      slot.started = 0;
    }
  }

  // --- backward ----------------------------------------------------------------------------------

  /** Browsers have no negative rate: step by the clock, over proxies whose every frame is whole. */
  async #back(turn) {
    const begun = performance.now();
    const from = this.frame;
    const rate = fps(this.sequence.rate) * this.speed;
    while (this.speed < 0 && turn === this.turn) {
      const target = Math.round(from + ((performance.now() - begun) / 1000) * rate);
      if (target <= 0) return this.seek(0);
      if (target < this.frame) await this.#go(target);
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  }

  // --- drawing -----------------------------------------------------------------------------------

  #black() {
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #draw(slot, picture) {
    this.#black();
    if (slot.broken) return;
    this.#paint(picture, [0, 0, this.canvas.width, this.canvas.height]);
  }

  /** The canvas says which frame of the sequence it shows, for whoever reads its pixels. */
  #drew(frame) {
    this.drawn = frame;
    this.canvas.dataset.drawn = frame;
  }

  #paint(picture, box) {
    drawFitted(this.context, picture, box, this.sequence.size);
  }
}

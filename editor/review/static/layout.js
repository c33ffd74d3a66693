// Where every cut lies in the film: as it is, and as it would be after a trim or a move.
//
// A layout is a list of {cut, in, out, start, length, from}: clip frames, film frames, and the film
// frame of the present film at which the item's first frame lies (for drawing sound while dragging).

import { clamp, fps, sourceFrame } from "./time.js";

/** The film as it is. */
export function plain(film) {
  return film.order.map((cut) => ({
    cut,
    in: cut.clip_in,
    out: cut.clip_out,
    start: cut.film_in,
    length: cut.length,
    from: cut.film_in,
  }));
}

/** How far an edge may move, in film frames, later positive: by the media and by its neighbour. */
export function limits(film, cut, edge, mode) {
  const shorter = cut.length - 1;
  let [low, high] = edge === "in" ? [-cut.before, shorter] : [-shorter, cut.after];
  if (mode === "roll") {
    const at = film.order.indexOf(cut);
    const other = film.order[at + (edge === "in" ? -1 : 1)];
    if (!other) return [0, 0];
    if (edge === "in") [low, high] = [Math.max(low, 1 - other.length), Math.min(high, other.after)];
    else [low, high] = [Math.max(low, -other.before), Math.min(high, other.length - 1)];
  }
  return [low, high];
}

/** What keeps an edge from moving further than `by`, in words. */
export function stopper(film, cut, edge, mode, by) {
  const at = film.order.indexOf(cut);
  if (mode === "roll" && !film.order[at + (edge === "in" ? -1 : 1)]) return "nothing to roll with";
  if (!limits(film, cut, edge, "ripple").includes(by)) return "as far as its neighbour goes";
  return (edge === "in" ? by > 0 : by < 0) ? "one frame is left" : "end of the clip";
}

/** The film with an edge moved by so many film frames, inside its limits. */
export function trimmed(film, cut, edge, mode, by) {
  const [low, high] = limits(film, cut, edge, mode);
  const change = clamp(by, low, high);
  const items = plain(film);
  const at = film.order.indexOf(cut);
  move(film, items[at], edge, change);
  if (mode === "roll") {
    const other = items[at + (edge === "in" ? -1 : 1)];
    if (other) move(film, other, edge === "in" ? "out" : "in", change);
  }
  return placed(items);
}

function move(film, item, edge, change) {
  const clip = film.clips[item.cut.clip];
  const frames = Math.round((change * fps(clip.rate)) / fps(film.rate));
  if (edge === "in") {
    item.in = clamp(item.in + frames, 0, item.out - 1);
    item.length -= change;
    item.from += change;
  } else {
    item.out = clamp(item.out + frames, item.in + 1, clip.frames);
    item.length += change;
  }
}

/** The film with a cut showing what lies later in its clip. */
export function slipped(film, cut, by) {
  const items = plain(film);
  const item = items[film.order.indexOf(cut)];
  const clip = film.clips[cut.clip];
  const frames = Math.round((clamp(by, -cut.before, cut.after) * fps(clip.rate)) / fps(film.rate));
  item.in = clamp(item.in + frames, 0, clip.frames - 1);
  item.out = clamp(item.out + frames, item.in + 1, clip.frames);
  return items;
}

function placed(items) {
  let start = 0;
  for (const item of items) {
    item.start = start;
    start += item.length;
  }
  return items;
}

/** Length of a layout in film frames. */
export const framesOf = (items) => (items.length ? items.at(-1).start + items.at(-1).length : 0);

/** Index of the gap between cuts that is nearest to a film frame: 0 to the number of cuts. */
export function gapAt(items, frame) {
  let best = 0;
  let nearest = Infinity;
  for (let gap = 0; gap <= items.length; gap++) {
    const at = gap < items.length ? items[gap].start : framesOf(items);
    if (Math.abs(at - frame) < nearest) [best, nearest] = [gap, Math.abs(at - frame)];
  }
  return best;
}

/**
 * What a player plays of a film that is not there in one piece yet: what the piece made before it
 * holds, from there; else the cut's own clip.
 */
export function sequence(film, piece = null) {
  const items = plain(film).map(({ cut, in: first, out, start, length }) => {
    const clip = film.clips[cut.clip];
    const found =
      piece && !clip.media ? within(film, piece, { cut, first, out, length, clip }) : null;
    return found ? { ...found, start, length } : { clip, in: first, out, start, length };
  });
  return { rate: film.rate, frames: film.frames, size: film.size, sharp: sharp(film), items };
}

/** The address of the best picture of each film frame: its clip's own. */
function sharp(film) {
  const items = plain(film);
  return (frame) => {
    const { cut, in: first, out, start } = items.findLast((item) => item.start <= frame);
    const clip = film.clips[cut.clip];
    return clip.sharp(sourceFrame(frame - start, first, out, clip.rate, film.rate));
  };
}

/** Where a piece shows the very frames of a cut: {clip, in, out} of the piece, or null. */
function within(film, piece, { cut, first, out, length, clip }) {
  const frames = (from, to, count) =>
    Array.from({ length: count }, (_, k) => sourceFrame(k, from, to, clip.rate, film.rate));
  const wanted = frames(first, out, length);
  for (const old of piece.items) {
    if (old.cut.clip !== cut.clip || old.out <= first || old.in >= out) continue;
    const held = frames(old.in, old.out, old.length);
    const at = held.indexOf(wanted[0]);
    if (at < 0 || wanted.some((frame, k) => held[at + k] !== frame)) continue;
    return { clip: piece.clip, in: old.start + at, out: old.start + at + length };
  }
  return null;
}

/** A file that holds all of a film, as a clip. */
export const wholeClip = (film, media) => ({
  media,
  name: film.title,
  rate: film.rate,
  frames: film.frames,
});

/** The same film from one file that has all of it. */
export function wholeSequence(film, clip) {
  const item = { clip, in: 0, out: film.frames, start: 0, length: film.frames };
  return {
    rate: film.rate,
    frames: film.frames,
    size: film.size,
    sharp: sharp(film),
    items: [item],
  };
}

/** A clip of its own, as a source to mark from. */
export function clipSequence(clip, film) {
  const item = { clip, in: 0, out: clip.frames, start: 0, length: clip.frames };
  return {
    rate: clip.rate,
    frames: clip.frames,
    size: film.size,
    sharp: clip.sharp,
    items: [item],
  };
}

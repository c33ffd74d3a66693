// Paints the timeline strip: ruler, frames to scale, sound and speech, and the pace under them.

import { fps, seconds, sourceFrame, timecode } from "./time.js";

const QUIET = -60; // dB: below it the waveform is a line
const THUMB = 160; // px wide as fetched
const PACE_FLOOR = 0.25; // s, the bottom of the pace lane; its scale is a logarithm

/** Heights in CSS px of the lanes, from the style sheet, so that both sizes of screen agree. */
export function lanes(element) {
  const style = getComputedStyle(element);
  const px = (name) => parseFloat(style.getPropertyValue(name));
  const ruler = px("--ruler");
  const label = px("--label");
  const picture = px("--picture");
  const sound = px("--sound");
  const pace = px("--pace");
  const pictures = ruler + label;
  return {
    ruler,
    label,
    picture,
    sound,
    pace,
    pictures,
    sounds: pictures + picture,
    paces: pictures + picture + sound,
    height: pictures + picture + sound + pace,
  };
}

/** The scheme's colours by their names in the style sheet. */
export function colours(element) {
  const style = getComputedStyle(element);
  const names = [
    "text",
    "dim",
    "faint",
    "line",
    "lane",
    "lane-2",
    "accent",
    "speech",
    "speech-soft",
    "wave",
    "beat",
    "band",
    "pace-fill",
    "pace-bar",
    "pace-off",
    "face",
  ];
  return Object.fromEntries(
    names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  );
}

/** Paint what lies between film frames `view.start` and the right edge. */
export function paint(context, scene) {
  const { width, height, ratio } = scene;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = `${scene.lanes.ruler * 0.5}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  const shown = scene.items.filter(
    (item) => x(scene, item.start + item.length) > 0 && x(scene, item.start) < width,
  );
  grounds(context, scene);
  ruler(context, scene);
  for (const item of shown) pictures(context, scene, item);
  for (const item of shown) sound(context, scene, item);
  spans(context, scene);
  pace(context, scene, shown);
}

const x = ({ view }, frame) => (frame - view.start) * view.scale;

function grounds(context, { lanes: at, colours: colour, width }) {
  context.fillStyle = colour.lane;
  context.fillRect(0, at.sounds, width, at.sound);
  context.fillStyle = colour["lane-2"];
  context.fillRect(0, at.paces, width, at.pace);
  context.fillStyle = colour.line;
  context.fillRect(0, at.ruler - 1, width, 1);
  context.fillRect(0, at.paces, width, 1);
}

// Steps between the ruler's labels, in seconds; under a second by frames.
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

function ruler(context, scene) {
  const { view, width, rate, colours: colour, lanes: at, frames } = scene;
  const perSecond = fps(rate);
  const room = 90;
  const inFrames = [1, 2, 5, 10].find((step) => step * view.scale >= room);
  const step =
    inFrames ??
    Math.round((STEPS.find((s) => s * perSecond * view.scale >= room) ?? 3600) * perSecond);
  const minor = inFrames ? 1 : Math.max(1, Math.round(step / 5));
  context.textAlign = "left";
  const last = Math.min(frames, view.start + width / view.scale);
  for (let frame = Math.floor(view.start / minor) * minor; frame <= last; frame += minor) {
    const major = frame % step === 0;
    context.fillStyle = major ? colour.dim : colour.line;
    const left = Math.round(x(scene, frame));
    context.fillRect(left, at.ruler - (major ? 8 : 4), 1, major ? 7 : 3);
    if (!major) continue;
    context.fillStyle = colour.dim;
    context.fillText(timecode(frame, rate), left + 4, at.ruler / 2 - 1);
  }
}

function pictures(context, scene, item) {
  const { lanes: at, view, thumbs, film, colours: colour, width } = scene;
  const clip = film.clips[item.cut.clip];
  const left = x(scene, item.start);
  const right = x(scene, item.start + item.length);
  const tile = (at.picture * film.size[0]) / film.size[1];
  context.save();
  context.beginPath();
  context.rect(left, at.pictures, right - left, at.picture);
  context.clip();
  context.fillStyle = colour.lane;
  context.fillRect(left, at.pictures, right - left, at.picture);
  const first = Math.max(0, Math.floor(-left / tile));
  for (let number = first; left + number * tile < Math.min(right, width); number++) {
    const offset = Math.floor((number * tile) / view.scale);
    const frame = sourceFrame(offset, item.in, item.out, clip.rate, film.rate);
    const image = thumbs.get(item.cut.clip, frame, THUMB);
    if (image) context.drawImage(image, left + number * tile, at.pictures, tile, at.picture);
  }
  context.restore();
}

function sound(context, scene, item) {
  const { lanes: at, view, curves, colours: colour, width } = scene;
  if (!curves) return;
  const { step, level } = curves.waveform;
  const middle = at.sounds + at.sound / 2;
  const half = at.sound / 2 - 3;
  const from = Math.max(0, Math.floor(x(scene, item.start)));
  const to = Math.min(width, x(scene, item.start + item.length));
  context.fillStyle = colour.wave;
  for (let left = from; left < to; left++) {
    const first = view.start + left / view.scale - item.start + item.from;
    const a = Math.floor(first / step);
    const b = Math.max(a + 1, Math.floor((first + 1 / view.scale) / step));
    let loudest = -100;
    for (let i = a; i < b; i++) loudest = Math.max(loudest, level[i] ?? -100);
    const reach = Math.max(0.5, half * Math.max(0, 1 - loudest / QUIET));
    context.fillRect(left, middle - reach, 1, 2 * reach);
  }
}

/** Speech, faces and beats, where the film lies as the server knows it. */
function spans(context, scene) {
  const { lanes: at, curves, colours: colour, width, dragging } = scene;
  if (!curves || dragging) return;
  const band = (pairs, top, height, fill) => {
    context.fillStyle = fill;
    for (const [first, stop] of pairs) {
      const [left, right] = [x(scene, first), x(scene, stop)];
      if (right > 0 && left < width) context.fillRect(left, top, Math.max(1, right - left), height);
    }
  };
  band(curves.speech, at.sounds, at.sound, colour["speech-soft"]);
  band(curves.speech, at.sounds + at.sound - 2, 2, colour.speech);
  band(curves.faces, at.sounds, 2, colour.face);
  context.fillStyle = colour.beat;
  for (const beat of curves.beats) {
    const left = Math.round(x(scene, beat));
    if (left >= 0 && left < width) context.fillRect(left, at.sounds, 1, at.sound);
  }
}

/** Each cut's length as a bar, over what the style asks there: its median and middle two thirds. */
function pace(context, scene, shown) {
  const { lanes: at, curves, colours: colour, film, items } = scene;
  const asked = new Map((curves?.pacing ?? []).map((row) => [row.id, row]));
  const longest = Math.max(
    4,
    ...items.map((item) => seconds(item.length, film.rate)),
    ...[...asked.values()].map((row) => row.high ?? 0),
  );
  const top = at.paces + 4;
  const bottom = at.paces + at.pace - 2;
  const y = (value) => {
    const share =
      Math.log(Math.max(value, PACE_FLOOR) / PACE_FLOOR) / Math.log(longest / PACE_FLOOR);
    return bottom - share * (bottom - top);
  };
  context.textAlign = "center";
  for (const item of shown) {
    const [left, right] = [x(scene, item.start), x(scene, item.start + item.length)];
    const row = asked.get(item.cut.id);
    const value = seconds(item.length, film.rate);
    const width = Math.max(1, right - left - 1);
    if (row?.median) {
      context.fillStyle = colour.band;
      context.fillRect(left, y(row.high), right - left, y(row.low) - y(row.high));
    }
    const outside = row?.median && (value < row.low || value > row.high);
    context.fillStyle = colour["pace-fill"];
    context.fillRect(left, y(value), width, bottom - y(value));
    context.fillStyle = outside ? colour["pace-off"] : colour["pace-bar"];
    context.fillRect(left, y(value) - 1, width, 2);
    if (row?.median) {
      context.fillStyle = colour.faint;
      context.fillRect(left, Math.round(y(row.median)), right - left, 1);
    }
    if (width > 44) {
      context.fillStyle = outside ? colour.text : colour.dim;
      const room = y(value) - at.paces > 15;
      context.fillText(
        `${value.toFixed(2)} s`,
        (left + right) / 2,
        room ? y(value) - 8 : y(value) + 10,
      );
    }
  }
}

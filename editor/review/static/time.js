// Rates, frames, seconds and timecode, exactly: the page's side of editor/timing.py.

/** A rate in frames a second as two whole numbers: "24000/1001" becomes {n: 24000, d: 1001}. */
export function parseRate(text) {
  const [n, d] = String(text).split("/").map(Number);
  if (!(n > 0) || !(d === undefined || d > 0)) throw new Error(`"${text}" is no frame rate`);
  return { n, d: d ?? 1, text: String(text) };
}

/** Frames a second as a float, for clocks and labels only. */
export const fps = (rate) => rate.n / rate.d;

/** Start of a frame in seconds. */
export const seconds = (frame, rate) => (frame * rate.d) / rate.n;

/** Where to seek a player so that it shows this frame: its middle, never its edge. */
export const middle = (frame, rate) => ((frame + 0.5) * rate.d) / rate.n;

/** The frame that a player shows at a media time in seconds (a frame's own start, or inside it). */
export const frameAt = (time, rate) => Math.floor((time * rate.n) / rate.d + 0.01);

export const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** Clip frame that film frame `offset` (from the cut's start) shows; as in editor/timing.py. */
export function sourceFrame(offset, first, stop, source, film) {
  const over = (2 * offset + 1) * source.n * film.d;
  const under = 2 * source.d * film.n;
  return clamp(first + Math.floor(over / under), first, stop - 1);
}

/** Whole film frames that show `frames` of a clip: at least one. */
export function convertLength(frames, source, film) {
  const over = 2 * frames * source.d * film.n + source.n * film.d;
  return Math.max(1, Math.floor(over / (2 * source.n * film.d)));
}

/** The film offset at which a clip's frame comes on screen, for clocks while playing. */
export function filmOffset(shown, first, length, source, film) {
  const over = (2 * (shown - first) + 1) * source.d * film.n;
  return clamp(Math.floor(over / (2 * source.n * film.d)), 0, length - 1);
}

/** SMPTE label of a frame: HH:MM:SS:FF, with ; before the frames where labels are dropped. */
export function timecode(frame, rate, drop = false) {
  const base = Math.round(fps(rate));
  const sign = frame < 0 ? "-" : "";
  let number = Math.abs(frame);
  if (drop) number = withDroppedLabels(number, base);
  const ff = number % base;
  const whole = Math.floor(number / base);
  const pair = (value) => String(value).padStart(2, "0");
  const clock = [Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60];
  const digits = Math.max(2, String(base - 1).length);
  return `${sign}${clock.map(pair).join(":")}${drop ? ";" : ":"}${String(ff).padStart(digits, "0")}`;
}

function withDroppedLabels(frame, base) {
  const dropped = base / 15;
  const perMinute = base * 60 - dropped;
  const perTen = perMinute * 10 + dropped;
  const tens = Math.floor(frame / perTen);
  const rest = frame % perTen;
  const more = rest >= base * 60 ? Math.floor((rest - base * 60) / perMinute) + 1 : 0;
  return frame + 9 * dropped * tens + dropped * more;
}

/** A length for people: "2.4 s", "1:07". */
export function lengthText(frames, rate) {
  const value = seconds(frames, rate);
  if (value < 60) return `${value.toFixed(value < 10 ? 2 : 1)} s`;
  const whole = Math.round(value);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** "+3 frames", "-1 frame". */
export function framesText(change) {
  const count = Math.abs(change);
  return `${change < 0 ? "−" : "+"}${count} ${count === 1 ? "frame" : "frames"}`;
}

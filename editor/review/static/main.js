// Puts the review page together: state, picture, strip, inspector, keys.

import { Actions } from "./actions.js";
import * as api from "./api.js";
import { Compare } from "./compare.js";
import { Desk } from "./desk.js";
import { $, $$, h, icon } from "./dom.js";
import { Finder } from "./finder.js";
import { Inspector } from "./inspector.js";
import { Jobs } from "./jobs.js";
import { fillHelp, listen } from "./keys.js";
import { Learned } from "./learned.js";
import { Player } from "./player.js";
import { Reel } from "./reel.js";
import { clearRefusal, murmur, refuse, tell } from "./say.js";
import { Source } from "./source.js";
import { Strip } from "./strip.js";
import { lengthText, seconds, timecode } from "./time.js";

const desk = new Desk();
const page = { desk };
const act = (page.act = new Actions(page));

page.player = new Player($(".stage"), $("#picture"), {
  onFrame: (frame) => moved(frame),
  onState: () => played(),
  onTrouble: (clip, why) => trouble(`${clip?.name ?? "The film"} cannot be played here: ${why}`),
});
const sayReel = (words) => ($("#reel-state").textContent = words ?? "");
page.reel = new Reel(desk, page.player, sayReel, (words) => trouble(words));
page.strip = new Strip($("#strip"), desk, {
  seek: (frame) => toFilm(frame),
  peek: (pictures) => (page.reel.away(), page.player.peek(pictures)),
  unpeek: (edge) => unpeek(edge),
});
page.inspector = new Inspector($("#inspector"), desk, act);
page.finder = new Finder($("#panel-footage"), desk, act);
page.source = new Source($("#source"), desk, page.player, {
  act,
  say: sayReel,
  leave: () => page.reel.back(),
  told: (id) => page.finder.names?.[id] ?? desk.film.clips[id],
});
page.compare = new Compare($("#compare"), desk);
page.learned = new Learned($("#learned"), (a, b) => page.compare.open(null, a, b));
page.jobs = new Jobs(desk, {
  open: (title) => choose(title),
  compare: (a, b) => page.compare.open(null, a, b),
  learned: (told) => page.learned.show(told),
});

// --- the picture ------------------------------------------------------------------------------------

function moved(frame) {
  if (page.source?.open) {
    page.source.at(frame);
    const { clip } = page.source.open;
    $("#film-time").textContent = timecode(frame, clip.rate);
    $("#film-place").textContent = `of ${timecode(clip.frames, clip.rate)}`;
    $("#source-time").textContent = clip.name;
    return;
  }
  if (!desk.film || !page.strip) return;
  desk.at(frame, page.player.speed !== 0);
  page.strip.moveTo(frame);
  tellTime();
}

function tellTime() {
  const { film, frame } = desk;
  $("#film-time").textContent = timecode(frame, film.rate);
  $("#film-place").textContent = `of ${timecode(film.frames, film.rate)}`;
  const shown = act.shownSource();
  $("#source-time").textContent = shown ? `${shown.clip.name}  ${sourceCode(shown)}` : "";
}

/** The clip's own timecode of a frame, counted on from the cut's in point. */
function sourceCode({ cut, clip, frame }) {
  const [first] = [cut.timecode_in];
  const parts = first.split(/[:;]/).map(Number);
  const drop = first.includes(";");
  const base = Math.round(clip.rate.n / clip.rate.d);
  let start = ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * base + parts[3];
  if (drop)
    start -= (base / 15) * (parts[0] * 60 + parts[1] - Math.floor((parts[0] * 60 + parts[1]) / 10));
  return timecode(start + frame - cut.clip_in, clip.rate, drop);
}

function played() {
  const speed = page.player.speed || page.player.wanted;
  const toggle = $("#toggle");
  toggle.replaceChildren(icon(speed ? "pause" : "play"));
  toggle.setAttribute("aria-label", speed ? "Pause" : "Play");
  toggle.setAttribute("aria-pressed", String(speed !== 0));
  $("#speed").textContent =
    speed === 0 || speed === 1 ? "" : `${speed < 0 ? "−" : ""}${Math.abs(speed)}×`;
  document.body.dataset.playing = String(speed);
  $("#waiting").hidden = !page.player.wanted;
  if (page.player.wanted) $("#waiting").textContent = "Plays as soon as it is prepared";
  if (speed === 0) {
    $("#trouble").hidden = true;
    page.reel?.rested();
    if (desk.film && !page.source?.open) desk.at(page.player.frame, false);
  }
}

function trouble(text) {
  $("#trouble").textContent = text;
  $("#trouble").hidden = false;
}

/** Seek in the film; a source that is open is left first. */
function toFilm(frame) {
  page.source.leave();
  desk.frame = frame;
  page.player.seek(frame);
}

function unpeek(edge) {
  const cut = desk.current;
  if (cut && !cut.dropped) desk.frame = edge === "in" ? cut.film_in : cut.film_out - 1;
  page.reel.back();
}

// --- the head of the page ---------------------------------------------------------------------------

async function choose(title) {
  try {
    page.source.leave();
    $("#waiting").textContent = `Opening ${title}`;
    $("#waiting").hidden = false;
    await desk.open(title);
    if (location.hash !== `#${title}`) history.pushState(null, "", `#${encodeURIComponent(title)}`);
  } catch (err) {
    if (!(err instanceof api.Refusal)) throw err;
    refuse($("#version"), err.message);
  } finally {
    $("#waiting").hidden = !page.player.wanted;
  }
  await listVersions();
}

async function listVersions() {
  const rows = await api.versions();
  const words = (row) => {
    const facts = [
      row.made_by === "correction" && "corrected",
      row.made_by === "import" && "imported",
      row.rendered === false && "not rendered",
      row.verdict && (row.verdict.verdict === "approve" ? "approved" : "rejected"),
      row.problem && "cannot be opened",
    ].filter(Boolean);
    return facts.length ? `${row.title}  (${facts.join(", ")})` : row.title;
  };
  $("#version").replaceChildren(
    ...rows.map((row) =>
      h("option", {
        value: row.title,
        text: words(row),
        title: row.problem ?? "",
        selected: row.title === desk.film?.title,
      }),
    ),
  );
  return rows;
}

function drawHead() {
  const { film } = desk;
  document.title = `${film.title} · review`;
  const undo = $("#undo");
  const redo = $("#redo");
  undo.disabled = !film.undo;
  redo.disabled = !film.redo;
  undo.title = film.undo_says ? `Undo: ${film.undo_says} (Ctrl+Z)` : "Undo (Ctrl+Z)";
  redo.title = film.redo_says ? `Redo: ${film.redo_says} (Ctrl+Shift+Z)` : "Redo (Ctrl+Shift+Z)";
  $("#facts").textContent = `${film.order.length} cuts · ${lengthText(film.frames, film.rate)}`;
  $("#revision").textContent = film.undo
    ? `${film.undo} ${film.undo === 1 ? "change" : "changes"}, all saved`
    : "as it was made";
  $("#render").disabled = !film.order.length;
  document.body.dataset.revision = film.revision;
  document.body.dataset.title = film.title;
  const lost = film.problems.length;
  $("#problems").hidden = !lost;
  $("#problems").textContent = lost ? film.problems[0] : "";
  if (desk.film.order.length && !page.source.open) tellTime();
}

function drawTrim() {
  $("#trim-edge").textContent = desk.edge === "in" ? "In" : "Out";
  $("#trim-mode").textContent = desk.mode === "ripple" ? "Ripple" : "Roll";
  $("#trim-edge").setAttribute("aria-label", `Edge that comma and full stop move: ${desk.edge}`);
  $("#trim-mode").setAttribute("aria-label", `Trim mode: ${desk.mode}`);
}

// --- hands ------------------------------------------------------------------------------------------

const inSource = () => page.source.open !== null;
const trim = (by) =>
  inSource() ? page.source.nudge(desk.edge, by) : act.byKey("nudge", desk.edge, by);
const step = (by) => page.player.seek(page.player.frame + by);
const toggleMode = () => desk.setTrim({ mode: desk.mode === "ripple" ? "roll" : "ripple" });
const toggleEdge = () => act.byKey("turnEdge");

function sound() {
  page.player.mute(!page.player.muted);
  $("#sound").replaceChildren(icon(page.player.muted ? "mute" : "sound"));
  $("#sound").setAttribute("aria-pressed", String(page.player.muted));
}

const ACTIONS = {
  " ": () => page.player.toggle(),
  j: () => page.player.shuttle(-1),
  k: () => page.player.pause(),
  l: () => page.player.shuttle(1),
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  "Shift+ArrowLeft": () => step(-10),
  "Shift+ArrowRight": () => step(10),
  ArrowUp: () => act.toCut(-1),
  ArrowDown: () => act.toCut(1),
  Home: () => page.player.seek(0),
  End: () => page.player.seek(page.player.last),
  s: () => sound(),
  ",": () => trim(-1),
  ".": () => trim(1),
  "<": () => trim(-10),
  ">": () => trim(10),
  ";": () => trim(-10),
  ":": () => trim(10),
  "Alt+,": () => act.byKey("slip", -1),
  "Alt+.": () => act.byKey("slip", 1),
  e: () => toggleEdge(),
  t: () => toggleMode(),
  i: () => (inSource() ? page.source.mark("in") : act.byKey("toPlayhead", "in")),
  o: () => (inSource() ? page.source.mark("out") : act.byKey("toPlayhead", "out")),
  x: () => act.byKey("drop"),
  Delete: () => act.byKey("drop"),
  Backspace: () => act.byKey("drop"),
  "Alt+ArrowLeft": () => act.byKey("earlier"),
  "Alt+ArrowRight": () => act.byKey("later"),
  f: () => act.find(),
  p: () => act.byKey("lock"),
  b: () => act.byKey("ban"),
  m: () => act.byKey("must"),
  n: () => {
    page.inspector.show("cut");
    $("#panel-cut textarea")?.focus();
  },
  a: () => act.byKey("verdict", "approve"),
  r: () => act.byKey("verdict", "reject"),
  "Shift+a": () => act.verdict($("#version"), null, "approve"),
  "Shift+r": () => act.verdict($("#version"), null, "reject"),
  v: () => page.compare.open($("#open-compare")),
  "Ctrl+z": () => desk.undo($("#undo")),
  "Ctrl+Shift+z": () => desk.redo($("#redo")),
  "Ctrl+y": () => desk.redo($("#redo")),
  "+": () => page.strip.zoom(1.5),
  "=": () => page.strip.zoom(1.5),
  "-": () => page.strip.zoom(1 / 1.5),
  0: () => page.strip.fit(),
  "?": () => $("#keys").showModal(),
  Enter: () => inSource() && act.putInPlace($("#source .primary"), page.source.marked()),
  Escape: () => escape(),
};
for (let place = 0; place < 9; place++) ACTIONS[place + 1] = () => act.byKey("alternative", place);

function escape() {
  if (page.strip.drags.now) page.strip.drags.cancel();
  else if (inSource()) page.source.leave();
  else if (desk.tab !== "cut") page.inspector.show("cut");
}

const CLICKS = {
  "#toggle": () => page.player.toggle(),
  "#first": () => page.player.seek(0),
  "#last": () => page.player.seek(page.player.last),
  "#step-back": () => step(-1),
  "#step-on": () => step(1),
  "#sound": () => sound(),
  "#trim-edge": () => toggleEdge(),
  "#trim-mode": () => toggleMode(),
  "#undo": (control) => desk.undo(control),
  "#redo": (control) => desk.redo(control),
  "#zoom-in": () => page.strip.zoom(1.5),
  "#zoom-out": () => page.strip.zoom(1 / 1.5),
  "#zoom-fit": () => page.strip.fit(),
  "#help": () => $("#keys").showModal(),
  "#open-compare": (control) => page.compare.open(control),
  "#again": (control) =>
    page.jobs.start(control, "again", {
      revision: desk.film.revision,
      seed: null,
      duration_s: null,
    }),
  "#render": (control) => page.jobs.start(control, "render", { revision: desk.film.revision }),
  "#learn": (control) => act.learn(control),
};

function listenToHands() {
  listen(ACTIONS);
  for (const [selector, action] of Object.entries(CLICKS)) {
    $(selector).addEventListener("click", (event) => action(event.currentTarget));
  }
  for (const kind of ["keydown", "pointerdown"])
    document.addEventListener(kind, clearRefusal, true);
  // After a click the keyboard is the film's again: space must play, not press the button once more.
  document.addEventListener("click", (event) => {
    const pressed = event.target.closest("button");
    if (event.detail > 0 && pressed && !pressed.closest("dialog, #source")) pressed.blur();
  });
  $("#version").addEventListener("change", (event) => {
    event.currentTarget.blur();
    choose(event.currentTarget.value);
  });
  $("#export").addEventListener("change", (event) => {
    const format = event.currentTarget.value;
    event.currentTarget.value = "";
    if (format)
      page.jobs.start(event.currentTarget, "export", { revision: desk.film.revision, format });
  });
  addEventListener("popstate", () => followAddress());
  addEventListener("pagehide", () => desk.keepNow());
}

function followAddress() {
  const title = decodeURIComponent(location.hash.slice(1));
  if (title && title !== desk.film?.title) choose(title);
}

function listenToDesk() {
  desk.on("film", () => {
    drawHead();
    if (desk.current) murmur(`Revision ${desk.film.revision}`);
  });
  desk.on("opened", drawTrim);
  desk.on("trim", drawTrim);
  desk.on("refused", ({ control, text }) => refuse(control, text));
  desk.on("told", ({ text, kind }) => tell(text, kind));
  desk.on("versions", () => listVersions());
  desk.on("saving", (busy) => (document.body.dataset.saving = String(busy)));
  desk.on(
    "selected",
    () =>
      desk.current &&
      murmur(
        `Cut ${desk.current.number}, ${seconds(desk.current.length, desk.film.rate).toFixed(1)} seconds`,
      ),
  );
  desk.on("source", (open) => document.body.classList.toggle("in-source", Boolean(open)));
}

async function start() {
  for (const button of $$("[data-icon]")) button.append(icon(button.dataset.icon));
  fillHelp($("#keys"));
  listenToHands();
  listenToDesk();
  const asked = location.hash.startsWith("#token=")
    ? ""
    : decodeURIComponent(location.hash.slice(1));
  await api.open();
  desk.start().catch((err) => trouble(err.message)); // the reward's words: the film need not wait
  const rows = await listVersions();
  if (!rows.length) {
    trouble("There is no version here yet. Make one: python -m editor cut FOOTAGE");
    return;
  }
  const known =
    rows.find((row) => row.title === asked) ?? rows.find((row) => !row.problem) ?? rows[0];
  await choose(known.title);
  await page.jobs.resume();
  const list = await api.formats();
  $("#export").append(
    ...list.map((format) => h("option", { value: format.name, text: format.title })),
  );
}

start().then(
  () => (document.body.dataset.started = "yes"),
  (err) => {
    trouble(err.message);
    if (!(err instanceof api.Refusal)) throw err;
  },
);

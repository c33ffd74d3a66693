// One video element that shows exactly the frame of a clip that it is asked for.

import { h } from "./dom.js";
import { frameAt, middle } from "./time.js";

const LATE = 400; // ms after a seek in which the browser should have told which frame it shows

export class Slot {
  /** `onFrame(slot)` is called for every frame that comes on screen, `onTrouble(clip, why)`. */
  constructor(parent, onFrame, onTrouble) {
    this.clip = null;
    this.shown = null; // frame of the clip on screen, told by the browser itself
    this.used = 0; // turn of last use, for giving the slot away
    this.onFrame = onFrame;
    this.onTrouble = onTrouble;
    this.video = h("video", {
      muted: true,
      playsInline: true,
      preload: "auto",
      tabIndex: -1,
      "aria-hidden": "true",
      disablePictureInPicture: true,
    });
    this.video.addEventListener("error", () => this.#failed());
    parent.prepend(this.video);
    this.#watch();
  }

  /** Point the slot at a clip; where its media is open already, only under the clip's new name. */
  open(clip) {
    if (this.clip?.media === clip.media) {
      this.clip = clip; // a film that is opened again has clips of its own
      return;
    }
    this.video.pause();
    this.clip = clip;
    this.shown = null;
    this.broken = false;
    this.video.src = clip.media;
  }

  /** Show a frame of the clip, paused; resolves when it is on screen. The last wish wins. */
  show(frame) {
    this.video.pause();
    this.wanted = frame;
    this.settling ??= this.#settle().finally(() => (this.settling = null));
    return this.settling;
  }

  play(speed) {
    this.video.playbackRate = speed;
    return this.video.play().catch((err) => {
      if (err.name !== "AbortError") this.onTrouble(this.clip, err.message); // paused meanwhile
    });
  }

  close() {
    this.closed = this.broken = true;
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
    this.video.remove();
  }

  /**
   * Call `use(picture, frame)` with what is on screen, to be drawn, and which frame of the clip it is.
   *
   * On a busy machine a video has gone on by the time that its frame is announced. A picture taken
   * of it carries its own time; where the browser takes none, what was announced has to do.
   */
  look(use) {
    if (!window.VideoFrame || this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) {
      use(this.video, this.shown);
      return;
    }
    const picture = new VideoFrame(this.video);
    try {
      this.shown = frameAt(picture.timestamp / 1e6, this.clip.rate);
      use(picture, this.shown);
    } finally {
      picture.close();
    }
  }

  get ready() {
    return !this.settling && !this.broken && this.shown !== null;
  }

  async #settle() {
    let clip = null;
    while (!this.broken && (clip !== this.clip || this.shown !== this.wanted)) {
      clip = this.clip;
      await this.#loaded();
      if (!this.broken && clip === this.clip) await this.#seek(this.wanted);
    }
  }

  #loaded() {
    if (this.video.readyState >= 1 || this.broken) return Promise.resolve();
    return once(this.video, ["loadedmetadata", "error", "emptied"]);
  }

  async #seek(frame) {
    const { video, clip } = this;
    this.shown = null;
    const sought = once(video, ["seeked", "error", "emptied"]);
    video.currentTime = middle(frame, clip.rate);
    await sought;
    const since = performance.now();
    while (this.shown !== frame && this.clip === clip && !this.broken) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      if (performance.now() - since > LATE) {
        this.shown = frame; // no frame was announced: the browser showed it already
      }
    }
  }

  #watch() {
    this.video.requestVideoFrameCallback((now, { mediaTime }) => {
      if (this.clip) this.shown = frameAt(mediaTime, this.clip.rate);
      if (this.closed) return;
      this.#watch();
      this.onFrame(this, now);
    });
  }

  #failed() {
    if (this.closed || !this.clip || !this.video.error) return;
    this.broken = true;
    this.onTrouble(this.clip, this.video.error.message || "the browser cannot decode it");
  }
}

function once(target, names) {
  return new Promise((resolve) => {
    const done = () => {
      for (const name of names) target.removeEventListener(name, done);
      resolve();
    };
    for (const name of names) target.addEventListener(name, done);
  });
}

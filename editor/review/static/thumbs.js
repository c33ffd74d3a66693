// Pictures of single frames, fetched a few at a time, the last wanted first, and kept for a while.

const AT_ONCE = 6;
const KEPT = 800;

export class Thumbs {
  /** `url(clip, frame, width)`; `onLoad()` is called when a picture that was asked for is there. */
  constructor(url, onLoad) {
    this.url = url;
    this.onLoad = onLoad;
    this.pictures = new Map(); // address -> image, in order of last use
    this.waiting = [];
    this.loading = 0;
  }

  /** The picture, or null until it is loaded. */
  get(clip, frame, width) {
    const address = this.url(clip, frame, width);
    let image = this.pictures.get(address);
    if (image) {
      this.pictures.delete(address);
      this.pictures.set(address, image);
      return image.complete && image.naturalWidth ? image : null;
    }
    image = new Image();
    image.decoding = "async";
    this.pictures.set(address, image);
    this.waiting.push([image, address]);
    this.#load();
    return null;
  }

  #load() {
    while (this.loading < AT_ONCE && this.waiting.length) {
      const [image, address] = this.waiting.pop();
      this.loading++;
      const done = () => {
        this.loading--;
        this.#load();
        this.onLoad();
      };
      image.addEventListener("load", done, { once: true });
      image.addEventListener("error", done, { once: true });
      image.src = address;
    }
    for (const address of this.pictures.keys()) {
      if (this.pictures.size <= KEPT) break;
      this.pictures.delete(address);
    }
  }
}

// Single pictures by address, kept for a while: what is shown until a film can be played.

const KEPT = 40;

export class Stills {
  #kept = new Map();

  /** The picture, decoded; null where the server has none. */
  get(address) {
    let picture = this.#kept.get(address);
    if (picture) this.#kept.delete(address);
    picture ??= load(address);
    this.#kept.set(address, picture);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value);
    return picture;
  }
}

async function load(address) {
  const image = new Image();
  image.src = address;
  try {
    await image.decode();
    return image;
  } catch (err) {
    if (err.name !== "EncodingError") throw err;
    return null; // not a picture: the server said why where the clip's state is shown
  }
}

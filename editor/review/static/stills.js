// Single pictures by address, kept for a while: what is shown until a film can be played, and at rest.

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

/**
 * Draw a picture into the middle of a box [left, top, width, height], whole. shape: the film's width
 * and height; the server frames every picture as the film does.
 */
export function drawFitted(context, picture, [left, top, width, height], [w, h]) {
  const scale = Math.min(width / w, height / h);
  const [x, y] = [left + (width - w * scale) / 2, top + (height - h * scale) / 2];
  context.drawImage(picture, x, y, w * scale, h * scale);
}

// A mask that is painted on: values, strokes, undo, and how it is shown over the photo.
const STEPS = 40;

/** The red channel of a picture, as bytes. */
function values(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const found = new Uint8Array(bitmap.width * bitmap.height);
  for (let i = 0; i < found.length; i++) found[i] = data[4 * i];
  return found;
}

export class Mask {
  constructor(bitmap) {
    this.width = bitmap.width;
    this.height = bitmap.height;
    this.values = values(bitmap);
    this.region = null; // where a snapping stroke went
    this.done = [];
    this.undone = [];
    this.shown = new OffscreenCanvas(this.width, this.height);
    this.context = this.shown.getContext("2d");
    this.view = null;
  }

  /** Before a change: what undo comes back to. */
  begin() {
    this.done.push(this.values.slice());
    if (this.done.length > STEPS) this.done.shift();
    this.undone = [];
  }

  undo() {
    return this.#swap(this.done, this.undone);
  }

  redo() {
    return this.#swap(this.undone, this.done);
  }

  #swap(from, to) {
    if (!from.length) return false;
    to.push(this.values);
    this.values = from.pop();
    this.view = null;
    return true;
  }

  replace(bitmap) {
    this.begin();
    this.values = values(bitmap);
    this.view = null;
  }

  /** A soft-edged stroke from one place to another; `tool` is paint, erase or snap. */
  stroke(tool, from, to, radius) {
    if (tool === "snap") this.region ??= new Uint8Array(this.values.length);
    const [x0, y0, x1, y1] = [Math.min(from.x, to.x), Math.min(from.y, to.y), Math.max(from.x, to.x), Math.max(from.y, to.y)];
    const left = Math.max(0, Math.floor(x0 - radius - 1)), right = Math.min(this.width, Math.ceil(x1 + radius + 2));
    const top = Math.max(0, Math.floor(y0 - radius - 1)), bottom = Math.min(this.height, Math.ceil(y1 + radius + 2));
    const dx = to.x - from.x, dy = to.y - from.y, length = dx * dx + dy * dy || 1;
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const along = Math.max(0, Math.min(1, ((x - from.x) * dx + (y - from.y) * dy) / length));
        const away = Math.hypot(x - from.x - along * dx, y - from.y - along * dy);
        const share = Math.max(0, Math.min(1, radius + 0.5 - away));
        if (!share) continue;
        const at = y * this.width + x;
        if (tool === "paint") this.values[at] = Math.max(this.values[at], Math.round(255 * share));
        else if (tool === "erase") this.values[at] = Math.min(this.values[at], Math.round(255 * (1 - share)));
        else this.region[at] = 255;
      }
    }
    if (right > left && bottom > top) this.#draw(left, top, right, bottom);
  }

  /** How it lies over the photo. */
  show(view) {
    if (view !== this.view) {
      this.view = view;
      this.#draw(0, 0, this.width, this.height);
    }
    return this.shown;
  }

  #draw(left, top, right, bottom) {
    if (!this.view) return;
    [left, top, right, bottom] = [Math.max(0, left - 1), Math.max(0, top - 1), Math.min(this.width, right + 1), Math.min(this.height, bottom + 1)];
    const picture = new ImageData(right - left, bottom - top);
    const { data } = picture, { values, region, width, height, view } = this;
    for (let y = top, i = 0; y < bottom; y++) {
      for (let x = left; x < right; x++, i += 4) {
        const at = y * width + x, value = values[at];
        if (view === "mask") [data[i], data[i + 1], data[i + 2], data[i + 3]] = [value, value, value, 255];
        else if (view === "cut-out") [data[i], data[i + 1], data[i + 2], data[i + 3]] = [128, 128, 128, 255 - value];
        else if (view === "shade") [data[i], data[i + 1], data[i + 2], data[i + 3]] = [60, 90, 220, (255 - value) * 0.62];
        else if (view === "outline") {
          const inside = value > 127;
          const edge = (x + 1 < width && values[at + 1] > 127 !== inside) || (y + 1 < height && values[at + width] > 127 !== inside);
          if (edge) [data[i], data[i + 1], data[i + 2], data[i + 3]] = [255, 60, 200, 255];
        }
        if (region?.[at]) [data[i], data[i + 1], data[i + 2], data[i + 3]] = [255, 190, 0, 120];
      }
    }
    this.context.putImageData(picture, left, top);
  }

  /** A PNG whose red is the mask, and green the region that a snapping stroke went over. */
  async png() {
    const canvas = new OffscreenCanvas(this.width, this.height);
    const picture = new ImageData(this.width, this.height);
    for (let i = 0; i < this.values.length; i++) {
      picture.data[4 * i] = this.values[i];
      picture.data[4 * i + 1] = this.region?.[i] ?? 0;
      picture.data[4 * i + 3] = 255;
    }
    canvas.getContext("2d").putImageData(picture, 0, 0);
    return canvas.convertToBlob({ type: "image/png" });
  }

  forgetRegion() {
    this.region = null;
    this.view = null;
  }
}

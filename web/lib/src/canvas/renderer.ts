/** The plain renderer: a 2D canvas and the CPU, for browsers without a graphics device, or with an emulated one. */

import type { Look } from "../api.ts";
import type { InputSpec } from "../card.ts";
import { cover, look as lookNumbers } from "../look.ts";
import { mapSize, place } from "../placement.ts";
import type { FrameSource, Renderer, Slot } from "../renderer.ts";
import type { MaskMap } from "../runtimes/net.ts";
import { drawPerson, matteBytes, type Scene } from "./edge.ts";
import { GuidedMap } from "./guided.ts";
import { edgePart, Matte } from "./matte.ts";
import { Parts } from "./parts.ts";
import { Sampler } from "./sample.ts";
import { SteadyMap } from "./steady.ts";

type Context = OffscreenCanvasRenderingContext2D;

export class CanvasRenderer implements Renderer {
  readonly name = "canvas";
  private readonly context: Context;
  private readonly frames: [Context, Context] = [sheet(false), sheet(false)];
  private readonly input = sheet(false);
  private readonly small = sheet(false);
  /** Of the frames, at the map's size. */
  private readonly smalls: [ImageData | null, ImageData | null] = [null, null];
  private readonly sampler = new Sampler();
  private seen = new Uint8ClampedArray(0);
  private readonly person = sheet();
  private readonly backdrop = sheet();
  private readonly light = sheet();
  private lit: ImageBitmap | null = null;
  private readonly steady = new SteadyMap();
  private readonly guided = new GuidedMap();
  private readonly whole = new Matte();
  private steepness = 0;
  private readonly parts = new Parts();
  private map = new Float32Array(0);
  private smallPixels: Uint8ClampedArray = new Uint8ClampedArray(0);
  private shown: Slot = 0;
  private masked = false;

  /** @throws Error where the canvas has another context. */
  constructor(private readonly canvas: OffscreenCanvas | HTMLCanvasElement) {
    const context = canvas.getContext("2d", { alpha: true }) as Context | null;
    if (!context) throw new Error("this canvas cannot be drawn to");
    this.context = context;
  }

  upload(slot: Slot, frame: FrameSource, width: number, height: number): void {
    const context = this.frames[slot];
    fit(context, width, height);
    context.globalCompositeOperation = "copy";
    context.drawImage(frame as CanvasImageSource, 0, 0, width, height);
    // Browsers convert a video's frame anew, and slowly, for every size that it is drawn at.
    this.smalls[slot] = this.shrink(frame instanceof ImageBitmap ? frame : context.canvas, width, height);
  }

  async pixels(slot: Slot, spec: InputSpec): Promise<Uint8ClampedArray> {
    const [rows, columns] = spec.size;
    const { canvas } = this.frames[slot];
    const box = place(canvas.width, canvas.height, spec);
    const { width, height, data } = this.smalls[slot]!;
    if (width >= box.width * columns && height >= box.height * rows) {
      if (this.seen.length !== 4 * rows * columns) this.seen = new Uint8ClampedArray(4 * rows * columns);
      this.sampler.fit(data, width, height, box, this.seen, columns, rows);
      return this.seen;
    }
    fit(this.input, columns, rows);
    this.input.imageSmoothingQuality = "medium"; // by halves, as an area average
    this.input.globalCompositeOperation = "copy";
    this.input.drawImage(canvas, box.left * columns, box.top * rows, box.width * columns, box.height * rows);
    return this.input.getImageData(0, 0, columns, rows).data;
  }

  tensor(): null {
    return null;
  }

  mask(slot: Slot, map: MaskMap, spec: InputSpec, look: Look): void {
    const from = this.frames[slot].canvas;
    const { width, height, data } = this.smalls[slot]!;
    this.smallPixels = data;
    if (this.map.length !== width * height) this.map = new Float32Array(width * height);
    stretch(map, place(from.width, from.height, spec), this.map, width, height);
    const { least, steepness } = lookNumbers(look);
    this.steady.add(this.map, this.smallPixels, width, height, { threshold: look.threshold, hysteresis: look.hysteresis, least });
    this.guided.fit(this.steady.alpha, this.smallPixels, width, height, steepness, this.steady.tiles);
    const part = edgePart(this.guided, from.width, from.height) ?? { left: 0, top: 0, width: 1, height: 1 };
    const { data: pixels } = this.frames[slot].getImageData(part.left, part.top, part.width, part.height);
    this.whole.fit(this.guided, this.steepness === steepness ? this.steady.share : null, pixels, from.width, from.height, part);
    this.steepness = steepness;
    this.shown = slot;
    this.masked = true;
  }

  draw(look: Look): void {
    const frame = this.frames[this.shown];
    const { width, height } = frame.canvas;
    if (!this.masked) return this.hide();
    fit(this.context, width, height);
    const { context } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalCompositeOperation = "copy";
    context.clearRect(0, 0, width, height);
    const turn = () => look.mirror && context.setTransform(-1, 0, 0, 1, width, 0);
    if (look.effect === "none") {
      turn();
      context.drawImage(frame.canvas, 0, 0);
      return;
    }
    const picture = look.effect === "replace" ? look.background : null;
    this.behind(look, picture, width, height, turn);
    this.cutOut(look, picture, frame, width, height);
    turn();
    context.globalCompositeOperation = "source-over";
    context.drawImage(this.person.canvas, 0, 0);
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  hide(): void {
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.globalCompositeOperation = "copy";
    this.context.fillStyle = "#808080";
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  reset(): void {
    this.masked = false;
    this.steady.reset();
    for (const context of this.frames) context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  async matte(look: Look): Promise<{ width: number; height: number; data: Uint8Array }> {
    if (!this.masked) throw new Error("there is no matte yet");
    const { width, height } = this.whole;
    return { width, height, data: matteBytes(this.whole, this.guided, look.softness <= 0) };
  }

  dispose(): void {
    for (const context of [...this.frames, this.input, this.small, this.person, this.backdrop]) fit(context, 1, 1);
  }

  /** A frame at the map's size. From a picture itself: a canvas that is drawn from is copied before it is drawn to again. */
  private shrink(frame: CanvasImageSource, frameWidth: number, frameHeight: number): ImageData {
    const [width, height] = mapSize(frameWidth, frameHeight);
    fit(this.small, width, height);
    // Between two pixels lies their mean; more than two are averaged by halves.
    this.small.imageSmoothingQuality = frameWidth <= 2 * width && frameHeight <= 2 * height ? "low" : "medium";
    this.small.globalCompositeOperation = "copy";
    this.small.drawImage(frame, 0, 0, width, height);
    return this.small.getImageData(0, 0, width, height);
  }

  /** The background, drawn into the canvas. */
  private behind(look: Look, picture: ImageBitmap | null, width: number, height: number, turn: () => void): void {
    const { context } = this;
    const { width: mapWidth, height: mapHeight } = this.guided;
    const edge = Math.max(1, 0.015 * Math.min(mapWidth, mapHeight));
    const blur = look.effect === "blur";
    if (look.effect !== "mask") {
      const sigma = blur ? look.blur * 0.06 * Math.min(mapWidth, mapHeight) : edge;
      this.parts.make(this.steady.alpha, this.smallPixels, mapWidth, mapHeight, blur ? null : edge, sigma);
    }
    context.globalCompositeOperation = "source-over";
    if (blur) {
      this.blurred();
      turn();
      context.imageSmoothingQuality = "low";
      context.drawImage(this.backdrop.canvas, 0, 0, width, height);
      context.setTransform(1, 0, 0, 1, 0, 0);
    } else if (picture) {
      const [x, y] = cover(picture.width, picture.height, width, height);
      context.imageSmoothingQuality = "medium";
      context.drawImage(picture, (picture.width * (1 - x)) / 2, (picture.height * (1 - y)) / 2, picture.width * x, picture.height * y, 0, 0, width, height);
    } else if (look.effect !== "transparent") {
      context.fillStyle = look.effect === "mask" ? "#000000" : look.effect === "replace" ? "#808080" : look.color;
      context.fillRect(0, 0, width, height);
    }
  }

  /** The blurred background as a small opaque picture. */
  private blurred(): void {
    const { width, height, rest } = this.parts;
    fit(this.backdrop, width, height);
    const image = this.backdrop.createImageData(width, height);
    const half = (value: number) => this.smallPixels[value]!;
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const share = rest[3][i]!;
        const plain = 4 * (2 * y * this.guided.width + 2 * x);
        for (let channel = 0; channel < 3; channel++) image.data[4 * i + channel] = share > 1e-3 ? rest[channel]![i]! / share : half(plain + channel);
        image.data[4 * i + 3] = 255;
      }
    }
    this.backdrop.putImageData(image, 0, 0);
  }

  /** The person, cut out along the edge, with their own colours there. */
  private cutOut(look: Look, picture: ImageBitmap | null, frame: Context, width: number, height: number): void {
    const image = frame.getImageData(0, 0, width, height);
    const scene: Scene = {
      guided: this.guided,
      parts: look.effect === "blur" || look.effect === "mask" ? null : this.parts,
      hard: look.softness <= 0,
      white: look.effect === "mask",
      light: picture && look.lightWrap > 0 ? this.glow(picture) : null,
      wrap: look.lightWrap,
      mirror: look.mirror,
    };
    drawPerson(image.data, this.whole, scene);
    fit(this.person, width, height);
    this.person.putImageData(image, 0, 0);
  }

  private glow(picture: ImageBitmap): ImageData {
    if (this.lit !== picture) {
      fit(this.light, 32, 18);
      this.light.imageSmoothingQuality = "high";
      this.light.drawImage(picture, 0, 0, 32, 18);
      this.lit = picture;
    }
    return this.light.getImageData(0, 0, 32, 18);
  }
}

/** A canvas of our own that is read often. Opaque ones are read without a division for every pixel. */
function sheet(alpha = true): Context {
  return new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true, alpha })!;
}

function fit(context: Context, width: number, height: number): void {
  if (context.canvas.width !== width) context.canvas.width = width;
  if (context.canvas.height !== height) context.canvas.height = height;
}

/** The part of the net's map that shows the frame, at the steady map's size, bilinear. */
export function stretch(map: Pick<MaskMap, "rows" | "columns" | "values">, box: { left: number; top: number; width: number; height: number }, into: Float32Array, width: number, height: number): void {
  const { rows, columns } = map;
  const values = map.values!;
  const stepX = (box.width * columns) / width;
  const startX = box.left * columns + stepX / 2 - 0.5;
  const left = new Int32Array(width);
  const share = new Float32Array(width);
  for (let x = 0; x < width; x++) {
    const at = Math.min(columns - 1, Math.max(0, startX + x * stepX));
    left[x] = Math.min(columns - 2, Math.floor(at));
    share[x] = at - left[x]!;
  }
  for (let y = 0, i = 0; y < height; y++) {
    const at = Math.min(rows - 1, Math.max(0, box.top * rows + ((y + 0.5) * box.height * rows) / height - 0.5));
    const top = Math.min(rows - 2, Math.floor(at));
    const down = at - top;
    const upper = top * columns;
    const lower = upper + columns;
    for (let x = 0; x < width; x++, i++) {
      const l = left[x]!;
      const s = share[x]!;
      const a = values[upper + l]! * (1 - s) + values[upper + l + 1]! * s;
      const b = values[lower + l]! * (1 - s) + values[lower + l + 1]! * s;
      into[i] = a + (b - a) * down;
    }
  }
}

/** The last step at full size: alpha and the person's own colours, computed along the edge only. */

import { EDGE, PERSON, type GuidedMap } from "./guided.ts";
import { Axis, tiles, type Matte } from "./matte.ts";
import type { Parts, Planes } from "./parts.ts";

export interface Scene {
  guided: GuidedMap;
  /** Colours of both sides of the edge; null where the person stays before their own background. */
  parts: Parts | null;
  hard: boolean;
  /** White instead of the person: the matte as a picture. */
  white: boolean;
  /** The picture behind, tiny, whose light falls on the edge. */
  light: ImageData | null;
  wrap: number;
  mirror: boolean;
}

/** Turns the frame's pixels into the person's alone, with alpha, straight. */
export function drawPerson(rgba: Uint8ClampedArray, matte: Matte, scene: Scene): void {
  const { width, height } = matte;
  const words = new Uint32Array(rgba.buffer, rgba.byteOffset, rgba.length / 4);
  const edge = new EdgeWalker(scene, matte);
  tiles(scene.guided, width, height, (kind, left, top, right, bottom) => {
    if (kind === EDGE) return edge.draw(rgba, left, top, right, bottom);
    if (kind === PERSON && !scene.white) return;
    for (let y = top; y < bottom; y++) words.fill(kind === PERSON ? 0xffffffff : 0, y * width + left, y * width + right);
  }, true);
}

/** The matte, one byte a pixel. */
export function matteBytes({ alpha, width, height }: Matte, guided: GuidedMap, hard: boolean): Uint8Array {
  const bytes = new Uint8Array(alpha.length);
  tiles(guided, width, height, (kind, left, top, right, bottom) => {
    for (let y = top; y < bottom; y++) {
      const [start, end] = [y * width + left, y * width + right];
      if (kind === PERSON) bytes.fill(255, start, end);
      else if (kind === EDGE) for (let i = start; i < end; i++) bytes[i] = 255 * (hard ? cut(alpha[i]!) : alpha[i]!) + 0.5;
    }
  }, true);
  return bytes;
}

function cut(alpha: number): number {
  return alpha >= 0.499999 ? 1 : 0;
}

class EdgeWalker {
  private readonly partX: Axis | null = null;
  private readonly partY: Axis | null = null;
  private readonly front: [number, number, number, number] = [0, 0, 0, 0];
  private readonly back: [number, number, number, number] = [0, 0, 0, 0];
  private readonly width: number;
  private readonly height: number;

  constructor(
    private readonly scene: Scene,
    private readonly matte: Matte,
  ) {
    const { parts } = scene;
    [this.width, this.height] = [matte.width, matte.height];
    if (!parts) return;
    this.partX = new Axis(this.width, parts.width, 1);
    this.partY = new Axis(this.height, parts.height, parts.width);
  }

  draw(rgba: Uint8ClampedArray, left: number, top: number, right: number, bottom: number): void {
    const { hard, white, parts } = this.scene;
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const i = y * this.width + x;
        const alpha = hard ? cut(this.matte.alpha[i]!) : this.matte.alpha[i]!;
        const pixel = 4 * i;
        if (white) rgba[pixel] = rgba[pixel + 1] = rgba[pixel + 2] = 255;
        else if (parts && alpha > 0) this.clean(rgba, pixel, x, y, alpha);
        rgba[pixel + 3] = alpha * 255;
      }
    }
  }

  /** The person's own colours, freed of the background that shines through the edge, and light of the new one on them. */
  private clean(rgba: Uint8ClampedArray, pixel: number, x: number, y: number, alpha: number): void {
    const { parts, light, wrap, mirror } = this.scene;
    const { front, back } = this;
    this.sample(parts!.person, x, y, front);
    this.sample(parts!.rest, x, y, back);
    const solid = smooth((alpha - 0.9) / 0.1);
    const outside = light ? Math.min(1, 2 * wrap * (1 - front[3]) * (1 - smooth((front[3] - 0.25) / 0.75))) : 0;
    let glow = 0;
    if (light && outside > 0) {
      const column = Math.min(light.width - 1, Math.floor(((mirror ? this.width - 1 - x : x) * light.width) / this.width));
      glow = 4 * (Math.min(light.height - 1, Math.floor((y * light.height) / this.height)) * light.width + column);
    }
    for (let channel = 0; channel < 3; channel++) {
      const seen = rgba[pixel + channel]!;
      const f = front[3] > 1e-3 ? front[channel]! / front[3] : seen;
      const b = back[3] > 1e-3 ? back[channel]! / back[3] : seen;
      let own = f + alpha * (seen - alpha * f - (1 - alpha) * b);
      own = own < 0 ? 0 : own > 255 ? 255 : own;
      own += (seen - own) * solid;
      if (light && outside > 0) own = 255 - ((255 - own) * (255 - light.data[glow + channel]! * outside * 0.5)) / 255;
      rgba[pixel + channel] = own;
    }
  }

  private sample(planes: Planes, x: number, y: number, into: [number, number, number, number]): void {
    const { width, height } = this.scene.parts!;
    const a = this.partY!.at[y]! + this.partX!.at[x]!;
    const beside = width > 1 ? 1 : 0;
    const below = height > 1 ? width : 0;
    const sx = this.partX!.share[x]!;
    const sy = this.partY!.share[y]!;
    for (let plane = 0; plane < 4; plane++) {
      const values = planes[plane]!;
      const upper = values[a]! * (1 - sx) + values[a + beside]! * sx;
      const lower = values[a + below]! * (1 - sx) + values[a + below + beside]! * sx;
      into[plane] = upper + (lower - upper) * sy;
    }
  }
}

function smooth(t: number): number {
  const s = t < 0 ? 0 : t > 1 ? 1 : t;
  return s * s * (3 - 2 * s);
}

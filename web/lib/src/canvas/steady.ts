/** The net's map to a steady map, as the shader STEADY does it; only where the person's edge is or was. */

import { NearTiles, TILE } from "./spans.ts";

export interface SteadyOptions {
  threshold: number;
  hysteresis: number;
  least: number;
}

/** Of a camera, in a map's pixel. */
const NOISE = 0.008;
/** Nearer to 0 or 1 a map says nothing new: those before and this one agree. */
const SURE = 0.02;
export const LOW = 1;
export const HIGH = 2;
const OPEN = LOW | HIGH;

export class SteadyMap {
  /** The steady map, one float a pixel. */
  alpha = new Float32Array(0);
  /** Share of the last map in it, for each pixel; null where it is the first. */
  share: Float32Array | null = null;
  private shares = new Float32Array(0);
  /** The picture that the map was seen in, averaged with the same shares. */
  private red = new Float32Array(0);
  private green = new Float32Array(0);
  private blue = new Float32Array(0);
  private seen = new Float32Array(0);
  private stirred = new Float32Array(0);
  private change = new Float32Array(0);
  /** For each tile: LOW and HIGH together where something is open, else what all of its pixels are. */
  tiles = new Uint8Array(0);
  private sides = new Uint8Array(0);
  private width = 0;
  private threshold = 0;

  reset(): void {
    this.share = null;
    this.width = 0;
  }

  /**
   * @param map probability at the steady map's own size.
   * @param rgba the picture at that size.
   */
  add(map: Float32Array, rgba: Uint8ClampedArray, width: number, height: number, options: SteadyOptions): void {
    // Another threshold asks for another map, at once.
    if (this.width !== width || this.alpha.length !== width * height || this.threshold !== options.threshold) return this.begin(map, rgba, width, height, options.threshold);
    this.share = this.shares;
    this.classify(map, width, height, options);
    const columns = Math.ceil(width / TILE);
    const near = new NearTiles(this.tiles, OPEN, columns, Math.ceil(height / TILE), width);
    for (let y = 0; y < height; y++) {
      const spans = near.at(y, 1, 1);
      for (let span = 0; span < spans.length; span += 2) this.compare(rgba, y * width + spans[span]!, y * width + spans[span + 1]!);
    }
    for (let y = 0; y < height; y++) {
      const spans = near.at(y, 0, 0);
      for (let span = 0; span < spans.length; span += 2) this.mix(map, rgba, y, spans[span]!, spans[span + 1]!, height, options);
    }
  }

  private begin(map: Float32Array, rgba: Uint8ClampedArray, width: number, height: number, threshold: number): void {
    const area = width * height;
    if (this.alpha.length !== area) {
      for (const name of ["alpha", "red", "green", "blue", "seen", "stirred", "change", "shares"] as const) this[name] = new Float32Array(area);
    }
    this.sides = new Uint8Array(Math.ceil(width / TILE));
    this.tiles = new Uint8Array(this.sides.length * Math.ceil(height / TILE)).fill(OPEN);
    [this.width, this.threshold, this.share] = [width, threshold, null];
    this.seen.fill(1);
    this.stirred.fill(0);
    for (let i = 0, at = 0; i < area; i++, at += 4) {
      this.red[i] = rgba[at]! / 255;
      this.green[i] = rgba[at + 1]! / 255;
      this.blue[i] = rgba[at + 2]! / 255;
      this.alpha[i] = shifted(map[i]!, threshold);
    }
  }

  /** Marks the tiles where something is to be mixed; elsewhere the map is taken as it is. */
  private classify(map: Float32Array, width: number, height: number, { threshold, hysteresis }: SteadyOptions): void {
    const { alpha, tiles, sides } = this;
    const least = shifted(SURE, 1 - limited(threshold - hysteresis));
    const most = shifted(1 - SURE, 1 - limited(threshold + hysteresis));
    const columns = Math.ceil(width / TILE);
    for (let top = 0; top < height; top += TILE) {
      const bottom = Math.min(height, top + TILE);
      sides.fill(0);
      for (let y = top, i = top * width; y < bottom; y++) {
        for (let x = 0; x < width; x++, i++) {
          const high = map[i]! > least || alpha[i]! > SURE ? HIGH : 0;
          const low = map[i]! < most || alpha[i]! < 1 - SURE ? LOW : 0;
          sides[x >> 3]! |= high | low;
        }
      }
      for (let column = 0, tile = (top / TILE) * columns; column < columns; column++, tile++) {
        if (tiles[tile] !== sides[column]! && sides[column]! !== OPEN) this.settle(sides[column]!, column * TILE, Math.min(width, (column + 1) * TILE), top, bottom);
        tiles[tile] = sides[column]!;
      }
    }
  }

  private settle(side: number, left: number, right: number, top: number, bottom: number): void {
    for (let y = top; y < bottom; y++) {
      const [start, end] = [y * this.width + left, y * this.width + right];
      this.alpha.fill(side === HIGH ? 1 : 0, start, end);
      this.shares.fill(1, start, end);
      this.stirred.fill(0, start, end);
      this.seen.fill(1, start, end);
    }
  }

  /** How much pixels differ from the picture that the map was seen in. */
  private compare(rgba: Uint8ClampedArray, start: number, end: number): void {
    const { red, green, blue, change } = this;
    for (let i = start, at = 4 * start; i < end; i++, at += 4) {
      change[i] = (Math.abs(rgba[at]! / 255 - red[i]!) + Math.abs(rgba[at + 1]! / 255 - green[i]!) + Math.abs(rgba[at + 2]! / 255 - blue[i]!)) / 3;
    }
  }

  private mix(map: Float32Array, rgba: Uint8ClampedArray, y: number, left: number, right: number, height: number, { threshold, hysteresis, least }: SteadyOptions): void {
    const { alpha, red, green, blue, seen, stirred, change, shares, width } = this;
    const up = y > 0 ? width : 0;
    const down = y < height - 1 ? width : 0;
    const column = (i: number) => change[i - up]! + change[i]! + change[i + down]!;
    const row = y * width;
    let before = column(row + Math.max(0, left - 1));
    let here = column(row + left);
    for (let x = left; x < right; x++) {
      const i = row + x;
      const at = 4 * i;
      const after = column(row + Math.min(width - 1, x + 1));
      const moved = clamp(((before + here + after) / (9 * NOISE * Math.sqrt(1 + 1 / seen[i]!)) - 1.2) / 1.6);
      before = here;
      here = after;
      const lately = Math.max(moved, stirred[i]! - 0.25);
      const side = Math.min(1, Math.max(-1, 2 - 4 * alpha[i]!));
      const fresh = shifted(map[i]!, limited(threshold + hysteresis * side));
      const worth = moved > 0.5 ? 1 : Math.min(seen[i]! + 1, 64);
      let share = Math.max(1 / worth, least);
      share += (1 - share) * moved;
      if (lately > 0 && fresh < 0.05) share = 1;
      red[i]! += (rgba[at]! / 255 - red[i]!) * share;
      green[i]! += (rgba[at + 1]! / 255 - green[i]!) * share;
      blue[i]! += (rgba[at + 2]! / 255 - blue[i]!) * share;
      shares[i] = share;
      seen[i] = worth;
      stirred[i] = lately;
      alpha[i]! += (fresh - alpha[i]!) * share;
    }
  }
}

/** Probability `p` with the odds of `t` taken out: 0.5 where it was `t`. */
export function shifted(p: number, t: number): number {
  const odds = (p / Math.max(1 - p, 1e-6)) * ((1 - t) / t);
  return odds / (1 + odds);
}

function limited(threshold: number): number {
  return Math.min(0.98, Math.max(0.02, threshold));
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

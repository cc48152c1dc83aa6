/** A picture at a slightly smaller size, between its pixels: what a net is shown. */

import type { Placement } from "../placement.ts";

export class Sampler {
  private key = "";
  private across = new Int32Array(0);
  private shareX = new Int32Array(0);

  /**
   * @param from RGBA, width × height: not much larger than what it becomes, for nothing is averaged.
   * @param into RGBA, columns × rows; opaque black around the box.
   */
  fit(from: Uint8ClampedArray, width: number, height: number, box: Placement, into: Uint8ClampedArray, columns: number, rows: number): void {
    const [left, top] = [Math.round(box.left * columns), Math.round(box.top * rows)];
    const [right, bottom] = [left + Math.round(box.width * columns), top + Math.round(box.height * rows)];
    this.prepare(width, right - left);
    const whole = right - left === columns && bottom - top === rows;
    const words = new Uint32Array(into.buffer, into.byteOffset, rows * columns);
    if (!whole) words.fill(BLACK);
    const pixels = new Uint32Array(from.buffer, from.byteOffset, width * height);
    const below = height > 1 ? width : 0;
    for (let y = top; y < bottom; y++) {
      const at = Math.min(height - 1, Math.max(0, ((y - top + 0.5) * height) / (bottom - top) - 0.5));
      const first = Math.max(0, Math.min(height - 2, Math.floor(at)));
      this.row(pixels, first * width, below, Math.round((at - first) * ONE), words, y * columns + left, right - left);
    }
  }

  /** Red and blue are worked out together, in one number; so is green. */
  private row(pixels: Uint32Array, upper: number, below: number, down: number, words: Uint32Array, to: number, count: number): void {
    const { across, shareX } = this;
    for (let x = 0; x < count; x++) {
      const at = upper + across[x]!;
      const share = shareX[x]!;
      const d = (share * down) >> BITS;
      const c = down - d;
      const b = share - d;
      const a = ONE - share - c;
      const [nw, ne, sw, se] = [pixels[at]!, pixels[at + 1]!, pixels[at + below]!, pixels[at + below + 1]!];
      const redBlue = ((nw & 0xff00ff) * a + (ne & 0xff00ff) * b + (sw & 0xff00ff) * c + (se & 0xff00ff) * d + 0x400040) >>> BITS;
      const green = ((nw & 0xff00) * a + (ne & 0xff00) * b + (sw & 0xff00) * c + (se & 0xff00) * d + 0x4000) >>> BITS;
      words[to + x] = (redBlue & 0xff00ff) | (green & 0xff00) | BLACK;
    }
  }

  /** Where columns lie between those of the picture. */
  private prepare(width: number, count: number): void {
    const key = `${width} ${count}`;
    if (this.key === key) return;
    this.key = key;
    this.across = new Int32Array(count);
    this.shareX = new Int32Array(count);
    for (let x = 0; x < count; x++) {
      const at = Math.min(width - 1, Math.max(0, ((x + 0.5) * width) / count - 0.5));
      const first = Math.max(0, Math.min(width - 2, Math.floor(at)));
      this.across[x] = first;
      this.shareX[x] = Math.round((at - first) * ONE);
    }
  }
}

/** Shares are 7-bit numbers: so two channels, 16 bits apart, fit into 32 bits. */
const BITS = 7;
const ONE = 1 << BITS;
const BLACK = 0xff000000;

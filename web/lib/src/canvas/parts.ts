/** Foreground and background apart, each blurred with its own share, so that neither takes colours of the other. */

import { boxMean, gaussian } from "./box.ts";

/** Four planes: red, green and blue times the share, and the share. */
export type Planes = [Float32Array, Float32Array, Float32Array, Float32Array];

export class Parts {
  width = 0;
  height = 0;
  person: Planes = planes(0);
  rest: Planes = planes(0);
  private near = new Float32Array(0);
  private scratch = new Float32Array(0);

  /**
   * @param alpha the steady map; the parts are half its size.
   * @param sigmaPerson,sigmaRest standard deviations, in pixels of the map.
   */
  make(alpha: Float32Array, rgba: Uint8ClampedArray, width: number, height: number, sigmaPerson: number | null, sigmaRest: number): void {
    const w = Math.max(1, width >> 1);
    const h = Math.max(1, height >> 1);
    if (this.width !== w || this.height !== h) {
      this.width = w;
      this.height = h;
      this.person = planes(w * h);
      this.rest = planes(w * h);
      this.near = new Float32Array(w * h);
      this.scratch = new Float32Array(w * h);
    }
    const { person, rest, near } = this;
    for (let y = 0, i = 0; y < h; y++) {
      for (let x = 0; x < w; x++, i++) {
        const at = 2 * y * width + 2 * x;
        const below = 2 * y + 1 < height ? at + width : at;
        const beside = 2 * x + 1 < width ? 1 : 0;
        let share = 0;
        let [r, g, b] = [0, 0, 0];
        for (const from of [at, at + beside, below, below + beside]) {
          share += alpha[from]!;
          r += rgba[4 * from]!;
          g += rgba[4 * from + 1]!;
          b += rgba[4 * from + 2]!;
        }
        near[i] = share / 4;
        person[0][i] = r / 4;
        person[1][i] = g / 4;
        person[2][i] = b / 4;
        person[3][i] = share / 4;
      }
    }
    // A cell beside the person may hold a little of them too: it says nothing about the background.
    boxMean(near, near, this.scratch, w, h, 1);
    for (let i = 0; i < w * h; i++) {
      const outside = Math.max(0, 1 - 4 * Math.max(person[3][i]!, near[i]!));
      for (let channel = 0; channel < 3; channel++) {
        rest[channel]![i] = person[channel]![i]! * outside;
        person[channel]![i]! *= person[3][i]!;
      }
      rest[3][i] = outside;
    }
    if (sigmaPerson !== null) for (const plane of person) gaussian(plane, this.scratch, w, h, sigmaPerson / 2);
    for (const plane of rest) gaussian(plane, this.scratch, w, h, sigmaRest / 2);
  }
}

function planes(area: number): Planes {
  return [new Float32Array(area), new Float32Array(area), new Float32Array(area), new Float32Array(area)];
}

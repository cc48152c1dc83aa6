import { describe, expect, it } from "vitest";
import { boxMean, boxRadii, gaussian } from "../../lib/src/canvas/box.ts";
import { drawPerson, matteBytes } from "../../lib/src/canvas/edge.ts";
import { EDGE, GuidedMap } from "../../lib/src/canvas/guided.ts";
import { edgePart, Matte } from "../../lib/src/canvas/matte.ts";
import { Sampler } from "../../lib/src/canvas/sample.ts";
import { HIGH, LOW, SteadyMap, shifted } from "../../lib/src/canvas/steady.ts";
import { removeIslands } from "../../lib/src/islands.ts";

function random(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => (state = (state * 16807) % 2147483647) / 2147483647);
}

describe("boxMean", () => {
  it.each([
    [7, 5, 1],
    [9, 4, 2],
    [3, 3, 4],
    [1, 6, 2],
  ])("of %i × %i with radius %i is the mean of each window, borders repeated", (width, height, radius) => {
    const source = random(width * height, 7);
    const into = new Float32Array(width * height);
    boxMean(source, into, new Float32Array(width * height), width, height, radius);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let dy = -radius; dy <= radius; dy++) {
          for (let dx = -radius; dx <= radius; dx++) {
            sum += source[Math.min(height - 1, Math.max(0, y + dy)) * width + Math.min(width - 1, Math.max(0, x + dx))]!;
          }
        }
        expect(into[y * width + x]).toBeCloseTo(sum / (2 * radius + 1) ** 2, 5);
      }
    }
  });
});

describe("gaussian", () => {
  it.each([1, 2.5, 6])("of sigma %f has that variance", (sigma) => {
    const size = 81;
    const plane = new Float32Array(size * size);
    plane[40 * size + 40] = 1;
    gaussian(plane, new Float32Array(size * size), size, size, sigma);
    let variance = 0;
    for (let x = 0; x < size; x++) for (let y = 0; y < size; y++) variance += plane[y * size + x]! * (x - 40) ** 2;
    expect(Math.sqrt(variance) / sigma).toBeGreaterThan(0.8);
    expect(Math.sqrt(variance) / sigma).toBeLessThan(1.2);
    expect(boxRadii(sigma).every((radius) => Number.isInteger(radius) && radius >= 0)).toBe(true);
  });
});

/** Cells around one; those beyond the picture are the nearest in it. */
function around(x: number, y: number, across: number, down: number): [number, number][] {
  const found: [number, number][] = [];
  for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) found.push([Math.min(across - 1, Math.max(0, x + dx)), Math.min(down - 1, Math.max(0, y + dy))]);
  return found;
}

/** The pixels of a cell. */
function inside([x, y]: [number, number], w: number, h: number): [number, number][] {
  return [0, 1].flatMap((dy) => [0, 1].map((dx): [number, number] => [Math.min(w - 1, 2 * x + dx), Math.min(h - 1, 2 * y + dy)]));
}

/** The affine function of colour that fits alpha best in a window, by Gaussian elimination of the normal equations. */
function window(rgba: Uint8ClampedArray, alpha: Float32Array, x: number, y: number, w: number, h: number, steepness: number): number[] {
  const cells = around(x, y, (w + 1) >> 1, (h + 1) >> 1);
  const pixels = cells.flatMap((cell) => inside(cell, w, h)).map(([cx, cy]) => ({ color: [0, 1, 2].map((c) => rgba[4 * (cy * w + cx) + c]! / 255), value: alpha[cy * w + cx]! }));
  const mean = (of: (pixel: (typeof pixels)[0]) => number) => pixels.reduce((sum, pixel) => sum + of(pixel), 0) / pixels.length;
  const colors = [0, 1, 2].map((c) => mean(({ color }) => color[c]!));
  const value = mean((pixel) => pixel.value);
  const rows = [0, 1, 2].map((a) => [...[0, 1, 2].map((b) => mean(({ color }) => color[a]! * color[b]!) - colors[a]! * colors[b]! + (a === b ? 1e-4 : 0)), mean((pixel) => pixel.color[a]! * pixel.value) - colors[a]! * value]);
  for (let pivot = 0; pivot < 3; pivot++) {
    for (let row = 0; row < 3; row++) {
      if (row === pivot) continue;
      const factor = rows[row]![pivot]! / rows[pivot]![pivot]!;
      for (let column = pivot; column < 4; column++) rows[row]![column]! -= factor * rows[pivot]![column]!;
    }
  }
  const slopes = rows.map((row, index) => (steepness * row[3]!) / row[index]!);
  return [...slopes, (value - 0.5) * steepness + 0.5 - slopes.reduce((sum, slope, index) => sum + slope * colors[index]!, 0)];
}

function fitted(guided: GuidedMap, rgba: Uint8ClampedArray, width: number, height: number): Matte {
  const whole = new Matte();
  whole.fit(guided, null, rgba, width, height);
  return whole;
}

describe("GuidedMap", () => {
  const [width, height] = [48, 32];
  /** A dark person on a bright wall, whose true edge lies at x = 23; the net's map is soft and a pixel off. */
  const picture = new Uint8ClampedArray(4 * width * height).map((_, i) => (i % 4 === 3 ? 255 : ((i >> 2) % width) < 23 ? 40 : 210));
  const map = Float32Array.from({ length: width * height }, (_, i) => 1 / (1 + Math.exp(((i % width) - 24) / 1.5)));

  it("moves the edge to where the picture has it", () => {
    const guided = new GuidedMap();
    guided.fit(map, picture, width, height, 1 / 0.6);
    const whole = new Matte();
    whole.fit(guided, null, picture, width, height);
    const matte = matteBytes(whole, guided, false);
    const row = 16 * width;
    const drop = (x: number) => matte[row + x]! - matte[row + x + 1]!;
    expect(drop(22)).toBeGreaterThan(100); // between the last dark and the first bright pixel
    for (const x of [20, 21, 23, 24]) expect(Math.abs(drop(x))).toBeLessThan(drop(22) / 2);
    expect(matte[row + 2]).toBe(255);
    expect(matte[row + 45]).toBe(0);
  });

  it("is the guided filter along the edge, windows at the border of the picture included", () => {
    const [w, h] = [43, 29];
    const noise = (i: number) => ((i * 2654435761) >>> 9) % 256;
    const rgba = new Uint8ClampedArray(4 * w * h).map((_, i) => noise(i));
    const alpha = Float32Array.from({ length: w * h }, (_, i) => 1 / (1 + Math.exp(((i % w) + Math.floor(i / w) - 34) / 2)));
    const guided = new GuidedMap();
    guided.fit(alpha, rgba, w, h, 1.5);
    let edges = 0;
    const [across, down] = [(w + 1) >> 1, (h + 1) >> 1];
    for (let y = 0; y < down; y++) {
      for (let x = 0; x < across; x++) {
        if (guided.tiles[(y >> 2) * guided.columns + (x >> 2)] !== EDGE) continue;
        edges++;
        const expected = [0, 0, 0, 0];
        for (const [cx, cy] of around(x, y, across, down)) window(rgba, alpha, cx, cy, w, h, 1.5).forEach((term, index) => (expected[index]! += term / 9));
        for (let term = 0; term < 4; term++) expect(guided.functions[4 * (y * across + x) + term]! * (term < 3 ? 255 : 1)).toBeCloseTo(expected[term]!, 3);
      }
    }
    expect(edges).toBeGreaterThan(75);
    expect(edges).toBeLessThan(w * h);
  });

  it("has no seams between the tiles along the edge and the others, in frames larger than the map", () => {
    const [w, h, scale] = [64, 48, 3];
    const disc = (x: number, y: number) => Float32Array.from({ length: w * h }, (_, i) => 1 / (1 + Math.exp((Math.hypot((i % w) - x, Math.floor(i / w) - y) - 14) / 1.2)));
    const grey = (length: number) => new Uint8ClampedArray(4 * length).fill(120);
    const guided = new GuidedMap();
    guided.fit(disc(42, 30), grey(w * h), w, h, 1.5); // what an earlier frame left beside the tiles is not taken for this one's
    guided.fit(disc(28, 22), grey(w * h), w, h, 1.5);
    const { alpha } = fitted(guided, grey(w * h * scale ** 2), w * scale, h * scale);
    let steepest = 0;
    for (let y = 1; y < h * scale; y++) {
      for (let x = 1; x < w * scale; x++) {
        const i = y * w * scale + x;
        steepest = Math.max(steepest, Math.abs(alpha[i]! - alpha[i - 1]!), Math.abs(alpha[i]! - alpha[i - w * scale]!));
      }
    }
    expect(steepest).toBeLessThan(0.15);
  });

  it("leaves nothing of the frame where there is no person", () => {
    const guided = new GuidedMap();
    guided.fit(new Float32Array(width * height), picture, width, height, 1.6);
    const pixels = new Uint8ClampedArray(picture);
    const whole = new Matte();
    whole.fit(guided, null, picture, width, height);
    drawPerson(pixels, whole, { guided, parts: null, hard: false, white: false, light: null, wrap: 0, mirror: false });
    expect(pixels.every((value) => value === 0)).toBe(true);
  });
});

describe("Matte", () => {
  const [width, height] = [32, 24];
  /** A picture with noise, another each time; the net's map stays as it is. */
  const noisy = (seed: number) => new Uint8ClampedArray(4 * width * height).map((_, i) => ((i >> 2) % width < 16 ? 90 : 130) + (((i * 2654435761 + seed * 40503) >>> 16) % 17) - 8);
  const map = Float32Array.from({ length: width * height }, (_, i) => 1 / (1 + Math.exp(((i % width) - 16) / 1.5)));

  function flicker(share: Float32Array | null): number {
    const [guided, whole] = [new GuidedMap(), new Matte()];
    let sum = 0;
    for (let frame = 0; frame < 12; frame++) {
      const before = whole.alpha.slice();
      guided.fit(map, noisy(frame), width, height, 1 / 0.6);
      whole.fit(guided, frame ? share : null, noisy(frame), width, height);
      if (frame > 5) whole.alpha.forEach((value, i) => (sum += Math.abs(value - before[i]!)));
    }
    return sum;
  }

  it("does not let the camera's noise into the edge where nothing moves", () => {
    expect(flicker(new Float32Array(width * height).fill(0.2))).toBeLessThan(0.4 * flicker(null));
  });

  it("needs the part of the frame alone that edges lie in", () => {
    const picture = new Uint8ClampedArray(4 * width * height).map((_, i) => (i * 2654435761) >>> 24);
    const disc = Float32Array.from({ length: width * height }, (_, i) => 1 / (1 + Math.exp(Math.hypot((i % width) - 20, Math.floor(i / width) - 14) - 4)));
    const guided = new GuidedMap();
    guided.fit(disc, picture, width, height, 1.5);
    const part = edgePart(guided, width, height)!;
    expect(part.width * part.height).toBeLessThan(width * height);
    const rows = Array.from({ length: part.height }, (_, y) => [...picture.subarray(4 * ((part.top + y) * width + part.left), 4 * ((part.top + y) * width + part.left + part.width))]);
    const whole = new Matte();
    whole.fit(guided, null, new Uint8ClampedArray(rows.flat()), width, height, part);
    expect(whole.alpha).toEqual(fitted(guided, picture, width, height).alpha);
    guided.fit(new Float32Array(width * height), picture, width, height, 1.5);
    expect(edgePart(guided, width, height)).toBeNull();
  });

  it("fills what was an edge before, and only that", () => {
    const picture = new Uint8ClampedArray(4 * width * height).map((_, i) => (i * 2654435761) >>> 24);
    const whole = new Matte();
    for (const shift of [20, 33, 20, 41]) {
      const moved = Float32Array.from({ length: width * height }, (_, i) => 1 / (1 + Math.exp(((i % width) - shift) / 1.5)));
      const guided = new GuidedMap();
      guided.fit(moved, picture, width, height, 1.5);
      whole.fit(guided, null, picture, width, height);
      expect(whole.alpha).toEqual(fitted(guided, picture, width, height).alpha);
    }
  });

  it("takes a frame of another size as the first", () => {
    const [guided, whole] = [new GuidedMap(), new Matte()];
    guided.fit(map, noisy(0), width, height, 1);
    whole.fit(guided, null, noisy(0), width, height);
    guided.fit(map, noisy(1), height, width, 1);
    whole.fit(guided, new Float32Array(width * height), noisy(1), height, width);
    expect(whole.alpha.some((value) => value > 0.9)).toBe(true);
  });
});

describe("SteadyMap", () => {
  const [width, height] = [16, 9];
  const options = { threshold: 0.5, hysteresis: 0, least: 0.1 };
  const wall = (value: number) => new Uint8ClampedArray(4 * width * height).fill(value);
  const filled = (value: number) => new Float32Array(width * height).fill(value);

  it("averages where nothing moves, and follows at once where something does", () => {
    const steady = new SteadyMap();
    steady.add(filled(0.4), wall(100), width, height, options);
    for (let frame = 0; frame < 30; frame++) steady.add(filled(0.4), wall(100), width, height, options);
    steady.add(filled(0.8), wall(100), width, height, options);
    expect(steady.alpha[70]).toBeLessThan(0.5);
    steady.add(filled(0.8), wall(180), width, height, options);
    expect(steady.alpha[70]).toBeCloseTo(0.8);
  });

  it("says which tiles the guided filter need not look through", () => {
    const [w, h] = [61, 43];
    const steady = new SteadyMap();
    let settled = 0;
    for (let time = 0; time < 4; time++) {
      const map = Float32Array.from({ length: w * h }, (_, i) => 1 / (1 + Math.exp(Math.hypot((i % w) - 28 - 4 * time, Math.floor(i / w) - 24) * 1.5 - 20)));
      const rgba = new Uint8ClampedArray(4 * w * h).map((_, i) => 255 * map[i >> 2]!);
      steady.add(map, rgba, w, h, { threshold: 0.5, hysteresis: 0.05, least: 0.2 });
      const [all, some] = [new GuidedMap(), new GuidedMap()];
      all.fit(steady.alpha, rgba, w, h, 1.7);
      some.fit(steady.alpha, rgba, w, h, 1.7, steady.tiles);
      expect(some.tiles).toEqual(all.tiles);
      expect(some.functions).toEqual(all.functions);
      settled = steady.tiles.filter((tile) => tile === LOW || tile === HIGH).length;
    }
    expect(settled).toBeGreaterThan(10);
  });

  it("asks the net's map again where the threshold is another", () => {
    const steady = new SteadyMap();
    for (let frame = 0; frame < 9; frame++) steady.add(filled(0.4), wall(100), width, height, options);
    expect(steady.share![70]).toBeLessThan(0.2);
    steady.add(filled(0.4), wall(100), width, height, { ...options, threshold: 0.4 });
    expect(steady.share).toBeNull();
    expect(steady.alpha[70]).toBeCloseTo(0.5);
  });

  it("begins anew for another size of the same area", () => {
    const steady = new SteadyMap();
    steady.add(filled(0.9), wall(100), width, height, options);
    steady.add(filled(0.1), wall(100), height, width, options);
    expect(steady.alpha[70]).toBeCloseTo(0.1);
  });

  it("keeps a pixel on its side of a two-sided threshold", () => {
    const steady = new SteadyMap();
    const two = { threshold: 0.5, hysteresis: 0.1, least: 1 };
    steady.add(filled(0.95), wall(100), width, height, two);
    steady.add(filled(0.45), wall(100), width, height, two);
    expect(steady.alpha[70]).toBeGreaterThan(0.5);
    steady.add(filled(0.3), wall(100), width, height, two);
    for (let frame = 0; frame < 3; frame++) steady.add(filled(0.3), wall(100), width, height, two);
    steady.add(filled(0.55), wall(100), width, height, two);
    expect(steady.alpha[70]).toBeLessThan(0.5);
  });

  it("shifts the edge to the threshold", () => {
    expect(shifted(0.3, 0.3)).toBeCloseTo(0.5);
    expect(shifted(0.5, 0.5)).toBeCloseTo(0.5);
    expect(shifted(1, 0.7)).toBeCloseTo(1);
    expect(shifted(0, 0.7)).toBe(0);
  });
});

describe("Sampler", () => {
  const picture = (width: number, height: number) => new Uint8ClampedArray(4 * width * height).map((_, i) => (i % 4 === 3 ? 255 : (i * 2654435761) >>> 24));
  const whole = { left: 0, top: 0, width: 1, height: 1 };

  it("gives a picture of the same size as it is", () => {
    const from = picture(9, 7);
    const into = new Uint8ClampedArray(from.length);
    new Sampler().fit(from, 9, 7, whole, into, 9, 7);
    expect(into).toEqual(from);
  });

  it.each([
    [20, 12, 16, 9],
    [9, 16, 7, 16],
  ])("of %i × %i is bilinear at %i × %i", (width, height, columns, rows) => {
    const from = picture(width, height);
    const into = new Uint8ClampedArray(4 * columns * rows);
    new Sampler().fit(from, width, height, whole, into, columns, rows);
    const at = (x: number, y: number, c: number) => from[4 * (Math.min(height - 1, y) * width + Math.min(width - 1, x)) + c]!;
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const [px, py] = [Math.max(0, ((x + 0.5) * width) / columns - 0.5), Math.max(0, ((y + 0.5) * height) / rows - 0.5)];
        const [fx, fy] = [Math.floor(px), Math.floor(py)];
        const [sx, sy] = [px - fx, py - fy];
        for (let c = 0; c < 3; c++) {
          const expected = (at(fx, fy, c) * (1 - sx) + at(fx + 1, fy, c) * sx) * (1 - sy) + (at(fx, fy + 1, c) * (1 - sx) + at(fx + 1, fy + 1, c) * sx) * sy;
          expect(Math.abs(into[4 * (y * columns + x) + c]! - expected)).toBeLessThan(4);
        }
        expect(into[4 * (y * columns + x) + 3]).toBe(255);
      }
    }
  });

  it("is black around the box", () => {
    const into = new Uint8ClampedArray(4 * 8 * 8);
    new Sampler().fit(picture(8, 4).fill(255), 8, 4, { left: 0, top: 0.25, width: 1, height: 0.5 }, into, 8, 8);
    const reds = Array.from({ length: 8 }, (_, y) => into[4 * 8 * y]);
    expect(reds).toEqual([0, 0, 255, 255, 255, 255, 0, 0]);
  });
});

describe("removeIslands", () => {
  it("takes faint regions away, fades those between, and keeps the sure ones", () => {
    const map = new Float32Array(20 * 20);
    const put = (x: number, y: number, value: number) => (map[y * 20 + x] = value);
    put(2, 2, 1);
    put(3, 3, 0.5); // touches it by a corner
    put(10, 10, 0.4);
    put(15, 15, 0.7);
    removeIslands(map, 20, 20);
    expect(map[2 * 20 + 2]).toBe(1);
    expect(map[3 * 20 + 3]).toBe(0.5);
    expect(map[10 * 20 + 10]).toBe(0);
    expect(map[15 * 20 + 15]).toBeCloseTo(0.35);
  });

  it("keeps whoever is alone, however faint", () => {
    const map = new Float32Array(100);
    map[55] = 0.25;
    removeIslands(map, 10, 10);
    expect(map[55]).toBe(0.25);
  });

  it.each([3, 5, 8, 11])("does what filling each region by itself does, on noise of seed %i", (seed) => {
    const [rows, columns] = [37, 53];
    const noise = random(rows * columns, seed * 7919);
    const map = Float32Array.from({ length: rows * columns }, (_, i) => noise[i]! ** 3);
    const expected = filled(map, rows, columns);
    expect(expected).not.toEqual(map);
    removeIslands(map, rows, columns);
    map.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
  });
});

/** The same by labelling from pixel to pixel. */
function filled(map: Float32Array, rows: number, columns: number): Float32Array {
  const labels = new Int32Array(map.length).fill(-1);
  const peaks: number[] = [];
  for (let start = 0; start < map.length; start++) {
    if (map[start]! < 0.2 || labels[start]! >= 0) continue;
    const open = [start];
    labels[start] = peaks.length;
    let peak = 0;
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      peak = Math.max(peak, map[at]!);
      const [x, y] = [at % columns, Math.floor(at / columns)];
      for (let ny = Math.max(0, y - 1); ny <= Math.min(rows - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(columns - 1, x + 1); nx++) {
          const next = ny * columns + nx;
          if (map[next]! < 0.2 || labels[next]! >= 0) continue;
          labels[next] = peaks.length;
          open.push(next);
        }
      }
    }
    peaks.push(peak);
  }
  const most = Math.max(...peaks);
  return map.map((value, i) => (labels[i]! < 0 ? value : value * Math.min(1, Math.max(0, (peaks[labels[i]!]! / most - 0.6) / 0.2))));
}

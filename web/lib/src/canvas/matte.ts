/** The matte at the frame's size: alpha by the fitted functions of colour, averaged over time as the map was. */

import { EDGE, GuidedMap, PERSON, TILE } from "./guided.ts";

/** Bilinear places in a small grid, for each pixel of a large one. */
export class Axis {
  readonly at: Int32Array;
  readonly share: Float32Array;

  /** @param spans how many of the small ones the large ones cover: the last may be half beyond. */
  constructor(large: number, small: number, stride: number, spans = small) {
    this.at = new Int32Array(large);
    this.share = new Float32Array(large);
    for (let i = 0; i < large; i++) {
      const where = Math.min(small - 1, Math.max(0, ((i + 0.5) * spans) / large - 0.5));
      const first = Math.max(0, Math.min(small - 2, Math.floor(where)));
      this.at[i] = first * stride;
      this.share[i] = small > 1 ? where - first : 0;
    }
  }
}

export class Matte {
  width = 0;
  height = 0;
  /** Alpha, 0 to 1, one float a pixel. */
  alpha = new Float32Array(0);
  /** What the map's tiles were when alpha was made: those that stay PERSON or BACKGROUND need no filling. */
  private kinds = new Uint8Array(0);
  private grids = new Grids(0, 0, new GuidedMap());

  /**
   * @param rgba the frame, width × height, or the part of it that holds all edges.
   * @param share of this frame in the average, for each pixel of the map; null where nothing came before.
   */
  fit(guided: GuidedMap, share: Float32Array | null, rgba: Uint8ClampedArray, width: number, height: number, part: Part = { left: 0, top: 0, width, height }): void {
    if (this.width !== width || this.height !== height || this.kinds.length !== guided.tiles.length) {
      [this.width, this.height] = [width, height];
      this.alpha = new Float32Array(width * height);
      this.kinds = new Uint8Array(guided.tiles.length).fill(EDGE);
      this.grids = new Grids(width, height, guided);
      share = null;
    }
    const { alpha, kinds } = this;
    const edge = new Edge(guided, share, this.grids);
    tiles(guided, width, height, (kind, left, top, right, bottom, tile) => {
      if (kind === EDGE) edge.fit(alpha, rgba, part, left, top, right, bottom);
      else if (kind !== kinds[tile]) for (let y = top; y < bottom; y++) alpha.fill(kind === PERSON ? 1 : 0, y * width + left, y * width + right);
      kinds[tile] = kind;
    });
  }
}

/** A rectangle of the frame, in pixels. */
export interface Part {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The part of the frame that all edges lie in; null where there are none. */
export function edgePart(guided: GuidedMap, width: number, height: number): Part | null {
  let [left, top, right, bottom] = [width, height, 0, 0];
  tiles(guided, width, height, (kind, ...sides) => {
    if (kind !== EDGE) return;
    left = Math.min(left, sides[0]);
    top = Math.min(top, sides[1]);
    right = Math.max(right, sides[2]);
    bottom = Math.max(bottom, sides[3]);
  }, true);
  return right > left && bottom > top ? { left, top, width: right - left, height: bottom - top } : null;
}

type Take = (kind: number, left: number, top: number, right: number, bottom: number, tile: number) => void;

/** The tiles of the map, as rectangles of the frame. With `joined`, those of one kind beside each other are one rectangle. */
export function tiles(guided: GuidedMap, width: number, height: number, take: Take, joined = false): void {
  const { rows, columns, tiles: kinds } = guided;
  const scaleX = width / guided.width;
  const scaleY = height / guided.height;
  const edgeOf = (index: number, size: number, scale: number, whole: number) => (index * TILE >= size ? whole : Math.min(whole, Math.round(index * TILE * scale)));
  for (let row = 0; row < rows; row++) {
    const top = edgeOf(row, guided.height, scaleY, height);
    const bottom = edgeOf(row + 1, guided.height, scaleY, height);
    for (let tile = row * columns, column = 0; column < columns; ) {
      const kind = kinds[tile]!;
      let after = column + 1;
      while (joined && after < columns && kinds[row * columns + after] === kind) after++;
      take(kind, edgeOf(column, guided.width, scaleX, width), top, edgeOf(after, guided.width, scaleX, width), bottom, tile);
      tile += after - column;
      column = after;
    }
  }
}

/** Where the frame's pixels lie between the cells of functions, and between the pixels of the map. */
class Grids {
  readonly cellX: Axis;
  readonly cellY: Axis;
  readonly mapX: Axis;
  readonly mapY: Axis;

  constructor(width: number, height: number, guided: GuidedMap) {
    this.cellX = new Axis(width, guided.across, 1, guided.width / 2);
    this.cellY = new Axis(height, guided.down, guided.across, guided.height / 2);
    this.mapX = new Axis(width, guided.width, 1);
    this.mapY = new Axis(height, guided.height, guided.width);
  }
}

class Edge {
  constructor(
    private readonly guided: GuidedMap,
    private readonly share: Float32Array | null,
    private readonly grids: Grids,
  ) {}

  fit(alpha: Float32Array, rgba: Uint8ClampedArray, part: Part, left: number, top: number, right: number, bottom: number): void {
    const { guided, share } = this;
    const { functions } = guided;
    const { cellX, cellY, mapX, mapY } = this.grids;
    const width = cellX.at.length;
    const beside = guided.across > 1 ? TERMS : 0;
    const below = guided.down > 1 ? TERMS * guided.across : 0;
    for (let y = top; y < bottom; y++) {
      const row = TERMS * cellY.at[y]!;
      const sy = cellY.share[y]!;
      for (let x = left; x < right; x++) {
        const sx = cellX.share[x]!;
        const a = row + TERMS * cellX.at[x]!;
        const b = a + beside;
        const c = a + below;
        const d = c + beside;
        const wd = sx * sy;
        const wb = sx - wd;
        const wc = sy - wd;
        const wa = 1 - sx - wc;
        const i = y * width + x;
        const pixel = 4 * ((y - part.top) * part.width + x - part.left);
        const red = rgba[pixel]!;
        const green = rgba[pixel + 1]!;
        const blue = rgba[pixel + 2]!;
        let fresh =
          wa * (functions[a]! * red + functions[a + 1]! * green + functions[a + 2]! * blue + functions[a + 3]!) +
          wb * (functions[b]! * red + functions[b + 1]! * green + functions[b + 2]! * blue + functions[b + 3]!) +
          wc * (functions[c]! * red + functions[c + 1]! * green + functions[c + 2]! * blue + functions[c + 3]!) +
          wd * (functions[d]! * red + functions[d + 1]! * green + functions[d + 2]! * blue + functions[d + 3]!);
        fresh = fresh < 0 ? 0 : fresh > 1 ? 1 : fresh;
        alpha[i] = share ? alpha[i]! + (fresh - alpha[i]!) * between(share, mapX, mapY, guided.width, x, y) : fresh;
      }
    }
  }
}

/** Numbers of a function of colour. */
const TERMS = 4;

/** The plane at a pixel of the frame, bilinear. */
function between(plane: Float32Array, across: Axis, down: Axis, width: number, x: number, y: number): number {
  const at = down.at[y]! + across.at[x]!;
  const [sx, sy] = [across.share[x]!, down.share[y]!];
  const beside = sx > 0 ? 1 : 0;
  const below = at + (sy > 0 ? width : 0);
  const upper = plane[at]! + (plane[at + beside]! - plane[at]!) * sx;
  const lower = plane[below]! + (plane[below + beside]! - plane[below]!) * sx;
  return upper + (lower - upper) * sy;
}

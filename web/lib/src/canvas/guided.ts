/**
 * The fast guided filter with colour guidance (He & Sun 2015, arXiv:1505.00996), on the CPU, only along the edge. Functions
 * are fitted for every second pixel of the map, each way, from all pixels: in cells of 2 × 2.
 */

import { NearTiles, TILE, type Spans } from "./spans.ts";
import { HIGH, LOW } from "./steady.ts";

/** Cells of a window on each side of its middle. */
const RADIUS = 1;
const WINDOWS = (2 * RADIUS + 1) ** 2;
const COUNT = 4 * WINDOWS;
/** Cells beside a tile whose functions are wanted too: the frame's pixels lie between them. */
const MARGIN = 1;
/** Pixels beyond a tile that its edge is looked for in. */
const REACH = 3;
const EPSILON = 1e-4;
/** How far the map must be from 0 or 1 for a pixel to lie on the edge. */
const FAINT = 0.02;
/** Numbers a cell: three colours, the map, six products of colours, three of a colour and the map. */
const MOMENTS = 13;
/** … and of a function of colour: three slopes and the constant. */
const TERMS = 4;

export const BACKGROUND = 0;
export const PERSON = 1;
export const EDGE = 2;
const ABOVE = 1;
const BELOW = 2;

export class GuidedMap {
  width = 0;
  height = 0;
  /** How many cells there are. */
  across = 0;
  down = 0;
  /** For each cell the function of colour (0 to 255) that gives alpha: red, green, blue, constant. */
  functions = new Float32Array(0);
  /** For each tile of 8 × 8 map pixels: BACKGROUND, PERSON or EDGE. */
  tiles = new Uint8Array(0);
  columns = 0;
  rows = 0;
  /** Sums over the columns of the window: of moments, and of functions before they are averaged. */
  private moments = new Float32Array(0);
  private terms = new Float32Array(0);
  private raw = new Float32Array(0);
  /** On which sides of the edge a row's pixels lie, in and near each column of tiles. */
  private sides = new Uint8Array(0);
  /** One row before it is summed. */
  private line = new Float32Array(0);

  /**
   * @param alpha the map, one float a pixel.
   * @param rgba the picture at the map's size.
   * @param steepness how much steeper than the map the edge is to be.
   * @param settled tiles of a steady map, which need not be looked through where they are all LOW or all HIGH.
   */
  fit(alpha: Float32Array, rgba: Uint8ClampedArray, width: number, height: number, steepness: number, settled: Uint8Array | null = null): void {
    this.take(width, height);
    this.classify(alpha, steepness, settled);
    const { functions, across, down } = this;
    const tiles = new NearTiles(this.tiles, EDGE, this.columns, this.rows, width);
    const near = (y: number, rows: number, columns: number) => tiles.at(2 * y, 2 * rows + 1, 2 * columns).map((x, index) => (x + (index & 1)) >> 1);
    for (let y = 0; y < down; y++) this.gather(alpha, rgba, y, near(y, 2 * RADIUS + MARGIN, RADIUS + MARGIN));
    sumDown(this.moments, MOMENTS, across, down, (y) => near(y, RADIUS + MARGIN, RADIUS + MARGIN), (sums, from, cell) => solve(sums, from, this.raw, TERMS * cell, steepness));
    for (let y = 0; y < down; y++) sumAcross(this.raw, TERMS * y * across, this.terms, TERMS * y * across, TERMS, across, near(y, RADIUS + MARGIN, MARGIN));
    sumDown(this.terms, TERMS, across, down, (y) => near(y, MARGIN, MARGIN), (sums, from, cell) => {
      for (let term = 0; term < TERMS; term++) functions[TERMS * cell + term] = sums[from + term]! / (term < 3 ? 255 * WINDOWS : WINDOWS);
    });
  }

  private take(width: number, height: number): void {
    if (this.width === width && this.height === height) return;
    this.width = width;
    this.height = height;
    this.columns = Math.ceil(width / TILE);
    this.rows = Math.ceil(height / TILE);
    this.tiles = new Uint8Array(this.columns * this.rows);
    this.sides = new Uint8Array(this.columns * height);
    this.across = (width + 1) >> 1;
    this.down = (height + 1) >> 1;
    const cells = this.across * this.down;
    this.moments = new Float32Array(MOMENTS * cells);
    for (const name of ["functions", "terms", "raw"] as const) this[name] = new Float32Array(TERMS * cells);
    this.line = new Float32Array(MOMENTS * this.across);
  }

  /** Sums of moments over the columns of the window, in one row of cells. */
  private gather(alpha: Float32Array, rgba: Uint8ClampedArray, y: number, spans: Spans): void {
    const { line, width, height, across } = this;
    const upper = 2 * y * width;
    const below = 2 * y + 1 < height ? width : 0;
    for (let span = 0; span < spans.length; span += 2) {
      const start = Math.max(0, spans[span]! - RADIUS);
      const end = Math.min(across, spans[span + 1]! + RADIUS);
      line.fill(0, MOMENTS * start, MOMENTS * end);
      for (let x = start, at = MOMENTS * start; x < end; x++, at += MOMENTS) {
        const left = upper + 2 * x;
        const right = 2 * x + 1 < width ? left + 1 : left;
        add(line, at, rgba, alpha, left);
        add(line, at, rgba, alpha, right);
        add(line, at, rgba, alpha, left + below);
        add(line, at, rgba, alpha, right + below);
      }
    }
    sumAcross(line, 0, this.moments, MOMENTS * y * across, MOMENTS, across, spans);
  }

  /** Marks the tiles: those on the edge have pixels on both sides of it, or few pixels beside them. */
  private classify(alpha: Float32Array, steepness: number, settled: Uint8Array | null): void {
    const { height, tiles, columns, rows, sides } = this;
    const low = Math.max(FAINT, 0.25 - 0.25 / steepness);
    sides.fill(0);
    for (let y = 0; y < height; y++) {
      for (let column = 0, at = y * columns, tile = (y >> 3) * columns; column < columns; column++, at++, tile++) {
        const whole = settled?.[tile];
        if (whole !== LOW && whole !== HIGH) this.lookAlong(alpha, y, column, low);
        else {
          const side = whole === HIGH ? ABOVE : BELOW;
          sides[at]! |= side;
          if (column > 0) sides[at - 1]! |= side;
          if (column + 1 < columns) sides[at + 1]! |= side;
        }
      }
    }
    for (let row = 0; row < rows; row++) {
      const [start, end] = [Math.max(0, row * TILE - REACH), Math.min(height, (row + 1) * TILE + REACH)];
      for (let column = 0; column < columns; column++) {
        let both = 0;
        for (let y = start; y < end; y++) both |= sides[y * columns + column]!;
        tiles[row * columns + column] = both === (ABOVE | BELOW) ? EDGE : both === ABOVE ? PERSON : BACKGROUND;
      }
    }
  }

  /** The sides of a tile's pixels in one row, for the tile and for those beside it that they are near to. */
  private lookAlong(alpha: Float32Array, y: number, column: number, low: number): void {
    const { width, columns, sides } = this;
    const at = y * columns + column;
    const left = column * TILE;
    const right = Math.min(width, left + TILE);
    for (let x = left, i = y * width + left; x < right; x++, i++) {
      const side = (alpha[i]! > low ? ABOVE : 0) | (alpha[i]! < 1 - low ? BELOW : 0);
      sides[at]! |= side;
      if (x - left < REACH && column > 0) sides[at - 1]! |= side;
      else if (x - left >= TILE - REACH && column + 1 < columns) sides[at + 1]! |= side;
    }
  }
}

/** Adds the moments of a pixel. */
function add(line: Float32Array, at: number, rgba: Uint8ClampedArray, alpha: Float32Array, pixel: number): void {
  const red = rgba[4 * pixel]! / 255;
  const green = rgba[4 * pixel + 1]! / 255;
  const blue = rgba[4 * pixel + 2]! / 255;
  const value = alpha[pixel]!;
  line[at]! += red;
  line[at + 1]! += green;
  line[at + 2]! += blue;
  line[at + 3]! += value;
  line[at + 4]! += red * red;
  line[at + 5]! += green * green;
  line[at + 6]! += blue * blue;
  line[at + 7]! += red * green;
  line[at + 8]! += red * blue;
  line[at + 9]! += green * blue;
  line[at + 10]! += red * value;
  line[at + 11]! += green * value;
  line[at + 12]! += blue * value;
}

/** Sums over 2 RADIUS + 1 neighbours in a row of `numbers` a cell; the row's ends are repeated. */
function sumAcross(source: Float32Array, from: number, into: Float32Array, to: number, numbers: number, width: number, spans: Spans): void {
  const last = numbers * (width - 1);
  for (let span = 0; span < spans.length; span += 2) {
    const [start, end] = [numbers * spans[span]!, numbers * spans[span + 1]!];
    for (let number = 0; number < numbers; number++) {
      let sum = 0;
      for (let step = -RADIUS; step <= RADIUS; step++) sum += source[from + number + Math.min(last, Math.max(0, start + numbers * step))]!;
      for (let at = start; at < end; at += numbers) {
        into[to + at + number] = sum;
        const enters = at + numbers * (RADIUS + 1);
        const leaves = at - numbers * RADIUS;
        sum += source[from + number + (enters < last ? enters : last)]! - source[from + number + (leaves > 0 ? leaves : 0)]!;
      }
    }
  }
}

/** Sums over 2 RADIUS + 1 rows, given to `use` for each cell of `spans`; the first and last row are repeated. */
function sumDown(source: Float32Array, numbers: number, width: number, height: number, spans: (y: number) => Spans, use: (sums: Float64Array, from: number, cell: number) => void): void {
  const sums = new Float64Array(numbers * width);
  /** The row after the one that a column's sums are of. */
  const next = new Int32Array(width).fill(-1);
  const row = (y: number) => numbers * width * Math.min(height - 1, Math.max(0, y));
  for (let y = 0; y < height; y++) {
    const here = spans(y);
    const [enters, leaves] = [row(y + RADIUS), row(y - RADIUS - 1)];
    for (let span = 0; span < here.length; span += 2) {
      for (let x = here[span]!; x < here[span + 1]!; x++) {
        const at = numbers * x;
        if (next[x] === y) for (let number = at; number < at + numbers; number++) sums[number]! += source[enters + number]! - source[leaves + number]!;
        else {
          sums.fill(0, at, at + numbers);
          for (let step = -RADIUS; step <= RADIUS; step++) for (let number = at, from = row(y + step); number < at + numbers; number++) sums[number]! += source[from + number]!;
        }
        next[x] = y + 1;
        use(sums, at, y * width + x);
      }
    }
  }
}

/** The function of colour (0 to 1) that fits the map best in a window, from its sums of moments. */
function solve(sums: Float64Array, from: number, into: Float32Array, to: number, steepness: number): void {
  const red = sums[from]! / COUNT;
  const green = sums[from + 1]! / COUNT;
  const blue = sums[from + 2]! / COUNT;
  const value = sums[from + 3]! / COUNT;
  const rr = sums[from + 4]! / COUNT - red * red + EPSILON;
  const gg = sums[from + 5]! / COUNT - green * green + EPSILON;
  const bb = sums[from + 6]! / COUNT - blue * blue + EPSILON;
  const rg = sums[from + 7]! / COUNT - red * green;
  const rb = sums[from + 8]! / COUNT - red * blue;
  const gb = sums[from + 9]! / COUNT - green * blue;
  const rv = sums[from + 10]! / COUNT - red * value;
  const gv = sums[from + 11]! / COUNT - green * value;
  const bv = sums[from + 12]! / COUNT - blue * value;
  // Rows of the inverse of the colours' covariance, but for its determinant.
  const irr = gg * bb - gb * gb;
  const irg = gb * rb - rg * bb;
  const irb = rg * gb - gg * rb;
  const igb = rg * rb - rr * gb;
  const scale = steepness / (rr * irr + rg * irg + rb * irb);
  const slopeRed = scale * (irr * rv + irg * gv + irb * bv);
  const slopeGreen = scale * (irg * rv + (rr * bb - rb * rb) * gv + igb * bv);
  const slopeBlue = scale * (irb * rv + igb * gv + (rr * gg - rg * rg) * bv);
  into[to] = slopeRed;
  into[to + 1] = slopeGreen;
  into[to + 2] = slopeBlue;
  into[to + 3] = (value - 0.5) * steepness + 0.5 - slopeRed * red - slopeGreen * green - slopeBlue * blue;
}

export { TILE };

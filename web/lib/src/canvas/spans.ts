/** The parts of each row of a map that lie near tiles of one kind: work is done there, and nowhere else. */

export const TILE = 8;

/** Ends of the parts of a row, in pixels: [start, end, start, end, …], apart from each other and in order. */
export type Spans = readonly number[];

export class NearTiles {
  private readonly known = new Map<number, Spans>();

  constructor(
    private readonly tiles: Uint8Array,
    private readonly kind: number,
    private readonly columns: number,
    private readonly rows: number,
    private readonly width: number,
  ) {}

  /** Of row `y` of the map, the pixels that lie at most `down` rows and `across` columns from such a tile. */
  at(y: number, down: number, across: number): Spans {
    const first = Math.max(0, (y - down) >> 3);
    const last = Math.min(this.rows - 1, (y + down) >> 3);
    const key = (first * this.rows + last) * (this.width + 1) + across;
    let found = this.known.get(key);
    if (!found) this.known.set(key, (found = this.find(first, last, across)));
    return found;
  }

  private find(first: number, last: number, across: number): Spans {
    const spans: number[] = [];
    for (let column = 0; column < this.columns; column++) {
      let here = false;
      for (let row = first; row <= last && !here; row++) here = this.tiles[row * this.columns + column] === this.kind;
      if (!here) continue;
      const start = Math.max(0, column * TILE - across);
      const end = Math.min(this.width, (column + 1) * TILE + across);
      if (spans.length && start <= spans[spans.length - 1]!) spans[spans.length - 1] = end;
      else spans.push(start, end);
    }
    return spans;
  }
}

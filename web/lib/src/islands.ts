/** Faint islands of a map go away: signs, bags and bystanders that a net half believes in. As `clean` of the Python package does. */

export const LEAST = 0.2;
/** Share of the map's peak below which a region goes, and above which it stays; it fades between them. */
export const GOES = 0.6;
export const STAYS = 0.8;

/** Runs of likely pixels in rows: where each begins and ends, the run that it points to, and the peak of a region at its root. */
let starts = new Int32Array(0);
let ends = new Int32Array(0);
let roots = new Int32Array(0);
let peaks = new Float32Array(0);

/** @param map probability, one float a pixel; changed in place. The surest region always stays, however faint. */
export function removeIslands(map: Float32Array, rows: number, columns: number): void {
  const room = rows * ((columns + 1) >> 1);
  if (starts.length < room) [starts, ends, roots, peaks] = [new Int32Array(room), new Int32Array(room), new Int32Array(room), new Float32Array(room)];
  let count = 0;
  for (let y = 0, above = 0, here = 0; y < rows; y++, above = here, here = count) {
    count = findRuns(map, y * columns, columns, count);
    joinRows(above, here, count, columns);
  }
  let most = 0;
  let regions = 0;
  for (let run = 0; run < count; run++) {
    const root = rootOf(run);
    if (root === run) regions++;
    else peaks[root] = Math.max(peaks[root]!, peaks[run]!);
    most = Math.max(most, peaks[run]!);
  }
  if (regions < 2) return;
  for (let run = 0; run < count; run++) {
    const keeps = (peaks[rootOf(run)]! / most - GOES) / (STAYS - GOES);
    if (keeps < 1) for (let i = starts[run]!; i < ends[run]!; i++) map[i]! *= Math.max(0, keeps);
  }
}

/** Adds the runs of a row. @returns how many there are then. */
function findRuns(map: Float32Array, row: number, columns: number, count: number): number {
  const end = row + columns;
  for (let i = row; i < end; i++) {
    if (!(map[i]! >= LEAST)) continue;
    starts[count] = i;
    let peak = map[i]!;
    for (i++; i < end && map[i]! >= LEAST; i++) if (map[i]! > peak) peak = map[i]!;
    ends[count] = i;
    peaks[count] = peak;
    roots[count] = count++;
  }
  return count;
}

/** Runs of a row belong to those above that they touch, by corners too. */
function joinRows(above: number, here: number, count: number, columns: number): void {
  for (let upper = above, lower = here; upper < here && lower < count; ) {
    const [start, end] = [starts[upper]! + columns, ends[upper]! + columns];
    if (start <= ends[lower]! && starts[lower]! <= end) {
      const [a, b] = [rootOf(upper), rootOf(lower)];
      roots[Math.max(a, b)] = Math.min(a, b);
    }
    if (end < ends[lower]!) upper++;
    else lower++;
  }
}

function rootOf(run: number): number {
  while (roots[run] !== run) run = roots[run] = roots[roots[run]!]!;
  return run;
}

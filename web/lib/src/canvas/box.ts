/** Box means over planes of floats, in one pass each way, borders repeated. */

/**
 * Mean over the (2 radius + 1)² window around each pixel.
 *
 * @param source,into planes of width × height; may be the same.
 * @param scratch a plane of at least the same size.
 */
export function boxMean(source: Float32Array, into: Float32Array, scratch: Float32Array, width: number, height: number, radius: number): void {
  const scale = 1 / (2 * radius + 1);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    const last = row + width - 1;
    let sum = source[row]! * (radius + 1);
    for (let x = 1; x <= radius; x++) sum += source[Math.min(row + x, last)]!;
    for (let x = 0; x < width; x++) {
      scratch[row + x] = sum * scale;
      const enters = row + x + radius + 1;
      const leaves = row + x - radius;
      sum += source[enters < last ? enters : last]! - source[leaves > row ? leaves : row]!;
    }
  }
  const sums = columnSums(width);
  const bottom = (height - 1) * width;
  for (let x = 0; x < width; x++) sums[x] = scratch[x]! * (radius + 1);
  for (let y = 1; y <= radius; y++) {
    const row = Math.min(y * width, bottom);
    for (let x = 0; x < width; x++) sums[x]! += scratch[row + x]!;
  }
  for (let y = 0; y < height; y++) {
    const row = y * width;
    const enters = Math.min((y + radius + 1) * width, bottom);
    const leaves = Math.max((y - radius) * width, 0);
    for (let x = 0; x < width; x++) {
      into[row + x] = sums[x]! * scale;
      sums[x]! += scratch[enters + x]! - scratch[leaves + x]!;
    }
  }
}

/** A Gaussian by three box means (Wells 1986); below a third of a pixel nothing changes. */
export function gaussian(plane: Float32Array, scratch: Float32Array, width: number, height: number, sigma: number): void {
  if (sigma < 0.34) return;
  for (const radius of boxRadii(sigma)) if (radius > 0) boxMean(plane, plane, scratch, width, height, radius);
}

/** Radii of three boxes whose variances add up to nearly sigma². */
export function boxRadii(sigma: number): [number, number, number] {
  const ideal = Math.sqrt(4 * sigma * sigma + 1);
  let below = Math.floor(ideal);
  if (below % 2 === 0) below--;
  const small = Math.round((12 * sigma * sigma - 3 * below * below - 12 * below - 9) / (-4 * below - 4));
  const radius = (index: number) => ((index < small ? below : below + 2) - 1) / 2;
  return [radius(0), radius(1), radius(2)];
}

let columns = new Float64Array(0);

function columnSums(width: number): Float64Array {
  if (columns.length < width) columns = new Float64Array(width);
  return columns;
}

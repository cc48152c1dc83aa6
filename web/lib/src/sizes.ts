/** Other input sizes of a net: for wide and for tall frames, which its own size would squash. */

import type { Model } from "./assets.ts";
import type { Card } from "./card.ts";

/** As tools/make_web_sizes.py writes it: numbers of the model's file, by place and value, that change with the size. */
export interface SizesFile {
  sha256: string;
  sizes: { size: readonly [number, number]; numbers: readonly number[] }[];
}

/** Frames this much longer than high, or higher than long, are seen by a net of their own proportions. */
const ELONGATED = 1.6;

/** What lies beside a shipped model; null where it is not of that file, or cannot be had: the net then has its own size. */
export async function loadSizes(card: URL, { sha256 }: Card): Promise<SizesFile | null> {
  try {
    const response = await fetch(new URL(card.pathname.replace(/\.json$/, ".sizes.json"), card));
    const found = (await response.json()) as SizesFile;
    return found.sha256 === sha256 ? found : null;
  } catch {
    return null;
  }
}

/** The size (height, width) that a net has for frames of width × height; null for its own. */
export function sizeFor(sizes: SizesFile | null, width: number, height: number): SizesFile["sizes"][number] | null {
  const shape = width >= ELONGATED * height ? 1 : height >= ELONGATED * width ? -1 : 0;
  return (shape && sizes?.sizes.find(({ size }) => Math.sign(size[1] - size[0]) === shape)) || null;
}

/** The same net for another size. */
export function resized(model: Model, { size, numbers }: SizesFile["sizes"][number]): Model {
  const weights = model.weights.slice();
  const view = new DataView(weights.buffer);
  for (let at = 0; at < numbers.length; at += 2) view.setInt32(numbers[at]!, numbers[at + 1]!, true);
  const card = { ...model.card, input: { ...model.card.input, size } };
  return { ...model, card, weights, files: new Map([[card.file, weights]]), sizes: null };
}

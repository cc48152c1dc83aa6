/** Other input sizes of a net: for wide and for tall frames, which its own size would squash. */

import type { Model } from "./assets.ts";
import type { Card } from "./card.ts";
import { withInputSize, type Size } from "./onnx_size.ts";

/** As tools/make_web_sizes.py writes it: numbers of a .tflite file, by place and value, that change with the size. */
export interface SizesFile {
  sha256: string;
  sizes: { size: Size; numbers: readonly number[] }[];
}

/** How much longer than the frame a size may be: of .onnx files as limner/segment/proportions.py has it, of .tflite files so that 16:10 takes theirs of 16:9. */
const TOLERANCE = { onnx: 1.06, tflite: 1.1112, tfjs: 0 };

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

/** The size (height, width) that a net has for frames of width × height: the longest one of their orientation that is no longer than they are; null for its own. */
export function sizeFor({ format, card, sizes }: Pick<Model, "format" | "card" | "sizes">, width: number, height: number): Size | null {
  const all = format === "onnx" ? card.input.otherSizes : (sizes?.sizes.map(({ size }) => size) ?? []);
  const most = TOLERANCE[format] * length([height, width]);
  const fitting = all.filter((size) => size[1] > size[0] === width > height && length(size) <= most);
  return fitting.sort((one, other) => length(other) - length(one))[0] ?? null;
}

/** The same net for another of its sizes. @throws Error: it cannot have it. */
export function resized(model: Model, size: Size): Model {
  const weights = model.format === "onnx" ? withInputSize(model.weights, model.card.input.size, size) : replaced(model.weights, model.sizes!.sizes.find((one) => one.size === size)!.numbers);
  const card = { ...model.card, input: { ...model.card.input, size, otherSizes: [] } };
  return { ...model, card, weights, files: new Map([[card.file, weights]]), sizes: null };
}

function replaced(model: Uint8Array<ArrayBuffer>, numbers: readonly number[]): Uint8Array<ArrayBuffer> {
  const weights = model.slice();
  const view = new DataView(weights.buffer);
  for (let at = 0; at < numbers.length; at += 2) view.setInt32(numbers[at]!, numbers[at + 1]!, true);
  return weights;
}

/** The longer side by the shorter one. */
function length([height, width]: Size): number {
  return Math.max(height / width, width / height);
}

/** Other input sizes of a net: for wide and for tall frames, which its own size would squash. */

import type { Model } from "./assets.ts";
import type { Card } from "./card.ts";
import { withInputSize, type Size } from "./onnx_size.ts";

/** As tools/make_web_sizes.py writes it: numbers of a .tflite file, by place and value, that change with the size. */
export interface SizesFile {
  sha256: string;
  sizes: { size: Size; numbers: readonly number[] }[];
}

/** How much longer than the frame a size may be: as limner/segment/proportions.py has it, and of .tflite files so that 16:10 takes theirs of 16:9. */
const TOLERANCE = { onnx: 1.06, tflite: 1.1112, tfjs: 1.06 };

/**
 * What lies beside a shipped model; null where it is not of that file, or cannot be had: the net then has its own size.
 *
 * @param kind "sizes" for wide and tall frames, "squares" for measurements.
 */
export async function loadSizes(card: URL, { sha256 }: Card, kind: "sizes" | "squares"): Promise<SizesFile | null> {
  try {
    const response = await fetch(new URL(card.pathname.replace(/json$/, `${kind}.json`), card));
    const found = (await response.json()) as SizesFile;
    return found.sha256 === sha256 ? found : null;
  } catch {
    return null;
  }
}

/** The size (height, width) that a net has for frames of width × height: the longest one of their orientation that is no longer than they are; null for its own. */
export function sizeFor({ format, card, sizes }: Pick<Model, "format" | "card" | "sizes">, width: number, height: number): Size | null {
  const all = format === "tflite" ? (sizes?.sizes.map(({ size }) => size) ?? []) : card.input.otherSizes;
  const most = TOLERANCE[format] * length([height, width]);
  const fitting = all.filter((size) => size[1] > size[0] === width > height && length(size) <= most);
  return fitting.sort((one, other) => length(other) - length(one))[0] ?? null;
}

/** The same net for another of its sizes. @throws Error: it cannot have it. */
export async function resized(model: Model, size: Size): Promise<Model> {
  const card = { ...model.card, input: { ...model.card.input, size, otherSizes: [] } };
  const files = await sizedFiles(model, size);
  return { ...model, card, weights: [...files.values()][0]!, files, sizes: null };
}

/** The model's files, the main one first. */
async function sizedFiles({ format, card, weights, files, sizes }: Model, size: Size): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const { size: own } = card.input;
  if (format === "tfjs") return (await import("./graph_size.ts")).withGraphSize(files, own, size);
  if (format === "onnx") return new Map([[card.file, withInputSize(weights, own, size)]]);
  const change = sizes?.sizes.find((one) => String(one.size) === String(size));
  if (!change) throw new Error(`${card.file} has no size ${size[1]}×${size[0]}`);
  return new Map([[card.file, replaced(weights, change.numbers)]]);
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

/**
 * Gives a graph model of TensorFlow.js another input size. The sizes of its enlargements, and the shapes that it turns maps
 * into, are constants among its weights; they scale with the input. All other weights are copied as they are.
 */

import { bytesOf, joined, type Weight } from "./graph_weights.ts";
import type { Size } from "./onnx_size.ts";

type Bytes = Uint8Array<ArrayBuffer>;

interface Dim {
  size: string | number;
}

interface Shape {
  dim?: Dim[];
}

interface Graph {
  modelTopology: { node: { op: string; name: string; input?: string[]; attr?: { shape?: { shape?: Shape } } }[] };
  signature?: Record<"inputs" | "outputs", Record<string, { tensorShape?: Shape }> | undefined>;
  weightsManifest: { paths: string[]; weights: Weight[] }[];
}

/** How often a net halves its input at most. */
const HALVINGS = 6;
/** Which operators take a size or a shape, as their second input. */
const SIZED = /^(ResizeBilinear|ResizeNearestNeighbor|Reshape)$/;

/**
 * The files of the same net for an input of another size.
 *
 * @param files model.json, first, and the weights that it names, by name; left as they are.
 * @param from,to height and width of the net's input, before and after.
 * @throws Error: an enlargement of the net has no whole size there, or does not follow the input.
 */
export function withGraphSize(files: ReadonlyMap<string, Bytes>, from: Size, to: Size): Map<string, Bytes> {
  const [[main, text]] = files as unknown as [[string, Bytes]];
  const graph = JSON.parse(new TextDecoder().decode(text)) as Graph;
  const levels = Array.from({ length: HALVINGS + 1 }, (_, level) => from.map((side) => side / 2 ** level)).filter((sides) => sides.every((side) => Number.isInteger(side) && side > 1));
  /** Height and width at `axis` and the next one, where they are those of the input, halved or not. */
  const scale = (sides: number[], axis: number) => {
    if (!levels.some(([height, width]) => sides[axis] === height && sides[axis + 1] === width)) return false;
    for (const [index, along] of [[axis, 0], [axis + 1, 1]] as const) {
      sides[index] = (sides[index]! * to[along]!) / from[along]!;
      if (!Number.isInteger(sides[index])) throw new Error("the net has no whole sizes there");
    }
    return true;
  };
  const { node: nodes } = graph.modelTopology;
  for (const { attr } of nodes) reshape(attr?.shape?.shape, scale);
  for (const kind of ["inputs", "outputs"] as const) for (const { tensorShape } of Object.values(graph.signature?.[kind] ?? {})) reshape(tensorShape, scale);
  const sized = new Map(nodes.flatMap(({ op, input }) => (SIZED.test(op) && input?.[1] ? [[input[1], op]] : [])));
  const made = new Map(files);
  for (const { paths, weights } of graph.weightsManifest) {
    const data = joined(paths.map((path) => files.get(path)!));
    const view = new DataView(data.buffer);
    let at = 0;
    for (const weight of weights) {
      const op = sized.get(weight.name);
      const count = weight.shape.reduce((product, side) => product * side, 1);
      if (op) {
        const numbers = Array.from({ length: count }, (_, index) => view.getInt32(at + 4 * index, true));
        const follows = scale(numbers, op === "Reshape" ? 1 : 0);
        if (weight.dtype !== "int32" || (!follows && op !== "Reshape")) throw new Error(`${weight.name} does not follow the input`);
        numbers.forEach((number, index) => view.setInt32(at + 4 * index, number, true));
      }
      at += count * bytesOf(weight)!;
    }
    let start = 0;
    for (const path of paths) made.set(path, data.slice(start, (start += files.get(path)!.length)));
  }
  return made.set(main, new TextEncoder().encode(JSON.stringify(graph)));
}

function reshape(shape: Shape | undefined, scale: (sides: number[], axis: number) => boolean): void {
  if (shape?.dim?.length !== 4) return;
  const sides = shape.dim.map(({ size }) => Number(size));
  if (scale(sides, 1)) shape.dim = sides.map((size) => ({ size: String(size) }));
}

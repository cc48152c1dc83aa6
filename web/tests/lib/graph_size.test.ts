/** Graph models of TensorFlow.js at other sizes: they give what the .onnx net gives at that size. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import "@tensorflow/tfjs-backend-cpu";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import { io, setBackend, tensor, type Tensor } from "@tensorflow/tfjs-core";
import * as ort from "onnxruntime-web/wasm";
import { beforeAll, describe, expect, it } from "vitest";
import type { Model } from "../../lib/src/assets.ts";
import { parseCard } from "../../lib/src/card.ts";
import { withGraphSize } from "../../lib/src/graph_size.ts";
import type { Size } from "../../lib/src/onnx_size.ts";
import { readGraph } from "../../lib/src/runtimes/tfjs_graph.ts";
import { resized, sizeFor } from "../../lib/src/sizes.ts";

const SRC = join(import.meta.dirname, "../../../src/limner");

type Format = "onnx" | "tfjs";

function shipped(name: string, format: Format): Model {
  const folder = join(SRC, { onnx: "models", tfjs: "web/models/tfjs" }[format]);
  const card = parseCard(readFileSync(join(folder, `${name}.json`), "utf8"), name);
  const read = (path: string) => new Uint8Array(readFileSync(join(folder, path)));
  const paths = format === "onnx" ? { [card.file]: card.file } : Object.fromEntries(["model.json", "group1-shard1of1.bin"].map((path) => [path, `${card.file}/${path}`]));
  const files = new Map(Object.entries(paths).map(([key, path]) => [key, read(path)]));
  return { card, weights: [...files.values()][0]!, files, format, sizes: null };
}

/** A picture with something in it: waves, and a disc of another colour. (H, W, 3) in [0, 1]. */
function picture([rows, columns]: Size): Float32Array {
  return Float32Array.from({ length: rows * columns * 3 }, (_, index) => {
    const [y, x, channel] = [Math.floor(index / 3 / columns) / rows, (Math.floor(index / 3) % columns) / columns, index % 3];
    return (x - 0.5) ** 2 + (y - 0.6) ** 2 < 0.08 ? [0.8, 0.6, 0.5][channel]! : 0.5 + 0.4 * Math.sin(9 * x + 5 * y + channel);
  });
}

/** Of tfjs; the logits, and the shape that they have. */
async function byTensorflow(model: Model, values: Float32Array, previous: Float32Array): Promise<{ shape: number[]; values: Float32Array }> {
  const { input, output, state } = model.card;
  const graph = readGraph(model);
  const net = await loadGraphModel(io.fromMemory(graph.artifacts));
  const feeds = { [graph.node("inputs", input.name)]: tensor(values, [1, ...input.size, 3]), ...(state && { [graph.node("inputs", state.input)]: tensor(previous, [1, ...input.size, 1]) }) };
  const made = net.execute(feeds, graph.node("outputs", output.name)) as Tensor;
  return { shape: made.shape, values: (await made.data()) as Float32Array };
}

/** Of ONNX Runtime; the probabilities. */
async function byOnnx(model: Model, values: Float32Array, previous: Float32Array): Promise<Float32Array> {
  const { input, output } = model.card;
  const area = input.size[0] * input.size[1];
  const planes = Float32Array.from({ length: area * input.channels }, (_, index) => (index < 3 * area ? values[3 * (index % area) + Math.floor(index / area)]! : previous[index - 3 * area]!));
  const session = await ort.InferenceSession.create(model.weights, { executionProviders: ["wasm"] });
  const { [output.name]: map } = await session.run({ [input.name]: new ort.Tensor("float32", planes, [1, input.channels, ...input.size]) });
  await session.release();
  return map!.data as Float32Array;
}

beforeAll(async () => {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  await setBackend("cpu");
});

describe("a graph model", () => {
  // "fast" is compared in a browser, tests/web/test_runtimes.py.
  it.each([
    ["tiny", [240, 128]],
    ["video", [208, 320]],
  ] as const)("%s at %j gives what the .onnx file gives", async (name, size) => {
    const [graph, onnx] = await Promise.all([resized(shipped(name, "tfjs"), size), resized(shipped(name, "onnx"), size)]);
    expect(graph.card.input.size).toEqual(size);
    const seen = picture(size);
    const previous = seen.filter((_, index) => index % 3 === 0);
    const { shape, values } = await byTensorflow(graph, seen, previous);
    const expected = await byOnnx(onnx, seen, previous);
    expect(shape).toEqual([1, ...size, 1]);
    // Logits from -15 to 15, where a probability still tells them.
    const pairs = Array.from(values, (logit, index) => [logit, Math.log(expected[index]! / (1 - expected[index]!))].map((each) => Math.max(-15, Math.min(15, each))) as [number, number]);
    const mean = (of: (pair: [number, number]) => number) => pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
    const middle = mean(([, wanted]) => wanted);
    const spread = Math.sqrt(mean(([, wanted]) => (wanted - middle) ** 2));
    expect(spread).toBeGreaterThan(0.3); // else it would show nothing
    expect(mean(([got, wanted]) => Math.abs(got - wanted))).toBeLessThan(0.05 * spread);
  });

  it.each(["fast", "tiny", "video"])("%s keeps all but sizes, is left as it is, and comes back", (name) => {
    const { files, card } = shipped(name, "tfjs");
    const before = new Map([...files].map(([path, file]) => [path, file.slice()]));
    const apart = (one: Uint8Array, other: Uint8Array) => one.filter((byte, at) => byte !== other[at]).length;
    for (const size of card.input.otherSizes) {
      const sized = withGraphSize(files, card.input.size, size);
      expect([...sized.keys()]).toEqual([...files.keys()]);
      for (const [path, file] of files) expect(apart(file, before.get(path)!)).toBe(0);
      const weights = sized.get("group1-shard1of1.bin")!;
      expect(weights.length).toBe(files.get("group1-shard1of1.bin")!.length);
      expect(apart(weights, files.get("group1-shard1of1.bin")!)).toBeLessThan(40);
      const back = withGraphSize(sized, size, card.input.size);
      expect(JSON.parse(new TextDecoder().decode(back.get("model.json")))).toEqual(JSON.parse(new TextDecoder().decode(files.get("model.json"))));
      expect(apart(back.get("group1-shard1of1.bin")!, files.get("group1-shard1of1.bin")!)).toBe(0);
    }
  });

  it("has for wide and tall frames the sizes that the .onnx file has", () => {
    for (const [width, height] of [[1920, 1080], [640, 480], [600, 600], [720, 1280]] as const) expect(sizeFor(shipped("fast", "tfjs"), width, height)).toEqual(sizeFor(shipped("fast", "onnx"), width, height));
    expect(sizeFor(shipped("fast", "tfjs"), 1920, 1080)).toEqual([192, 336]);
  });

  it("that has no whole size there is an error", () => {
    const { files, card } = shipped("fast", "tfjs");
    expect(() => withGraphSize(files, card.input.size, [200, 330])).toThrow("no whole size");
  });
});
